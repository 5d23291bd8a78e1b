//! A component, linked once, with what it is found out once: what every invocation of it starts from.

use super::{filesystem02, filesystem03};
use super::handler::Handler;
use super::imports;
use super::keyvalue::{self, Kept};
use super::outermost::outermost;
use super::plain::{self, with_plain_handler};
use super::rewinder::{self, with_rewinder};
use super::settings;
use super::sockets;
use super::state::State;
use super::typed::Typed;
use super::versions::with_versions;
use crate::engine::{baseline_compiler, compile_behind};
use crate::{bounds, boxed_error, guarded, inner, text, wasm_byte_vec_t, wasm_engine_t, wasmtime_error_t};
use std::borrow::Cow;
use std::sync::Arc;
use wasmparser::{Payload, Validator, WasmFeatures};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, Type};
use wasmtime::{Engine, Error, Result};
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi::p3;
use wasmtime_wasi_http::p3::bindings::ServicePre;

/// Every interface that components may import, for both engines. Immutable; the engines outlive it.
pub struct mayfly_component_linker_t {
    plain: Linker<State>,
    /// Of the engine that runs asynchronous functions.
    concurrent: Linker<State>,
    image_bytes: u64,
}

/// Shared and immutable; invocations hold their own reference.
pub struct mayfly_component_t(pub(crate) Arc<Program>, pub(crate) Arc<Kept>);

/// What a component is called through.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum mayfly_world_t {
    /// Exports `wasi:http/incoming-handler@0.2.x`.
    Http02 = 0,
    /// Exports `wasi:http/handler@0.3.x`.
    Http03 = 1,
    /// Exports `wasi:cli/run@0.2.x` or `@0.3.x`.
    Command = 2,
    /// Exports `exec: func(input: string) -> string`.
    Exec = 3,
    /// Exports none of these, but functions of its own.
    Typed = 5,
    /// Exports nothing that can be called.
    Other = 4,
}

pub(crate) enum Program {
    Handler(Handler),
    /// Of wasi:http 0.3, when it is not a plain one.
    Http03(ServicePre<State>),
    Command(CommandPre<State>),
    Command03(p3::bindings::CommandPre<State>),
    Exec(InstancePre<State>, ComponentExportIndex),
    Typed(InstancePre<State>, Typed),
    Other(InstancePre<State>),
}

impl Program {
    fn new(linker: &Linker<State>, component: &Component) -> Result<Self> {
        let pre = imports::link(linker, component)?;
        let ty = component.component_type();
        let names: Vec<String> = ty.exports(linker.engine()).map(|(name, _)| name.to_owned()).collect();
        let exports = |prefix: &str| names.iter().any(|name| name.starts_with(prefix));
        if exports("wasi:http/incoming-handler@0.2.") {
            Ok(Self::Handler(Handler::http02(pre, component)?))
        } else if let Some(exports) = plain::Exports::of(component) {
            Ok(Self::Handler(Handler::plain(pre, component, exports)))
        } else if exports("wasi:http/handler@0.3.") {
            Ok(Self::Http03(ServicePre::new(pre)?))
        } else if exports("wasi:cli/run@0.3.") {
            Ok(Self::Command03(p3::bindings::CommandPre::new(pre)?)) // its 0.2 may be there and trap
        } else if exports("wasi:cli/run@0.2.") {
            Ok(Self::Command(CommandPre::new(pre)?))
        } else if let Some(exec) = find_exec(linker.engine(), component) {
            Ok(Self::Exec(pre, exec))
        } else {
            Ok(match Typed::new(component, linker.engine())? {
                Some(typed) => Self::Typed(pre, typed),
                None => Self::Other(pre),
            })
        }
    }

    pub fn pre(&self) -> &InstancePre<State> {
        match self {
            Self::Handler(handler) => &handler.pre,
            Self::Http03(pre) => pre.instance_pre(),
            Self::Command(pre) => pre.instance_pre(),
            Self::Command03(pre) => pre.instance_pre(),
            Self::Exec(pre, _) | Self::Typed(pre, _) | Self::Other(pre) => pre,
        }
    }

