//! What a WebAssembly file is, read and not compiled: its imports, exports, sections, and a component's WIT.

mod wit;

use crate::program::mayfly_callable_t;
use crate::{bounds, boxed_error, wasm_byte_vec_t, wasmtime_error_t};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::panic::catch_unwind;
use wasmparser::types::Types;
use wasmparser::{Encoding, ExternalKind, Parser, Payload, TypeRef, ValType, ValidPayload, Validator, WasmFeatures};

/// Imports, exports and kinds of sections together; the largest seen have hundreds.
const MAX_LISTED: u32 = 10_000;
/// Of their names together.
const MAX_NAME_BYTES: usize = 4 << 20;

type Found<T> = Result<T, String>;

#[derive(Default)]
struct Facts {
    component: bool,
    imports: Vec<Value>,
    exports: Vec<Value>,
    /// Of a module: where an exported function is in `exports`, and its index.
    functions: Vec<(usize, u32)>,
    /// Name and bytes, in order of appearance.
    sections: Vec<(String, u64)>,
    places: HashMap<String, usize>,
    listed: u32,
    name_bytes: usize,
}

impl Facts {
    /// Before what a section names is read.
    fn list(&mut self, count: u32) -> Found<()> {
        self.listed = self.listed.saturating_add(count);
        if self.listed > MAX_LISTED {
            return Err(format!("it has {} imports, exports and sections; {MAX_LISTED} are the most", self.listed));
        }
        Ok(())
    }

    fn name(&mut self, name: &str) -> Found<String> {
        self.name_bytes += name.len();
        if self.name_bytes > MAX_NAME_BYTES {
            return Err(format!(
                "the names of its imports, exports and sections are longer than {MAX_NAME_BYTES} bytes"
            ));
        }
        Ok(name.to_owned())
    }

    fn section(&mut self, name: &str, bytes: u64) -> Found<()> {
        if let Some(&place) = self.places.get(name) {
            self.sections[place].1 += bytes;
            return Ok(());
        }
        self.list(1)?;
        let name = self.name(name)?;
        self.places.insert(name.clone(), self.sections.len());
        self.sections.push((name, bytes));
        Ok(())
    }

    /// Of the file itself, not of what is inside it.
    fn read(&mut self, payload: &Payload) -> Found<()> {
        match payload {
            Payload::Version { encoding, .. } => self.component = *encoding == Encoding::Component,
            Payload::ImportSection(section) => {
                self.list(section.count())?;
                for import in section.clone().into_imports() {
                    let import = import.map_err(text)?;
                    let (module, name) = (self.name(import.module)?, self.name(import.name)?);
                    self.imports.push(json!({ "module": module, "name": name, "kind": kind_of_type(&import.ty) }));
                }
            }
            Payload::ExportSection(section) => {
                self.list(section.count())?;
                for export in section.clone() {
                    let export = export.map_err(text)?;
                    let name = self.name(export.name)?;
                    if export.kind == ExternalKind::Func {
                        self.functions.push((self.exports.len(), export.index));
                    }
                    let unknown = mayfly_callable_t::NoFunction as u8; // until the types are
                    self.exports.push(json!({ "name": name, "kind": kind_of(export.kind), "callable": unknown }));
                }
            }
            Payload::ComponentImportSection(section) => {
                self.list(section.count())?;
                for import in section.clone() {
                    let name = self.name(import.map_err(text)?.name.name)?;
                    self.imports.push(json!({ "name": name }));
                }
            }
            Payload::ComponentExportSection(section) => {
                self.list(section.count())?;
                for export in section.clone() {
                    let name = self.name(export.map_err(text)?.name.name)?;
                    self.exports.push(json!({ "name": name }));
                }
            }
            _ => {}
        }
        if let Payload::CustomSection(section) = payload {
            self.section(&format!("custom `{}`", section.name()), section.data().len() as u64)?;
        } else if let (Some(name), Some((_, range))) = (section_name(payload), payload.as_section()) {
            self.section(name, (range.end - range.start) as u64)?;
        }
        Ok(())
    }

