//! The process-wide engine: settings that Wasmtime's C API has no setter for.

use crate::{boxed_error, inner, wasm_byte_vec_t, wasm_engine_t, wasmtime_error_t, wasmtime_module_t, writes};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, Module, OptLevel, PoolingAllocationConfig, RegallocAlgorithm,
};

/// Sizes of the pools that instances are made from. Fixed for the life of the process.
#[repr(C)]
pub struct mayfly_engine_config_t {
    /// Invocations that can be alive at once: memories, tables, core instances and stacks are sized from it.
    pub slots: u32,
    /// Bytes of a guest's own stack, host functions included.
    pub stack_bytes: usize,
    /// Bytes of that stack which Wasm frames may use.
    pub wasm_stack_bytes: usize,
    /// Table elements that one table may have.
    pub table_elements: usize,
    /// Bytes of a memory that are reset in place instead of being given back to the kernel.
    pub keep_resident_bytes: usize,
    /// Largest memory image that is mapped copy-on-write, in bytes.
    pub image_bytes: u64,
    /// Mappings that instances which are put back to how they began may take together, in all engines:
    /// mayfly_instance_rewind().
    pub rewinding_mappings: u32,
    /// Whether it runs components that use asynchronous functions, which costs every store of it 1 300 instructions.
    pub concurrent: bool,
}

/// Makes an engine. Returns an error when the pools do not fit into the address space.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_engine_new(
    config: &mayfly_engine_config_t,
    engine: &mut *mut wasm_engine_t,
) -> Option<Box<wasmtime_error_t>> {
    match new_engine(config) {
        Ok(made) => {
            const { assert!(size_of::<wasm_engine_t>() == size_of::<Engine>()) };
            *engine = Box::into_raw(Box::new(made)).cast::<wasm_engine_t>();
            None
        }
        Err(error) => boxed_error(error),
    }
}

/// Compiling uses every core, but stays behind the event loops; optimising what already runs, behind that again.
const COMPILING_NICENESS: i32 = 10;
const OPTIMISING_NICENESS: i32 = 19;

fn compiling_threads(name: &'static str, niceness: i32) -> ThreadPoolBuilder {
    ThreadPoolBuilder::new().thread_name(move |i| format!("{name}-{i}")).start_handler(move |_| {
        // On Linux this is of the calling thread alone; a refusal is no harm.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, niceness) };
    })
}

fn optimising_threads() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    POOL.get_or_init(|| compiling_threads("optimise", OPTIMISING_NICENESS).build().ok()).as_ref()
}

/// Of one invocation, on average: an imported memory is an instance of its own, a component has four or five with its
/// adapters, and a rewinder. A count alone; nothing is reserved for it.
const CORE_INSTANCES: u32 = 6;
/// Of one invocation: a component has one more for its adapters.
const TABLES: u32 = 2;

fn new_engine(config: &mayfly_engine_config_t) -> wasmtime::Result<Engine> {
    // Fails when an engine before this one has done it.
    let _ = compiling_threads("compile", COMPILING_NICENESS).build_global();
    writes::limit_mappings(config.rewinding_mappings as usize);
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(config.slots.saturating_mul(CORE_INSTANCES))
        .total_component_instances(config.slots)
        .total_memories(config.slots)
        .total_tables(config.slots.saturating_mul(TABLES))
        .total_stacks(config.slots)
        .total_gc_heaps(config.slots.min(1000))
        .max_memory_size(1 << 32)
        .table_elements(config.table_elements)
        .max_unused_warm_slots(config.slots.min(1000))
        .linear_memory_keep_resident(config.keep_resident_bytes)
        .table_keep_resident(config.keep_resident_bytes)
        .async_stack_keep_resident(config.keep_resident_bytes)
        .pagemap_scan(Enabled::Auto);
    let mut engine = common_settings(config.image_bytes, config.concurrent);
    engine
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .cranelift_opt_level(OptLevel::Speed)
        .async_stack_size(config.stack_bytes)
        .max_wasm_stack(config.wasm_stack_bytes);
    Engine::new(&engine)
}

/// What code depends on.
fn common_settings(image_bytes: u64, concurrent: bool) -> Config {
    let mut engine = Config::new();
    engine
        .epoch_interruption(true)
        .memory_init_cow(true)
        .memory_guaranteed_dense_image_size(image_bytes)
        .wasm_threads(false) // a shared memory outlives its limits
        .wasm_exceptions(true)
        .wasm_function_references(true)
        .wasm_gc(true)
        .wasm_component_model(true)
        .wasm_component_model_async(concurrent)
        .concurrency_support(concurrent);
    engine
}

/// An engine that compiles fast, for code that runs about half as fast: without optimising, with registers given out in
/// one pass. What it makes loads into an engine of the same `image_bytes` and `concurrent`.
pub(crate) fn baseline_compiler(image_bytes: u64, concurrent: bool) -> wasmtime::Result<Engine> {
    let mut settings = common_settings(image_bytes, concurrent);
    settings.cranelift_opt_level(OptLevel::None).cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    Engine::new(&settings)
}

/// Compiles on threads that stay behind every other compilation.
pub(crate) fn compile_behind<T: Send>(compile: impl FnOnce() -> T + Send) -> T {
    match optimising_threads() {
        Some(threads) => threads.install(compile),
        None => compile(),
    }
}

/// Compiles a binary module with the baseline compiler. `code` is what `wasmtime_module_deserialize` takes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_compile_baseline(
    image_bytes: u64,
    module: *const u8,
    module_length: usize,
    code: &mut wasm_byte_vec_t,
) -> Option<Box<wasmtime_error_t>> {
    let module = unsafe { std::slice::from_raw_parts(module, module_length) };
    match baseline_compiler(image_bytes, false).and_then(|compiler| compiler.precompile_module(module)) {
        Ok(compiled) => {
            code.set_buffer(compiled);
            None
        }
        Err(error) => boxed_error(error),
    }
}

/// As `wasmtime_module_new`, on threads that stay behind every other compilation: nobody waits for this module.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_module_new_behind(
    engine: &wasm_engine_t,
    module: *const u8,
    module_length: usize,
    out: &mut *mut wasmtime_module_t,
) -> Option<Box<wasmtime_error_t>> {
    let engine = inner!(engine, wasm_engine_t => Engine);
    let module = unsafe { std::slice::from_raw_parts(module, module_length) };
    match compile_behind(|| Module::from_binary(engine, module)) {
        Ok(made) => {
            const { assert!(size_of::<wasmtime_module_t>() == size_of::<Module>()) };
            *out = Box::into_raw(Box::new(made)).cast::<wasmtime_module_t>();
            None
        }
        Err(error) => boxed_error(error),
    }
}

/// Whether memories are reset by scanning for dirty pages (Linux 6.7 and newer).
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_pagemap_scan_available() -> bool {
    PoolingAllocationConfig::is_pagemap_scan_available()
}

/// Another number whenever something else is added to modules and components than before: expose.rs, component/rewinder.rs, component/plain.
const ADDED: u32 = 5;

/// A text that differs whenever code compiled by this engine could differ: version, settings, what is added.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_engine_fingerprint(engine: &wasm_engine_t, out: &mut wasm_byte_vec_t) {
    let engine = inner!(engine, wasm_engine_t => Engine);
    let mut hasher = DefaultHasher::new();
    (engine.precompile_compatibility_hash(), ADDED).hash(&mut hasher);
    let text = format!("wasmtime-48.0.8-{:016x}", hasher.finish());
    out.set_buffer(text.into_bytes());
}