    fn world(&self) -> mayfly_world_t {
        match self {
            Self::Handler(handler) if handler.is_http02() => mayfly_world_t::Http02,
            Self::Handler(_) | Self::Http03(_) => mayfly_world_t::Http03,
            Self::Command(_) | Self::Command03(_) => mayfly_world_t::Command,
            Self::Exec(..) => mayfly_world_t::Exec,
            Self::Typed(..) => mayfly_world_t::Typed,
            Self::Other(_) => mayfly_world_t::Other,
        }
    }
}

/// `exec` of another type is a function like any other.
fn find_exec(engine: &Engine, component: &Component) -> Option<ComponentExportIndex> {
    let ty = component.component_type();
    let ComponentItem::ComponentFunc(exec) = ty.get_export(engine, "exec")?.ty else { return None };
    let takes_text = exec.params().map(|(_, ty)| ty).eq([Type::String]);
    if takes_text && exec.results().eq([Type::String]) { component.get_export_index(None, "exec") } else { None }
}

fn new_linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    filesystem02::add_to_linker(&mut linker)?;
    sockets::add_to_linker(&mut linker)?;
    settings::add_to_linker(&mut linker)?;
    keyvalue::add_to_linker(&mut linker)?;
    Ok(linker)
}

fn new_plain_linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = new_linker(engine)?;
    plain::add_to_linker(&mut linker)?;
    Ok(linker)
}

fn new_concurrent_linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = new_linker(engine)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    filesystem03::add_to_linker(&mut linker)?;
    sockets::add_concurrent_to_linker(&mut linker)?;
    Ok(linker)
}

/// How to compile.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum mayfly_compile_t {
    /// Optimised code, now.
    Now = 0,
    /// Code about half as fast, in about half the time.
    Baseline = 1,
    /// Optimised code, behind every other compilation.
    Behind = 2,
}

