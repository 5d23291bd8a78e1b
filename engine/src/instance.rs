//! One invocation: a store, its limits, and the suspended call. One owner at a time; an event loop polls it.

use crate::component::{self, Jobs, Refusal, Rewinding, mayfly_refusal_t};
use crate::image::Image;
use crate::limiter::Limiter;
use crate::program::{Program, mayfly_program_t};
use crate::rewind::Beginning;
use crate::wake::Bell;
use crate::{
    Data, image, inner, panic_text, wasm_byte_vec_t, wasm_engine_t, wasmtime_context_set_data, wasmtime_module_t, wasmtime_store_new,
    wasmtime_store_t,
};
use std::ffi::c_void;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use wasmtime::{AsContextMut, Extern, Instance, Memory, Module, PoolConcurrencyLimitError, Result, Store, ThrownException, Trap, UpdateDeadline, ValType, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// What to do with a guest that a tick has hit.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum mayfly_tick_t {
    /// Suspend it: the poll returns, and the next one goes on.
    Yield = 0,
    /// End it; the caller has noted why.
    Stop = 1,
    /// Let it run on to the next tick.
    Continue = 2,
}

#[repr(C)]
pub struct mayfly_instance_config_t {
    /// What `wasmtime_context_get_data` and `on_tick` are given.
    pub data: *mut c_void,
    /// Called on the guest's stack when a tick of the epoch has passed since the guest last started to run.
    pub on_tick: extern "C" fn(data: *mut c_void) -> mayfly_tick_t,
    /// For all memories and tables of the instance together.
    pub memory_bytes: usize,
    /// Whether it is to be put back to how it began, once it has ended: mayfly_instance_rewind(). Of a core module, or a
    /// component that has a request.
    pub rewinds: bool,
    /// Whether what it has become is wanted, once it has ended well: mayfly_instance_take_image(). Of a core module.
    pub makes_image: bool,
    /// An image that it may be kept as changes of; null for none. Outlives the instance.
    pub image_since: *const wasmtime_module_t,
}

#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum mayfly_progress_t {
    /// Suspended: by a tick, or in a host function that waits.
    Suspended = 0,
    Returned = 1,
    Failed = 2,
}

/// How an instance ended. The byte vectors are the caller's to delete.
#[repr(C)]
pub struct mayfly_outcome_t {
    /// The value returned, as text; empty for none.
    pub value: wasm_byte_vec_t,
    /// Why it failed, without the stack trace.
    pub reason: wasm_byte_vec_t,
    pub backtrace: wasm_byte_vec_t,
    /// Whether the guest failed by itself, with a trap or an exception that nobody caught, rather than we.
    pub trapped: bool,
    /// Whether a pool had no room for it: nothing of the guest has run.
    pub pool_exhausted: bool,
    /// Whether the guest was ever refused memory.
    pub memory_denied: bool,
    /// Why a call of a typed function has no result; the reason is its text.
    pub refusal: mayfly_refusal_t,
    /// What a component gave to `exit`, when that is how it failed; -1 otherwise.
    pub exit_code: i64,
}

/// What an instance has used so far.
#[repr(C)]
pub struct mayfly_usage_t {
    /// Nanoseconds that making it took; 0 until it is made.
    pub instantiate_ns: u64,
    /// The most bytes of memories and tables it had.
    pub memory_peak: usize,
}

pub(crate) type Call = Pin<Box<dyn Future<Output = Result<String>>>>;

pub struct mayfly_instance_t {
    call: Option<Call>,
    shared: *mut Shared,
    core: Option<Core>,
    bell: Option<Arc<Bell>>, // of a component; a core module is woken by C++
}

/// What the future of a core module borrows, and host functions see through it: raw, so that neither claims it for itself.
struct Core {
    store: *mut wasmtime_store_t,
    program: *const Program,
}

/// What the guest's store and the instance both know.
pub(crate) struct Shared {
    pub limiter: Limiter,
    pub imported_memory: Option<Memory>,
    /// Of a core module, once it is made.
    pub module: Option<Instance>,
    pub instantiate_ns: u64,
    /// Parts of a component that wait for C++.
    pub waiting: Vec<Waker>,
    /// Requests that are handed to a component which serves several.
    pub jobs: Jobs,
    pub ticked: bool,
    /// What host functions, and `on_tick`, are given.
    pub data: *mut c_void,
    pub image: Option<Image>,
    /// Of a core module that is put back.
    pub beginning: Option<Beginning>,
    /// Bytes of its memory that the guest has not seen.
    pub spare: usize,
    /// A component that is put back, once its request is over.
    pub rewinding: Option<Rewinding>,
}

