//! Links a component; when that fails, says everything that is missing, where the linker names the first.

use super::state::State;
use std::fmt::Write;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Error, Result};

/// Of what one message names.
const MOST_INTERFACES: usize = 50;
const MOST_FUNCTIONS: usize = 20;
const MOST_NAME_BYTES: usize = 200;
/// Names that are looked up, each by a component of its own.
const MOST_PROBES: usize = 1000;

/// What stands where, for those who import it: by the start of the interface's name, the longer ones first.
const HINTS: &[(&str, &str)] = &[
    ("wasi:http/incoming-handler@0.2", "it is given by a deployed function that answers HTTP: `?compose=NAME`"),
    ("wasi:http/handler@0.3", "it is given by a deployed function that answers HTTP: `?compose=NAME`"),
    ("wasi:cli/", "WASI 0.2 and 0.3 are provided; rebuild with a current toolchain"),
    ("wasi:io/", "WASI 0.2 is provided; rebuild with a current toolchain"),
    ("wasi:clocks/", "WASI 0.2 and 0.3 are provided; rebuild with a current toolchain"),
    ("wasi:random/", "WASI 0.2 and 0.3 are provided; rebuild with a current toolchain"),
    ("wasi:filesystem/", "WASI 0.2 and 0.3 are provided; rebuild with a current toolchain"),
    ("wasi:sockets/", "WASI 0.2 and 0.3 are provided; rebuild with a current toolchain"),
    ("wasi:http/", "wasi:http 0.2 and 0.3 are provided; rebuild with a current toolchain"),
    ("wasi:keyvalue/", "the drafts 0.2.0-draft and 0.2.0-draft2 are provided"),
    ("wasi:config/", "0.2.0-rc.1 and the drafts before it are provided"),
    ("wasi:logging/", "0.1.0-draft is provided, and the one without a version"),
    ("wasi:nn/", "no inference here; call a service with wasi:http"),
    ("wasi:messaging/", "no queues here; call a service with wasi:http"),
    ("wasi:blobstore/", "use files of a volume, or call a service with wasi:http"),
    ("wasi:sql/", "no databases here; connect to one with wasi:sockets"),
    ("wasi:tls/", "wasi:http makes https requests"),
    ("wasi:threads/", "a component has one thread"),
    ("wasi:", "this part of WASI is not provided"),
    ("fermyon:spin/", "of Spin; use wasi:http, wasi:config or a service over wasi:http"),
    ("spin:", "of Spin; use wasi:http, wasi:config or a service over wasi:http"),
    ("wasmcloud:", "of wasmCloud; use wasi:http, wasi:config or wasi:sockets"),
    ("fastly:", "of Fastly; use wasi:http"),
    ("wasmtime:", "of another host"),
];

/// As the linker does it, with the complete reason for an error.
pub(super) fn link(linker: &Linker<State>, component: &Component) -> Result<InstancePre<State>> {
    linker.instantiate_pre(component).map_err(|error| match missing(linker, component) {
        list if list.is_empty() => {
            Error::msg(format!("the component imports what this server provides with another type: {error:#}"))
        }
        list => Error::msg(format!("the component imports what this server does not provide: {list}")),
    })
}

/// The interfaces and functions that nothing is linked to.
fn missing(linker: &Linker<State>, component: &Component) -> String {
    let ty = component.component_type();
    let mut list = Vec::new();
    let mut probes = 0;
    let mut probe = |text: &str| {
        probes += 1;
        probes <= MOST_PROBES && probe_fails(linker, text)
    };
    for (name, import) in ty.imports(linker.engine()) {
        match import.ty {
            ComponentItem::ComponentInstance(instance) => {
                let exports = instance.exports(linker.engine());
                let functions = exports.filter(|(_, export)| matches!(export.ty, ComponentItem::ComponentFunc(_)));
                let absent: Vec<&str> = functions
                    .map(|(function, _)| function)
                    .filter(|function| declaration(function).is_some_and(|item| probe(&within(name, &item))))
                    .collect();
                if !absent.is_empty() {
                    list.push(entry(name, &absent));
                }
            }
            ComponentItem::ComponentFunc(_) => {
                if probe(&format!("(component (import \"{name}\" (func)))")) {
                    list.push(entry(name, &[]));
                }
            }
            _ => {}
        }
    }
    let more = list.len().saturating_sub(MOST_INTERFACES);
    list.truncate(MOST_INTERFACES);
    let mut text = list.join("; ");
    if more > 0 {
        _ = write!(text, "; and {more} more");
    }
    if probes > MOST_PROBES {
        _ = write!(text, "; no more than {MOST_PROBES} functions are looked for");
    }
    text
}

/// ``a:b/c@1.0.0` (f, g): what to do``
fn entry(name: &str, functions: &[&str]) -> String {
    let mut text = format!("`{}`", short(name));
    if !functions.is_empty() {
        let named = functions.iter().take(MOST_FUNCTIONS).map(|name| short(name)).collect::<Vec<_>>().join(", ");
        let more = functions.len().saturating_sub(MOST_FUNCTIONS);
        _ = if more > 0 { write!(text, " ({named} and {more} more)") } else { write!(text, " ({named})") };
    }
    let hint = HINTS.iter().find(|(start, _)| name.starts_with(start)).map(|(_, hint)| *hint);
    _ = write!(text, ": {}", hint.unwrap_or("compose it with a deployed component that exports it: `?compose=NAME`"));
    text
}

/// The start of a name that is too long to be shown; names are ASCII.
fn short(name: &str) -> &str {
    name.get(..MOST_NAME_BYTES).unwrap_or(name)
}

/// Declares a function of an instance, of whatever type, in the text format.
fn declaration(function: &str) -> Option<String> {
    let Some((kind, rest)) = function.strip_prefix('[').and_then(|tail| tail.split_once(']')) else {
        return Some(format!("(export \"{function}\" (func))"));
    };
    let resource = rest.split('.').next()?;
    let signature = match kind {
        "method" => "(param \"self\" (borrow $r))",
        "static" => "",
        "constructor" => "(result (own $r))",
        _ => return None,
    };
    Some(format!("(export \"{resource}\" (type $r (sub resource))) (export \"{function}\" (func {signature}))"))
}

/// A component that imports this of an interface.
fn within(interface: &str, item: &str) -> String {
    format!("(component (import \"{interface}\" (instance {item})))")
}

/// Whether nothing is defined where a tiny component wants something. The linker says so before it looks at types.
fn probe_fails(linker: &Linker<State>, text: &str) -> bool {
    let Ok(probe) = Component::new(linker.engine(), text) else { return false };
    linker.instantiate_pre(&probe).is_err_and(|error| error.root_cause().to_string().ends_with("implementation is missing"))
}