/// Of its own, not of the components inside.
fn imports_wasi_03(binary: &[u8]) -> bool {
    for payload in outermost(binary) {
        match payload {
            Ok(Payload::ComponentImportSection(imports)) => {
                let mut names = imports.into_iter().flatten().map(|import| import.name.name);
                if names.any(|name| name.starts_with("wasi:") && name.contains("@0.3.")) {
                    return true;
                }
            }
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}

impl mayfly_component_linker_t {
    /// The linker of the engine that a component needs: the plain one, unless it has asynchronous functions.
    fn linker_for(&self, binary: &[u8]) -> (&Linker<State>, bool) {
        let plain = WasmFeatures::all().difference(WasmFeatures::CM_ASYNC);
        let concurrent = imports_wasi_03(binary) || Validator::new_with_features(plain).validate_all(binary).is_err();
        (if concurrent { &self.concurrent } else { &self.plain }, concurrent)
    }

    fn compile(&self, binary: &[u8], how: mayfly_compile_t) -> Result<Program> {
        bounds::check(binary).map_err(Error::msg)?;
        let binary = with_versions(binary);
        if let Some(plain) = with_plain_handler(&binary) {
            if let Ok(program) = self.compile_for(&self.plain, false, &plain, how) {
                return Ok(program);
            }
        }
        let (linker, concurrent) = self.linker_for(&binary);
        self.compile_for(linker, concurrent, &binary, how)
    }

    fn compile_for(&self, linker: &Linker<State>, concurrent: bool, binary: &[u8], how: mayfly_compile_t) -> Result<Program> {
        let binary = &with_rewinder(binary).map_or(Cow::Borrowed(binary), Cow::Owned)[..];
        let engine = linker.engine();
        let component = match how {
            mayfly_compile_t::Now => Component::from_binary(engine, binary)?,
            mayfly_compile_t::Behind => compile_behind(|| Component::from_binary(engine, binary))?,
            mayfly_compile_t::Baseline => {
                let code = baseline_compiler(self.image_bytes, concurrent)?.precompile_component(binary)?;
                unsafe { Component::deserialize(engine, code)? }
            }
        };
        Program::new(linker, &component)
    }

    /// # Safety
    /// The file has what serialize() gave.
    unsafe fn load(&self, file: &str) -> Result<Program> {
        match unsafe { Component::deserialize_file(self.plain.engine(), file) } {
            Ok(component) => Program::new(&self.plain, &component),
            Err(_) => {
                let component = unsafe { Component::deserialize_file(self.concurrent.engine(), file)? };
                Program::new(&self.concurrent, &component)
            }
        }
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_linker_new(
    engine: &wasm_engine_t,
    concurrent: &wasm_engine_t,
    image_bytes: u64,
    linker: &mut *mut mayfly_component_linker_t,
) -> Option<Box<wasmtime_error_t>> {
    let made = guarded(|| {
        Ok(mayfly_component_linker_t {
            plain: new_plain_linker(inner!(engine, wasm_engine_t => Engine))?,
            concurrent: new_concurrent_linker(inner!(concurrent, wasm_engine_t => Engine))?,
            image_bytes,
        })
    });
    match made {
        Ok(made) => {
            *linker = Box::into_raw(Box::new(made));
            None
        }
        Err(error) => boxed_error(error),
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_linker_delete(_linker: Box<mayfly_component_linker_t>) {}

fn hand_over(made: Result<Program>, component: &mut *mut mayfly_component_t) -> Option<Box<wasmtime_error_t>> {
    match made {
        Ok(made) => {
            *component = Box::into_raw(Box::new(mayfly_component_t(Arc::new(made), Arc::default())));
            None
        }
        Err(error) => boxed_error(error),
    }
}

/// Compiles and links a binary component.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_component_new(
    linker: &mayfly_component_linker_t,
    bytes: *const u8,
    length: usize,
    how: mayfly_compile_t,
    component: &mut *mut mayfly_component_t,
) -> Option<Box<wasmtime_error_t>> {
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    hand_over(guarded(|| linker.compile(bytes, how)), component)
}

/// Maps and links what mayfly_component_serialize gave, from a file that is whole and ours.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_component_load(
    linker: &mayfly_component_linker_t,
    file: *const u8,
    file_length: usize,
    component: &mut *mut mayfly_component_t,
) -> Option<Box<wasmtime_error_t>> {
    hand_over(guarded(|| unsafe { linker.load(text(file, file_length)?) }), component)
}

/// Its code, for a file.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_serialize(
    component: &mayfly_component_t,
    code: &mut wasm_byte_vec_t,
) -> Option<Box<wasmtime_error_t>> {
    match component.0.pre().component().serialize() {
        Ok(bytes) => {
            code.set_buffer(bytes);
            None
        }
        Err(error) => boxed_error(error),
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_world(component: &mayfly_component_t) -> mayfly_world_t {
    component.0.world()
}

/// The names of what it exports, a line each.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_exports(component: &mayfly_component_t, names: &mut wasm_byte_vec_t) {
    let pre = component.0.pre();
    let ty = pre.component().component_type();
    let own = ty.exports(pre.engine()).map(|(name, _)| name).filter(|name| ![rewinder::REWIND, rewinder::LOOK].contains(name));
    let lines: String = own.map(|name| format!("{name}\n")).collect();
    names.set_buffer(lines.into_bytes());
}

/// The names of what it imports, a line each.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_imports(component: &mayfly_component_t, names: &mut wasm_byte_vec_t) {
    let pre = component.0.pre();
    let ty = pre.component().component_type();
    let lines: String = ty.imports(pre.engine()).map(|(name, _)| format!("{name}\n")).collect();
    names.set_buffer(lines.into_bytes());
}

/// Whether its instances can be put back to how they began: mayfly_instance_rewind().
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_rewinds(component: &mayfly_component_t) -> bool {
    matches!(&*component.0, Program::Handler(handler) if handler.rewinder.is_some())
}

#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_delete(_component: Box<mayfly_component_t>) {}

/// Keeps what the component that it takes the place of has kept. Before it is called.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_adopt(component: &mut mayfly_component_t, before: &mayfly_component_t) {
    component.1 = before.1.clone();
}