    /// How each exported function may be called, now that the types are known.
    fn resolve(&mut self, types: &Types) {
        let numbers = |ty: &ValType| matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64);
        for &(export, index) in &self.functions {
            let ty = types.as_ref().core_function_at(index);
            let ty = types[ty].unwrap_func();
            let callable = match (ty.params(), ty.results()) {
                ([], []) => mayfly_callable_t::ReturnsNothing,
                ([], [result]) if numbers(result) => mayfly_callable_t::ReturnsNumber,
                ([], _) => mayfly_callable_t::ReturnsNoNumber,
                _ => mayfly_callable_t::TakesParameters,
            };
            self.exports[export]["callable"] = (callable as u8).into();
        }
    }
}

fn text(error: wasmparser::BinaryReaderError) -> String {
    error.to_string()
}

fn kind_of(kind: ExternalKind) -> &'static str {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => "function",
        ExternalKind::Memory => "memory",
        ExternalKind::Table => "table",
        ExternalKind::Global => "global",
        ExternalKind::Tag => "tag",
    }
}

fn kind_of_type(ty: &TypeRef) -> &'static str {
    match ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => "function",
        TypeRef::Memory(_) => "memory",
        TypeRef::Table(_) => "table",
        TypeRef::Global(_) => "global",
        TypeRef::Tag(_) => "tag",
    }
}

fn section_name(payload: &Payload) -> Option<&'static str> {
    Some(match payload {
        Payload::TypeSection(_) | Payload::ComponentTypeSection(_) => "type",
        Payload::CoreTypeSection(_) => "core type",
        Payload::ImportSection(_) | Payload::ComponentImportSection(_) => "import",
        Payload::FunctionSection(_) => "function",
        Payload::TableSection(_) => "table",
        Payload::MemorySection(_) => "memory",
        Payload::TagSection(_) => "tag",
        Payload::GlobalSection(_) => "global",
        Payload::ExportSection(_) | Payload::ComponentExportSection(_) => "export",
        Payload::StartSection { .. } | Payload::ComponentStartSection { .. } => "start",
        Payload::ElementSection(_) => "element",
        Payload::DataCountSection { .. } => "data count",
        Payload::DataSection(_) => "data",
        Payload::CodeSectionStart { .. } => "code",
        Payload::ModuleSection { .. } => "core module",
        Payload::InstanceSection(_) => "core instance",
        Payload::ComponentSection { .. } => "component",
        Payload::ComponentInstanceSection(_) => "instance",
        Payload::ComponentAliasSection(_) => "alias",
        Payload::ComponentCanonicalSection(_) => "canonical function",
        _ => return None,
    })
}

/// Reads the whole file, and checks all of it but the code of functions.
fn read(bytes: &[u8]) -> Found<Facts> {
    bounds::check(bytes)?;
    let mut facts = Facts::default();
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(text)?;
        if depth == 0 {
            facts.read(&payload)?;
        }
        match validator.payload(&payload).map_err(text)? {
            ValidPayload::Parser(_) => depth += 1,
            ValidPayload::End(types) if depth == 0 => facts.resolve(&types),
            ValidPayload::End(_) => depth -= 1,
            ValidPayload::Ok | ValidPayload::Func(..) => {}
        }
    }
    Ok(facts)
}

fn inspect(bytes: &[u8]) -> Found<String> {
    let facts = read(bytes)?;
    let sections: Vec<Value> =
        facts.sections.iter().map(|(name, bytes)| json!({ "name": name, "bytes": bytes })).collect();
    let mut found = Map::new();
    found.insert("format".into(), if facts.component { "component" } else { "module" }.into());
    found.insert("imports".into(), facts.imports.into());
    found.insert("exports".into(), facts.exports.into());
    found.insert("sections".into(), sections.into());
    if facts.component {
        wit::describe(bytes, &mut found);
    }
    Ok(Value::from(found).to_string())
}

/// What a binary is, as JSON: `format`, `imports`, `exports`, `sections`; of a component also `world`, `why` when
/// nothing can be called, and `wit` or `wit_error`. Nothing is compiled. An error says what is wrong with the file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_inspect(
    bytes: *const u8,
    length: usize,
    json: &mut wasm_byte_vec_t,
) -> Option<Box<wasmtime_error_t>> {
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    let found = catch_unwind(|| inspect(bytes)).unwrap_or_else(|_| Err("the file could not be read to its end".into()));
    match found {
        Ok(found) => {
            json.set_buffer(found.into_bytes());
            None
        }
        Err(why) => boxed_error(wasmtime::Error::msg(why)),
    }
}