impl Shared {
    pub fn new(memory_bytes: usize, data: *mut c_void) -> Self {
        Self {
            limiter: Limiter::new(memory_bytes),
            imported_memory: None,
            module: None,
            instantiate_ns: 0,
            waiting: Vec::new(),
            jobs: Jobs::default(),
            ticked: false,
            data,
            image: None,
            beginning: None,
            spare: 0,
            rewinding: None,
        }
    }
}

/// Of what its owner has by address alone, as the store that it is polled with does.
impl Shared {
    pub fn used(this: *const Self) -> usize {
        unsafe { (*this).limiter.used() }
    }

    /// What a module that is put back has to spare, which is noted.
    fn spare_now(this: *mut Self, store: &mut Store<Data>) -> usize {
        let spare = unsafe { (*this).beginning.as_ref().map_or(0, |beginning| beginning.spare(store)) };
        unsafe { (*this).spare = spare };
        spare
    }
}

impl mayfly_instance_t {
    pub(crate) fn of_component(call: Call, shared: *mut Shared, bell: Arc<Bell>) -> Box<Self> {
        Box::new(Self { call: Some(call), shared, core: None, bell: Some(bell) })
    }
}

impl Drop for mayfly_instance_t {
    fn drop(&mut self) {
        self.silence();
        let _runtime = self.core.is_none().then(component::enter);
        self.call = None; // unwinds a suspended guest, which uses the rest
        // SAFETY: each came from into_raw when the instance was made, and the future is gone.
        unsafe {
            ((*self.shared).beginning, (*self.shared).rewinding) = (None, None); // before the memory goes
            if let Some(core) = &self.core {
                drop(Box::from_raw(core.store));
                drop(Arc::from_raw(core.program));
            }
            drop(Box::from_raw(self.shared));
        }
    }
}

/// A pointer that closures of the store may carry: the instance has one owner at a time.
pub(crate) struct Carried<T>(pub *mut T);
unsafe impl<T> Send for Carried<T> {}
unsafe impl<T> Sync for Carried<T> {}

/// Prepares an invocation; nothing of the guest runs before the first poll.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_instance_new(
    engine: &wasm_engine_t,
    program: &mayfly_program_t,
    config: &mayfly_instance_config_t,
) -> Box<mayfly_instance_t> {
    const { assert!(size_of::<wasmtime_store_t>() == size_of::<Store<Data>>()) };
    let shared = Box::into_raw(Box::new(Shared::new(config.memory_bytes, config.data)));
    let core = Core {
        store: Box::into_raw(wasmtime_store_new(engine, config.data, None)),
        program: Arc::into_raw(program.0.clone()),
    };
    // SAFETY: they live until the instance is dropped, which drops the future first.
    let (store, program) = unsafe { (&mut *core.store.cast::<Store<Data>>(), &*core.program) };
    let limited = Carried(shared);
    store.limiter(move |_| {
        let limited = &limited;
        unsafe { &mut (*limited.0).limiter }
    });
    watch_ticks(store, config, Carried(shared));
    let since = unsafe { config.image_since.as_ref() }.map(|module| inner!(module, wasmtime_module_t => Module).clone());
    let call: Call = Box::pin(run(store, program, Carried(shared), config.rewinds, config.makes_image, since));
    Box::new(mayfly_instance_t { call: Some(call), shared, core: Some(core), bell: None })
}

pub(crate) fn watch_ticks<T>(store: &mut Store<T>, config: &mayfly_instance_config_t, shared: Carried<Shared>) {
    let on_tick = config.on_tick;
    store.epoch_deadline_callback(move |_| {
        let shared = &shared;
        match on_tick(unsafe { (*shared.0).data }) {
            mayfly_tick_t::Yield => {
                unsafe { (*shared.0).ticked = true };
                Ok(UpdateDeadline::Yield(1))
            }
            mayfly_tick_t::Stop => Err(Trap::Interrupt.into()),
            mayfly_tick_t::Continue => Ok(UpdateDeadline::Continue(1)),
        }
    });
}

async fn run(
    store: &mut Store<Data>,
    program: &Program,
    shared: Carried<Shared>,
    rewinds: bool,
    makes_image: bool,
    since: Option<Module>,
) -> Result<String> {
    store.set_epoch_deadline(1); // now, at the first poll: what passed before was not its tick
    let started = Instant::now();
    let instance = program.instantiate(store, |memory| unsafe { (*shared.0).imported_memory = memory }).await?;
    unsafe {
        (*shared.0).instantiate_ns = started.elapsed().as_nanos() as u64;
        (*shared.0).module = Some(instance);
        if rewinds {
            (*shared.0).beginning = Beginning::note(store, program, &instance, shared.0);
        }
    }
    let value = begin(store, program, &instance, shared.0).await?;
    if makes_image {
        // What is compared with is not the guest's: it has no part in its budget.
        let limiter = unsafe { std::mem::replace(&mut (*shared.0).limiter, Limiter::new(usize::MAX)) };
        let made = image::take(store, &instance, since.as_ref()).await;
        unsafe { (*shared.0).limiter = limiter };
        let made = made?;
        unsafe { (*shared.0).image = Some(made) };
    }
    Ok(value)
}

