//! A component, linked once, with what it is found out once: what every invocation of it starts from.

use super::{filesystem02, filesystem03};
use super::imports;
use super::keyvalue::{self, Kept};
use super::settings;
use super::sockets;
use super::state::State;
use super::versions::with_versions;
use crate::instance::caught;
use crate::{boxed_error, inner, wasm_byte_vec_t, wasm_engine_t, wasmtime_error_t};
use std::sync::Arc;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};
use wasmtime::{Engine, Result};
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p3::bindings::ServicePre;

/// Every interface that components may import. Immutable; the engine outlives it.
pub struct mayfly_component_linker_t(Linker<State>);

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
    /// Exports `wasi:cli/run@0.2.x`.
    Command = 2,
    /// Exports `exec: func(input: string) -> string`.
    Exec = 3,
    /// Exports none of these.
    Other = 4,
}

pub(crate) enum Program {
    Http02(ProxyPre<State>),
    Http03(ServicePre<State>),
    Command(CommandPre<State>),
    Exec(InstancePre<State>, ComponentExportIndex),
    Other(InstancePre<State>),
}

impl Program {
    fn new(linker: &Linker<State>, component: &Component) -> Result<Self> {
        let pre = imports::link(linker, component)?;
        let ty = component.component_type();
        let names: Vec<String> = ty.exports(linker.engine()).map(|(name, _)| name.to_owned()).collect();
        let exports = |prefix: &str| names.iter().any(|name| name.starts_with(prefix));
        if exports("wasi:http/incoming-handler@0.2.") {
            Ok(Self::Http02(ProxyPre::new(pre)?))
        } else if exports("wasi:http/handler@0.3.") {
            Ok(Self::Http03(ServicePre::new(pre)?))
        } else if exports("wasi:cli/run@0.2.") {
            Ok(Self::Command(CommandPre::new(pre)?))
        } else if let Some(exec) = component.get_export_index(None, "exec") {
            Ok(Self::Exec(pre, exec))
        } else {
            Ok(Self::Other(pre))
        }
    }

    pub fn pre(&self) -> &InstancePre<State> {
        match self {
            Self::Http02(pre) => pre.instance_pre(),
            Self::Http03(pre) => pre.instance_pre(),
            Self::Command(pre) => pre.instance_pre(),
            Self::Exec(pre, _) | Self::Other(pre) => pre,
        }
    }

    fn world(&self) -> mayfly_world_t {
        match self {
            Self::Http02(_) => mayfly_world_t::Http02,
            Self::Http03(_) => mayfly_world_t::Http03,
            Self::Command(_) => mayfly_world_t::Command,
            Self::Exec(..) => mayfly_world_t::Exec,
            Self::Other(_) => mayfly_world_t::Other,
        }
    }
}

fn new_linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    filesystem02::add_to_linker(&mut linker)?;
    filesystem03::add_to_linker(&mut linker)?;
    sockets::add_to_linker(&mut linker)?;
    settings::add_to_linker(&mut linker)?;
    keyvalue::add_to_linker(&mut linker)?;
    Ok(linker)
}

#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_linker_new(
    engine: &wasm_engine_t,
    linker: &mut *mut mayfly_component_linker_t,
) -> Option<Box<wasmtime_error_t>> {
    match caught(|| new_linker(inner!(engine, wasm_engine_t => Engine))) {
        Ok(made) => {
            *linker = Box::into_raw(Box::new(mayfly_component_linker_t(made)));
            None
        }
        Err(error) => boxed_error(error),
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_linker_delete(_linker: Box<mayfly_component_linker_t>) {}

/// Compiles and links a binary component.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_component_new(
    linker: &mayfly_component_linker_t,
    bytes: *const u8,
    length: usize,
    component: &mut *mut mayfly_component_t,
) -> Option<Box<wasmtime_error_t>> {
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    let compile = || {
        let made = Component::from_binary(linker.0.engine(), &with_versions(bytes))?;
        Program::new(&linker.0, &made)
    };
    let made = caught(compile);
    match made {
        Ok(made) => {
            *component = Box::into_raw(Box::new(mayfly_component_t(Arc::new(made), Arc::default())));
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
    let lines: String = ty.exports(pre.engine()).map(|(name, _)| format!("{name}\n")).collect();
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

#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_delete(_component: Box<mayfly_component_t>) {}
