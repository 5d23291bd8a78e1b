//! A module whose state can be seen from outside, and so be put back: with its memory and its mutable globals exported.

use crate::image::{self, Facts, IMAGE};
use crate::{boxed_error, wasm_byte_vec_t, wasmtime_error_t};
use std::convert::Infallible;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{ExportKind, ExportSection, Module};
use wasmparser::{Parser, Payload};
use wasmtime::{Error, ModuleExport, Result};

/// What says that a module is one, beside its first export: another name of that.
const EXPOSED: &str = "mayfly:image exposed";
const MEMORY: &str = "mayfly:image memory";

/// All that can change in an instance.
pub(crate) struct State {
    pub memory: Option<ModuleExport>,
    pub globals: Vec<ModuleExport>,
}

impl State {
    /// Of an exposed module, or of code that imports an image, and so its memory. None when more can change, or that is not
    /// known.
    pub fn of(module: &wasmtime::Module) -> Option<Self> {
        let imports_image = module.imports().any(|import| import.module() == IMAGE);
        (imports_image || module.get_export_index(EXPOSED).is_some())
            .then(|| Self { memory: module.get_export_index(MEMORY), globals: image::exported_globals(module) })
    }
}

struct Exposer<'a>(&'a Facts);

impl Reencode for Exposer<'_> {
    type Error = Infallible;

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> std::result::Result<(), reencode::Error<Infallible>> {
        if let Some(first) = section.clone().into_iter().next() {
            let first = first?;
            exports.export(EXPOSED, first.kind.into(), first.index);
        }
        if self.0.has_memory {
            exports.export(MEMORY, ExportKind::Memory, 0);
        }
        for (number, index) in self.0.mutable_globals().enumerate() {
            exports.export(&image::exported_global(number), ExportKind::Global, index);
        }
        reencode::utils::parse_export_section(self, exports, section)
    }
}

/// None for a module that cannot be put back, or is an interpreter's code, which has its image outside.
fn expose(bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::ImportSection(imports)) => {
                if imports.into_imports().flatten().any(|import| import.module == IMAGE) {
                    return Ok(None);
                }
            }
            Ok(Payload::ExportSection(exports)) => {
                if exports.into_iter().flatten().any(|export| export.name.starts_with(IMAGE)) {
                    return Err(Error::msg(format!("names of exports that begin with {IMAGE} are mayfly's own")));
                }
            }
            _ => {}
        }
    }
    let Ok(facts) = Facts::read(bytes) else { return Ok(None) };
    let mut module = Module::new();
    Ok(Exposer(&facts).parse_core_module(&mut module, Parser::new(0), bytes).ok().map(|()| module.finish()))
}

/// Makes it one, if possible; `exposed` is empty if not, and the caller's to delete. An error says what it must not have.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_module_expose(
    bytes: *const u8,
    length: usize,
    exposed: &mut std::mem::MaybeUninit<wasm_byte_vec_t>,
) -> Option<Box<wasmtime_error_t>> {
    exposed.write(Vec::new().into());
    match crate::guarded(|| expose(unsafe { std::slice::from_raw_parts(bytes, length) })) {
        Ok(made) => {
            exposed.write(made.unwrap_or_default().into());
            None
        }
        Err(error) => boxed_error(error),
    }
}