/// The first call.
async fn begin(store: &mut Store<Data>, program: &Program, instance: &Instance, shared: *mut Shared) -> Result<String> {
    let room = Shared::spare_now(shared, store);
    let used = Shared::used(shared);
    program.initialize(store, instance).await?;
    let ended = enter(store, program, instance).await; // it may be the exit of a command
    Shared::spare_now(shared, store);
    program.growth.note(room, Shared::used(shared) - used);
    ended
}

async fn enter(store: &mut Store<Data>, program: &Program, instance: &Instance) -> Result<String> {
    let Some(Extern::Func(entry)) = instance.get_module_export(&mut *store, &program.entry) else {
        return Err(wasmtime::Error::msg("the entry point is not a function"));
    };
    Ok(match &program.result {
        None => {
            entry.typed::<(), ()>(&*store)?.call_async(&mut *store, ()).await?;
            String::new()
        }
        Some(ValType::I32) => entry.typed::<(), i32>(&*store)?.call_async(&mut *store, ()).await?.to_string(),
        Some(ValType::I64) => entry.typed::<(), i64>(&*store)?.call_async(&mut *store, ()).await?.to_string(),
        Some(ValType::F32) => entry.typed::<(), f32>(&*store)?.call_async(&mut *store, ()).await?.to_string(),
        Some(ValType::F64) => entry.typed::<(), f64>(&*store)?.call_async(&mut *store, ()).await?.to_string(),
        Some(other) => return Err(wasmtime::Error::msg(format!("the entry point returns {other}"))),
    })
}

/// Runs the guest until it returns, fails, waits or is suspended by a tick. `outcome` is written unless it is
/// suspended. Once it has ended, not before mayfly_instance_again().
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_instance_poll(
    instance: &mut mayfly_instance_t,
    outcome: &mut std::mem::MaybeUninit<mayfly_outcome_t>,
) -> mayfly_progress_t {
    let Some(call) = instance.call.as_mut() else { return mayfly_progress_t::Failed };
    let (shared, bell) = (instance.shared, instance.bell.clone());
    let polled = catch_unwind(AssertUnwindSafe(|| match bell {
        None => call.as_mut().poll(&mut Context::from_waker(Waker::noop())),
        Some(bell) => poll_component(call, shared, bell),
    }));
    let ended = match polled {
        Ok(Poll::Pending) => return mayfly_progress_t::Suspended,
        Ok(Poll::Ready(result)) => result,
        Err(panic) => Err(wasmtime::Error::msg(panic_text(&*panic))),
    };
    let mut written = mayfly_outcome_t {
        value: Vec::new().into(),
        reason: Vec::new().into(),
        backtrace: Vec::new().into(),
        trapped: false,
        pool_exhausted: false,
        memory_denied: unsafe { (*instance.shared).limiter.denied() },
        refusal: mayfly_refusal_t::None,
        exit_code: -1,
    };
    let progress = match ended {
        Ok(value) => {
            written.value = value.into_bytes().into();
            mayfly_progress_t::Returned
        }
        Err(error) => {
            // What a host function refuses has a backtrace, as a trap does.
            written.trapped = error.is::<Trap>() || error.is::<ThrownException>() || error.is::<WasmBacktrace>();
            written.exit_code = error.downcast_ref::<I32Exit>().map_or(-1, |exit| i64::from(exit.0));
            written.refusal = error.downcast_ref::<Refusal>().map_or(mayfly_refusal_t::None, |refusal| refusal.kind);
            written.pool_exhausted = error.is::<PoolConcurrencyLimitError>();
            written.reason = error.root_cause().to_string().into_bytes().into();
            if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
                written.backtrace = backtrace.to_string().into_bytes().into();
            }
            mayfly_progress_t::Failed
        }
    };
    outcome.write(written);
    progress
}

/// Prepares another call of a core module's entry point, in the same store: the last one has returned.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_instance_again(instance: &mut mayfly_instance_t) {
    let (Some(core), Some(module)) = (&instance.core, unsafe { (*instance.shared).module }) else { return };
    // SAFETY: as in mayfly_instance_new; the future that borrowed them has ended.
    let (store, program) = unsafe { (&mut *core.store.cast::<Store<Data>>(), &*core.program) };
    instance.call = Some(Box::pin(async move {
        store.set_epoch_deadline(1);
        enter(store, program, &module).await
    }));
}

