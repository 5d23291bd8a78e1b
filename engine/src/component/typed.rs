//! Components that export functions of their own: found out once, called with JSON.

use super::call::{Ended, Made};
use super::host::mayfly_bytes_t;
use super::program::{Program, mayfly_component_t};
use super::refusal::{Refusal, mayfly_refusal_t};
use super::shape::{MAX_SHAPES, Members, Shape};
use super::state::State;
use super::{openapi, read, write};
use crate::wasm_byte_vec_t;
use std::collections::HashMap;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Val};
use wasmtime::{Engine, Error, Result, Store, ThrownException, Trap};
use wasmtime_wasi::I32Exit;

/// What a guest may hand us in one call, in bytes of our memory, which its own limit does not count.
const HOSTCALL_FUEL: usize = 32 << 20;

/// The functions that a component exports, by the paths that they answer at.
pub(crate) struct Typed {
    pub functions: Vec<Function>,
    paths: HashMap<String, usize>,
    openapi: String,
}

pub(crate) struct Function {
    /// The shortest that names only it: `calc/add`, or `add` at the root.
    pub path: String,
    pub parameters: Members<Shape>,
    pub result: Option<Shape>,
    export: ComponentExportIndex,
}

/// A function on its way in: the paths that it may answer at, best first.
struct Found {
    names: Vec<String>,
    ty: ComponentFunc,
    export: ComponentExportIndex,
}

impl Typed {
    /// None when it exports no functions.
    pub fn new(component: &Component, engine: &Engine) -> Result<Option<Self>> {
        let found = find(component, engine);
        if found.is_empty() {
            return Ok(None);
        }
        let mut owners: HashMap<&str, usize> = HashMap::new(); // of each path: how many functions want it
        for name in found.iter().flat_map(|function| &function.names) {
            *owners.entry(name).or_default() += 1;
        }
        let mut left = MAX_SHAPES;
        let (mut functions, mut paths) = (Vec::new(), HashMap::new());
        for function in &found {
            let own: Vec<&String> = function.names.iter().filter(|name| owners[name.as_str()] == 1).collect();
            let Some(path) = own.first() else { continue };
            functions.push(Function::new(path, function, &mut left)?);
            paths.extend(own.iter().map(|&name| (name.clone(), functions.len() - 1)));
        }
        let openapi = openapi::document(&functions);
        Ok(Some(Self { functions, paths, openapi }))
    }
}

fn find(component: &Component, engine: &Engine) -> Vec<Found> {
    let mut found = Vec::new();
    for (name, export) in component.component_type().exports(engine) {
        let Some(index) = component.get_export_index(None, name) else { continue };
        match export.ty {
            ComponentItem::ComponentFunc(ty) => found.push(Found { names: vec![name.to_owned()], ty, export: index }),
            ComponentItem::ComponentInstance(interface) => {
                for (function, export) in interface.exports(engine) {
                    let ComponentItem::ComponentFunc(ty) = export.ty else { continue };
                    let Some(export) = component.get_export_index(Some(&index), function) else { continue };
                    let names = names_of(name).into_iter().map(|interface| format!("{interface}/{function}")).collect();
                    found.push(Found { names, ty, export });
                }
            }
            _ => {}
        }
    }
    found
}

/// What an interface may be called: `ns:pkg/calc@1.0.0` is also `calc` and `ns:pkg/calc`.
fn names_of(interface: &str) -> Vec<&str> {
    let unversioned = interface.split_once('@').map_or(interface, |(name, _)| name);
    let short = unversioned.rsplit_once('/').map_or(unversioned, |(_, short)| short);
    let mut names = vec![short, unversioned, interface];
    names.dedup();
    names
}

impl Function {
    fn new(path: &str, found: &Found, left: &mut usize) -> Result<Self> {
        let refused = |what: String, why: String| {
            Error::msg(format!("the function `{path}` cannot be called with JSON: {what} has {why}"))
        };
        let mut parameters = Vec::new();
        for (name, ty) in found.ty.params() {
            let shape = Shape::new(&ty, left).map_err(|why| refused(format!("its parameter `{name}`"), why))?;
            parameters.push((name.to_owned(), shape));
        }
        let result = found.ty.results().next().map(|ty| Shape::new(&ty, left)).transpose();
        let result = result.map_err(|why| refused("its result".into(), why))?;
        Ok(Self { path: path.to_owned(), parameters: Members::new(parameters), result, export: found.export })
    }
}

/// Reads the arguments, calls, and writes the result; "" when there is none. An `err` is a refusal.
pub(super) async fn call(
    mut store: Store<State>,
    pre: &InstancePre<State>,
    function: Option<&Function>,
    input: &[u8],
    most: usize,
    made: &mut Made,
) -> Ended {
    let function = function.ok_or_else(|| Error::msg("no function is named"))?;
    let arguments = read::arguments(&function.parameters, input)?;
    store.set_hostcall_fuel(HOSTCALL_FUEL);
    let instance = pre.instantiate_async(&mut store).await?;
    made.note();
    let called = instance.get_func(&mut store, function.export).ok_or_else(|| Error::msg("the function is gone"))?;
    let mut results = vec![Val::Bool(false); usize::from(function.result.is_some())];
    called.call_async(&mut store, &arguments, &mut results).await.map_err(explain)?;
    drop(store);
    match results.first() {
        None | Some(Val::Result(Ok(None))) => Ok(String::new()),
        Some(Val::Result(Ok(Some(value)))) => Ok(write::json(value, most)?),
        Some(Val::Result(Err(payload))) => {
            let payload = payload.as_deref().map(|value| write::json(value, most)).transpose()?;
            Err(Refusal::new(mayfly_refusal_t::Err, payload.unwrap_or_default()).into())
        }
        Some(value) => Ok(write::json(value, most)?),
    }
}

/// An error that is neither a trap nor ours comes from reading the result: it is the guest's.
fn explain(error: Error) -> Error {
    if error.is::<Trap>() || error.is::<ThrownException>() || error.is::<I32Exit>() {
        return error;
    }
    let why = error.root_cause().to_string();
    let kind = if why.contains("fuel allocated for hostcalls") {
        mayfly_refusal_t::TooLarge
    } else {
        mayfly_refusal_t::BadResult
    };
    let why = match kind {
        mayfly_refusal_t::TooLarge => format!("the function's result takes more than {} MiB", HOSTCALL_FUEL >> 20),
        _ => why,
    };
    Refusal::new(kind, why).into()
}

/// The typed function at a path, `calc/add`; -1 when there is none, or the component is not typed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_component_find_function(component: &mayfly_component_t, path: mayfly_bytes_t) -> i64 {
    let Program::Typed(_, typed) = &*component.0 else { return -1 };
    let path = std::str::from_utf8(unsafe { path.get() }).unwrap_or_default();
    typed.paths.get(path).map_or(-1, |&place| place as i64)
}

/// The paths of the typed functions, a line each.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_functions(component: &mayfly_component_t, paths: &mut wasm_byte_vec_t) {
    let Program::Typed(_, typed) = &*component.0 else { return };
    let lines: String = typed.functions.iter().map(|function| format!("{}\n", function.path)).collect();
    paths.set_buffer(lines.into_bytes());
}

/// The OpenAPI document of the typed functions, but for the members before `paths`: it starts with `{"paths":`.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_component_openapi(component: &mayfly_component_t, json: &mut wasm_byte_vec_t) {
    let Program::Typed(_, typed) = &*component.0 else { return };
    json.set_buffer(typed.openapi.clone().into_bytes());
}
