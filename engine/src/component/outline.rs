//! What there is in a component, and how many of each: what refers to it by number, and is added, has to know.

use crate::facts::Facts;
use std::ops::Range;
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExternalKind, ComponentOuterAliasKind, ComponentType, ExternalKind, Instance,
    Parser, Payload,
};

/// How names of exports begin that are mayfly's own.
const OURS: &str = "mayfly-";
const HANDLERS: [&str; 2] = ["wasi:http/incoming-handler@0.2.", "wasi:http/handler@0.3."];
const TYPES: &str = "wasi:http/types@0.";

#[derive(Default)]
pub(super) struct Outline {
    pub sections: Vec<(u8, Range<usize>)>,
    /// Of its core modules.
    pub modules: Vec<Facts>,
    /// For each core instance the number of its module, unless it only collects things.
    pub instances: Vec<Option<u32>>,
    pub core_functions: u32,
    pub core_memories: u32,
    pub core_globals: u32,
    pub types: u32,
    pub functions: u32,
    component_instances: u32,
    /// Number of the imported instance that is TYPES.
    pub http_types: Option<u32>,
    is_handler: bool,
}

impl Outline {
    /// None when it is no handler of wasi:http 0.2, nor a plain one of 0.3, or one that has state in other places than its core instances.
    pub fn read(component: &[u8]) -> Option<Self> {
        let mut outline = Self::default();
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload.ok()?;
            match (&payload, depth) {
                (_, 0) => {
                    outline.sections.extend(payload.as_section());
                    outline.note(&payload, component)?;
                }
                (Payload::ModuleSection { .. } | Payload::InstanceSection(_), _) => return None, // a component inside that has state
                _ => {}
            }
            match payload {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                _ => {}
            }
        }
        outline.is_handler.then_some(outline)
    }

    fn note(&mut self, payload: &Payload, component: &[u8]) -> Option<()> {
        match payload {
            Payload::ModuleSection { unchecked_range, .. } => {
                let facts = Facts::read(component.get(unchecked_range.clone())?).ok()?;
                if facts.has_memory && (facts.memory.minimum == 0 || facts.memory.memory64 || facts.memory.page_size_log2.is_some()) {
                    return None;
                }
                self.modules.push(facts);
            }
            Payload::InstanceSection(instances) => {
                for instance in instances.clone() {
                    self.instances.push(match instance.ok()? {
                        Instance::Instantiate { module_index, .. } => Some(module_index),
                        Instance::FromExports(_) => None,
                    });
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports.clone() {
                    let import = import.ok()?;
                    if import.name.name.starts_with(TYPES) {
                        self.http_types = Some(self.component_instances);
                    }
                    self.count(import.ty.kind())?;
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports.clone() {
                    let export = export.ok()?;
                    if export.name.name.starts_with(OURS) {
                        return None;
                    }
                    self.is_handler |= HANDLERS.iter().any(|name| export.name.name.starts_with(name));
                    self.count(export.kind)?;
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases.clone() {
                    match alias.ok()? {
                        ComponentAlias::InstanceExport { kind, .. } => self.count(kind)?,
                        ComponentAlias::CoreInstanceExport { kind: ExternalKind::Func, .. } => self.core_functions += 1,
                        ComponentAlias::CoreInstanceExport { kind: ExternalKind::Memory, .. } => self.core_memories += 1,
                        ComponentAlias::CoreInstanceExport { kind: ExternalKind::Global, .. } => self.core_globals += 1,
                        ComponentAlias::CoreInstanceExport { .. } => {}
                        ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type, .. } => self.types += 1,
                        ComponentAlias::Outer { .. } => return None,
                    }
                }
            }
            Payload::ComponentTypeSection(types) => {
                for ty in types.clone() {
                    // Handles of a resource of its own are not counted by the host.
                    if let ComponentType::Resource { .. } = ty.ok()? {
                        return None;
                    }
                    self.types += 1;
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions.clone() {
                    match function.ok()? {
                        CanonicalFunction::Lift { .. } => self.functions += 1,
                        CanonicalFunction::Lower { .. } | CanonicalFunction::ResourceDrop { .. } => self.core_functions += 1,
                        _ => return None,
                    }
                }
            }
            Payload::ComponentInstanceSection(instances) => self.component_instances += instances.count(),
            Payload::ComponentStartSection { .. } => return None,
            _ => {}
        }
        Some(())
    }

    fn count(&mut self, kind: ComponentExternalKind) -> Option<()> {
        match kind {
            ComponentExternalKind::Module | ComponentExternalKind::Value => return None,
            ComponentExternalKind::Func => self.functions += 1,
            ComponentExternalKind::Type => self.types += 1,
            ComponentExternalKind::Instance => self.component_instances += 1,
            ComponentExternalKind::Component => {}
        }
        Some(())
    }
}