/// Puts an instance that has ended back to how it began. False when that cannot be done, or was not asked for: then it is
/// fit for nothing more.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_instance_rewind(instance: &mut mayfly_instance_t) -> bool {
    let started = Instant::now();
    instance.silence(); // who is behind it goes now
    let _runtime = instance.core.is_none().then(component::enter);
    instance.call = None;
    // SAFETY: as in mayfly_instance_new; the future that borrowed them has ended.
    let shared = unsafe { &mut *instance.shared };
    let (restored, before) = match (&instance.core, &mut shared.beginning, &mut shared.rewinding) {
        (Some(core), Some(beginning), _) => {
            let store = unsafe { &mut *core.store.cast::<Store<Data>>() };
            (beginning.restore(store, &shared.limiter), Duration::ZERO)
        }
        (_, _, Some(rewinding)) => (rewinding.restore(&shared.limiter), rewinding.took()),
        _ => return false,
    };
    shared.instantiate_ns = (before + started.elapsed()).as_nanos() as u64;
    restored
}

/// Prepares another invocation in a core module's instance that has been put back; of `config`, only `data` and `on_tick`
/// may be others than those it was made with.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_instance_begin(instance: &mut mayfly_instance_t, config: &mayfly_instance_config_t) {
    // SAFETY: as above.
    let shared = instance.shared;
    let (Some(core), Some(module)) = (&instance.core, unsafe { (*shared).module }) else { return };
    let (store, program) = unsafe { (&mut *core.store.cast::<Store<Data>>(), &*core.program) };
    unsafe { (*shared).data = config.data };
    wasmtime_context_set_data(store.as_context_mut(), config.data);
    instance.call = Some(Box::pin(async move {
        store.set_epoch_deadline(1);
        begin(store, program, &module, shared).await
    }));
}

/// A component is polled again as long as its own parts wake each other, and no tick has passed.
fn poll_component(call: &mut Call, shared: *mut Shared, bell: Arc<Bell>) -> Poll<Result<String>> {
    let _runtime = component::enter();
    let waker = Waker::from(bell.clone());
    unsafe { (*shared).ticked = false };
    bell.poll_begins();
    unsafe { std::mem::take(&mut (*shared).waiting) }.into_iter().for_each(Waker::wake);
    loop {
        bell.poll_begins();
        let polled = call.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_ready() || unsafe { (*shared).ticked } || !bell.poll_ends() {
            return polled;
        }
    }
}

/// Ends the invocation, wherever it is: a suspended guest is unwound before this returns.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_instance_delete(instance: Box<mayfly_instance_t>) {
    // A panic while unwinding the guest must not cross the border; what it held is leaked.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(instance)));
}

/// The memory that the module imports. False when it has its own, or is not instantiated yet. Called by host
/// functions, while the instance is polled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_instance_imported_memory(
    instance: *const mayfly_instance_t,
    memory: &mut std::mem::MaybeUninit<Memory>,
) -> bool {
    let imported = unsafe { (*(*instance).shared).imported_memory };
    imported.map(|found| memory.write(found)).is_some()
}

/// The image that an instance which has ended well was to make: a module, binary; `is_changes` when it has only what is
/// different from `image_since`. False when there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_instance_take_image(
    instance: &mut mayfly_instance_t,
    image: &mut std::mem::MaybeUninit<wasm_byte_vec_t>,
    is_changes: &mut bool,
) -> bool {
    let Some(taken) = (unsafe { (*instance.shared).image.take() }) else { return false };
    *is_changes = matches!(taken, Image::Changes(_));
    let (Image::Whole(bytes) | Image::Changes(bytes)) = taken;
    image.write(bytes.into());
    true
}

impl mayfly_instance_t {
    /// From here on nothing that a component waited for wakes anybody.
    fn silence(&self) {
        if let Some(bell) = &self.bell {
            bell.silence();
        }
    }

    /// The next invocation of a component that has been put back.
    pub(crate) fn begin(&mut self, call: Call, bell: Arc<Bell>) {
        (self.call, self.bell) = (Some(call), Some(bell));
    }

    /// For the calls of C++, between two polls.
    pub(crate) fn shared(&mut self) -> *mut Shared {
        self.shared
    }
}

/// While the instance is not being polled.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_instance_usage(instance: &mayfly_instance_t) -> mayfly_usage_t {
    let shared = unsafe { &*instance.shared };
    mayfly_usage_t { instantiate_ns: shared.instantiate_ns, memory_peak: shared.limiter.peak() - shared.spare }
}
