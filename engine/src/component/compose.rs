//! Composes components: what one imports is plugged with what others export, into one new component.

use crate::{boxed_error, guarded, text, wasm_byte_vec_t, wasmtime_error_t};
use std::error::Error as StdError;
use wac_graph::types::{ItemKind, Package, are_semver_compatible};
use wac_graph::{CompositionGraph, EncodeOptions, InstantiationArgumentError, NodeId, PackageId};
use wasmtime::{Error, Result};

/// Of what one message names.
const MOST_NAMES: usize = 20;

/// A binary component, and what errors call it.
#[repr(C)]
pub struct mayfly_plug_t {
    name: *const u8,
    name_length: usize,
    bytes: *const u8,
    length: usize,
}

/// Makes `composed` of a binary component and its plugs. Each of them gives what it exports to those before it that
/// import it still, so the first of them that has an export is the one that counts. What nobody has stays an import,
/// and what the component exports stays its exports.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_compose(
    socket: *const u8,
    socket_length: usize,
    plugs: *const mayfly_plug_t,
    plugs_length: usize,
    composed: &mut wasm_byte_vec_t,
) -> Option<Box<wasmtime_error_t>> {
    let made = guarded(|| {
        let socket = unsafe { std::slice::from_raw_parts(socket, socket_length) };
        let mut composition = Composition::new(socket)?;
        let plugs = if plugs_length == 0 { &[] } else { unsafe { std::slice::from_raw_parts(plugs, plugs_length) } };
        for plug in plugs {
            let name = unsafe { text(plug.name, plug.name_length) }?;
            composition.plug(name, unsafe { std::slice::from_raw_parts(plug.bytes, plug.length) })?;
        }
        composition.finish()
    });
    match made {
        Ok(bytes) => {
            composed.set_buffer(bytes);
            None
        }
        Err(error) => boxed_error(error),
    }
}

#[derive(Clone, Copy)]
struct Part {
    package: PackageId,
    instance: NodeId,
}

struct Composition {
    graph: CompositionGraph,
    /// The component itself, then its plugs.
    parts: Vec<Part>,
}

impl Composition {
    fn new(socket: &[u8]) -> Result<Self> {
        let mut composition = Self { graph: CompositionGraph::new(), parts: Vec::new() };
        let part = composition.add(socket).map_err(|why| Error::msg(format!("the component cannot be read: {why}")))?;
        composition.parts.push(part);
        Ok(composition)
    }

    fn add(&mut self, bytes: &[u8]) -> Result<Part, String> {
        let name = format!("mayfly:part{}", self.parts.len());
        let package =
            Package::from_bytes(&name, None, bytes, self.graph.types_mut()).map_err(|error| format!("{error:#}"))?;
        let package = self.graph.register_package(package).map_err(|error| error.to_string())?;
        Ok(Part { package, instance: self.graph.instantiate(package) })
    }

    fn plug(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let plug = self.add(bytes).map_err(|why| Error::msg(format!("`{name}` cannot be read: {why}")))?;
        let mut wanted = Vec::new();
        let mut used = false;
        for taker in self.parts.clone() {
            for import in self.open_imports(taker) {
                match self.export_for(plug, &import) {
                    Some(export) => self.connect(name, plug, &export, taker, &import)?,
                    None => {
                        wanted.push(import);
                        continue;
                    }
                }
                used = true;
            }
        }
        if !used {
            let exports = self.world_exports(plug);
            return Err(Error::msg(format!(
                "nothing that `{name}` exports is imported: it exports {}, and what is imported is {}",
                listed(&exports),
                listed(&wanted)
            )));
        }
        self.parts.push(plug);
        Ok(())
    }

    /// Interfaces and functions that nothing is connected to; types alone are no reason for a plug.
    fn open_imports(&self, part: Part) -> Vec<String> {
        let taken: Vec<&str> = self.graph.get_instantiation_arguments(part.instance).map(|(name, _)| name).collect();
        let imports = &self.graph.types()[self.graph[part.package].ty()].imports;
        let callable = imports.iter().filter(|(_, kind)| matches!(kind, ItemKind::Instance(_) | ItemKind::Func(_)));
        callable.map(|(name, _)| name).filter(|name| !taken.contains(&name.as_str())).cloned().collect()
    }

    fn world_exports(&self, part: Part) -> Vec<String> {
        self.graph.types()[self.graph[part.package].ty()].exports.keys().cloned().collect()
    }

    /// Of this name, or of one that is compatible by its version.
    fn export_for(&self, plug: Part, import: &str) -> Option<String> {
        let exports = self.world_exports(plug);
        let found = exports.iter().find(|name| *name == import);
        found.or_else(|| exports.iter().find(|name| are_semver_compatible(name, import))).cloned()
    }

    fn connect(&mut self, name: &str, plug: Part, export: &str, taker: Part, import: &str) -> Result<()> {
        let argument = self.graph.alias_instance_export(plug.instance, export).map_err(|error| because(&error))?;
        self.graph.set_instantiation_argument(taker.instance, import, argument).map_err(|error| match error {
            InstantiationArgumentError::ArgumentTypeMismatch { source, .. } => Error::msg(format!(
                "`{import}` is imported with another type than `{name}` exports it with, as `{export}`: {source:#}"
            )),
            other => because(&other),
        })
    }

    fn finish(mut self) -> Result<Vec<u8>> {
        let socket = self.parts[0];
        for name in self.world_exports(socket) {
            let export = self.graph.alias_instance_export(socket.instance, &name).map_err(|error| because(&error))?;
            self.graph.export(export, &name).map_err(|error| because(&error))?;
        }
        self.graph.encode(EncodeOptions::default()).map_err(|error| because(&error))
    }
}

/// An error with all its reasons.
fn because(error: &dyn StdError) -> Error {
    let mut message = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        message += &format!(": {source}");
        next = source.source();
    }
    Error::msg(message)
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let more = names.len().saturating_sub(MOST_NAMES);
    let mut list = names.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if more > 0 {
        list += &format!(" and {more} more");
    }
    list
}
