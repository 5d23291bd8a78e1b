//! A module whose state can be seen from outside, and so be put back: with its memory and its mutable globals exported.

use crate::facts::Facts;
use crate::image::{self, IMAGE};
use crate::{boxed_error, wasm_byte_vec_t, wasmtime_error_t};
use crate::room::Room;
use std::convert::Infallible;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, FunctionSection, GlobalSection, Instruction, Module, SectionId, TypeSection,
    ValType,
};
use wasmparser::{OperatorsReader, Parser, Payload};
use wasmtime::{Error, ModuleExport, Result};

/// What says that a module is one, beside its first export: another name of that.
const EXPOSED: &str = "mayfly:image exposed";
/// The name of the export of its memory.
pub(crate) const MEMORY: &str = "mayfly:image memory";
/// Of the global that has the size the guest sees, where there is room behind it.
const SIZE: &str = "mayfly:image size";

/// All that can change in an instance.
pub(crate) struct State {
    pub memory: Option<ModuleExport>,
    pub globals: Vec<ModuleExport>,
    /// The global that has the size of a memory with room behind it, also one of those.
    pub size: Option<ModuleExport>,
}

impl State {
    /// Of an exposed module, or of code that imports an image, and so its memory. None when more can change, or that is not
    /// known.
    pub fn of(module: &wasmtime::Module) -> Option<Self> {
        let imports_image = module.imports().any(|import| import.module() == IMAGE);
        (imports_image || module.get_export_index(EXPOSED).is_some()).then(|| Self {
            memory: module.get_export_index(MEMORY),
            globals: image::exported_globals(module),
            size: module.get_export_index(SIZE),
        })
    }
}

struct Exposer<'a> {
    facts: &'a Facts,
    room: Option<&'a Room>,
    has_globals: bool,
}

type Reencoded<T = ()> = std::result::Result<T, reencode::Error<Infallible>>;

impl Exposer<'_> {
    fn add_global(&mut self, globals: &mut GlobalSection) {
        if let Some((ty, begins)) = self.room.map(Room::global) {
            globals.global(ty, &begins);
        }
        self.has_globals = true;
    }
}

impl Reencode for Exposer<'_> {
    type Error = Infallible;

    fn parse_export_section(&mut self, exports: &mut ExportSection, section: wasmparser::ExportSectionReader<'_>) -> Reencoded {
        if let Some(first) = section.clone().into_iter().next() {
            let first = first?;
            exports.export(EXPOSED, first.kind.into(), first.index);
        }
        if self.facts.has_memory {
            exports.export(MEMORY, ExportKind::Memory, 0);
        }
        let size = self.room.map(|room| room.size);
        for (number, index) in self.facts.mutable_globals().chain(size).enumerate() {
            exports.export(&image::exported_global(number), ExportKind::Global, index);
        }
        if let Some(index) = size {
            exports.export(SIZE, ExportKind::Global, index);
        }
        reencode::utils::parse_export_section(self, exports, section)
    }

    fn parse_type_section(&mut self, types: &mut TypeSection, section: wasmparser::TypeSectionReader<'_>) -> Reencoded {
        reencode::utils::parse_type_section(self, types, section)?;
        if self.room.is_some() {
            types.ty().function([ValType::I32], [ValType::I32]);
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Reencoded {
        reencode::utils::parse_function_section(self, functions, section)?;
        if let Some(room) = self.room {
            functions.function(room.grow_type);
        }
        Ok(())
    }

    fn parse_global_section(&mut self, globals: &mut GlobalSection, section: wasmparser::GlobalSectionReader<'_>) -> Reencoded {
        reencode::utils::parse_global_section(self, globals, section)?;
        self.add_global(globals);
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, section: wasmparser::CodeSectionReader<'_>) -> Reencoded {
        reencode::utils::parse_code_section(self, code, section)?;
        if let Some(room) = self.room {
            code.function(&room.grow_function());
        }
        Ok(())
    }

    fn parse_instruction<'a>(&mut self, reader: &mut OperatorsReader<'a>) -> Reencoded<Instruction<'a>> {
        let operator = reader.read()?;
        match self.room.and_then(|room| room.instead_of(&operator)) {
            Some(instruction) => Ok(instruction),
            None => self.instruction(operator),
        }
    }

    fn intersperse_section_hook(&mut self, module: &mut Module, _: Option<SectionId>, before: Option<SectionId>) -> Reencoded {
        let is_behind = matches!(
            before,
            Some(SectionId::Export | SectionId::Start | SectionId::Element | SectionId::DataCount | SectionId::Code)
        );
        if self.room.is_some() && !self.has_globals && is_behind {
            let mut globals = GlobalSection::new();
            self.add_global(&mut globals);
            module.section(&globals);
        }
        Ok(())
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
    Ok(Facts::read_alone(bytes).ok().and_then(|facts| exposed(bytes, &facts, Room::of(&facts).as_ref())))
}

/// The module, with its state exported; with room behind its memory, if there is to be any.
pub(crate) fn exposed(bytes: &[u8], facts: &Facts, room: Option<&Room>) -> Option<Vec<u8>> {
    let mut module = Module::new();
    let mut exposer = Exposer { facts, room, has_globals: false };
    exposer.parse_core_module(&mut module, Parser::new(0), bytes).ok().map(|()| module.finish())
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
