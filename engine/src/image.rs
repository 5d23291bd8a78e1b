//! Functions that start from an image. The module of an interpreter is split in two: its code, which imports its memory and
//! the values its mutable globals start with, and an image, a module that has nothing but those. Once the interpreter has
//! loaded a program, its memory and globals make a new image; all images share the code. An image that differs little from
//! another one is kept as changes of that: a module that has only these.

use crate::facts::{Facts, constant, empty_memory, number_of};
use crate::{boxed_error, wasm_byte_vec_t, wasmtime_error_t};
use std::convert::Infallible;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::SystemTime;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    ConstExpr, CustomSection, DataSection, EntityType, ExportKind, ExportSection, GlobalSection, GlobalType, ImportSection,
    MemorySection, MemoryType, Module, SectionId, ValType,
};
use wasmparser::{DataKind, Parser, Payload};
use wasmtime::{Error, Extern, Instance, Memory, ModuleExport, Result, Store, Val};

/// What the code imports its image from.
pub(crate) const IMAGE: &str = "mayfly:image";
const MEMORY: &str = "memory";
const PAGE: usize = 4096;
/// What is compared, and copied, at once.
const BLOCK: usize = 64;
/// Pages that may differ, and of large images one in how many: they are copied for each request, where whole ones are mapped.
const FEW_CHANGED: usize = 48;
const SHARE_CHANGED: usize = 32;

fn global_name(index: usize) -> String {
    format!("global {index}")
}

fn bad(message: impl Into<String>) -> Error {
    Error::msg(message.into())
}

/// Rewrites a module into its code, and collects its data on the way.
struct Splitter<'a> {
    facts: &'a Facts,
    imports_done: bool,
    next_global: u32,
    data: DataSection,
}

type Reencoded<T = ()> = std::result::Result<T, reencode::Error<Infallible>>;

impl Splitter<'_> {
    fn add_imports(&mut self, imports: &mut ImportSection) {
        imports.import(IMAGE, MEMORY, self.facts.memory);
        for (index, (_, _, kind)) in self.facts.mutable_globals.iter().enumerate() {
            let ty = GlobalType { val_type: *kind, mutable: false, shared: false };
            imports.import(IMAGE, &global_name(index), EntityType::Global(ty));
        }
        self.imports_done = true;
    }

    /// So that the next image can be told what they are.
    fn add_exports(&mut self, exports: &mut ExportSection) {
        for (index, (defined, ..)) in self.facts.mutable_globals.iter().enumerate() {
            exports.export(&format!("{IMAGE} {}", global_name(index)), ExportKind::Global, self.shifted(*defined));
        }
    }

    /// The index of a defined global, behind those that are imported in addition.
    fn shifted(&self, defined: u32) -> u32 {
        self.facts.imported_globals + self.facts.mutable_globals.len() as u32 + defined
    }
}

impl Reencode for Splitter<'_> {
    type Error = Infallible;

    fn global_index(&mut self, global: u32) -> Reencoded<u32> {
        Ok(global.checked_sub(self.facts.imported_globals).map_or(global, |defined| self.shifted(defined)))
    }

    fn parse_import_section(&mut self, imports: &mut ImportSection, section: wasmparser::ImportSectionReader<'_>) -> Reencoded {
        reencode::utils::parse_import_section(self, imports, section)?;
        self.add_imports(imports);
        Ok(())
    }

    fn parse_export_section(&mut self, exports: &mut ExportSection, section: wasmparser::ExportSectionReader<'_>) -> Reencoded {
        reencode::utils::parse_export_section(self, exports, section)?;
        self.add_exports(exports);
        Ok(())
    }

    fn parse_memory_section(&mut self, _: &mut MemorySection, _: wasmparser::MemorySectionReader<'_>) -> Reencoded {
        Ok(())
    }

    fn parse_global(&mut self, globals: &mut GlobalSection, global: wasmparser::Global<'_>) -> Reencoded {
        let defined = self.next_global;
        self.next_global += 1;
        let position = self.facts.mutable_globals.iter().position(|(index, ..)| *index == defined);
        let Some(position) = position else { return reencode::utils::parse_global(self, globals, global) };
        globals.global(self.global_type(global.ty)?, &ConstExpr::global_get(self.facts.imported_globals + position as u32));
        Ok(())
    }

    // Segments keep their numbers: the active ones stay behind as empty ones.
    fn parse_data(&mut self, data: &mut DataSection, segment: wasmparser::Data<'_>) -> Reencoded {
        match segment.kind {
            DataKind::Passive => data.passive(segment.data.iter().copied()),
            DataKind::Active { offset_expr, .. } => {
                let offset = self.const_expr(offset_expr)?;
                self.data.active(0, &offset, segment.data.iter().copied());
                data.passive([])
            }
        };
        Ok(())
    }

    fn intersperse_section_hook(&mut self, module: &mut Module, _: Option<SectionId>, before: Option<SectionId>) -> Reencoded {
        let is_behind = |section: SectionId| before.is_none_or(|id| id != SectionId::Custom && id as u8 > section as u8);
        if !self.facts.has_imports && !self.imports_done && is_behind(SectionId::Import) {
            let mut imports = ImportSection::new();
            self.add_imports(&mut imports);
            module.section(&imports);
        }
        Ok(())
    }
}

/// The code of an interpreter, and the image that its own data make.
fn split(bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let facts = Facts::read_alone(bytes)?;
    if !facts.has_memory {
        return Err(bad("it has no memory to take an image of"));
    }
    let mut code = Module::new();
    let mut splitter = Splitter { facts: &facts, imports_done: false, next_global: 0, data: DataSection::new() };
    splitter.parse_core_module(&mut code, Parser::new(0), bytes)?;
    let data = splitter.data;
    let globals = facts.mutable_globals.iter().map(|(_, value, kind)| (value.clone(), *kind));
    Ok((code.finish(), image(facts.memory, globals, &data, Some(identity()))))
}

fn image(
    memory: MemoryType,
    globals: impl Iterator<Item = (ConstExpr, ValType)>,
    data: &DataSection,
    identity: Option<String>,
) -> Vec<u8> {
    let (mut memories, mut values, mut exports) = (MemorySection::new(), GlobalSection::new(), ExportSection::new());
    memories.memory(memory);
    exports.export(MEMORY, ExportKind::Memory, 0);
    for (index, (value, kind)) in globals.enumerate() {
        values.global(GlobalType { val_type: kind, mutable: false, shared: false }, &value);
        exports.export(&global_name(index), ExportKind::Global, index as u32);
    }
    if let Some(name) = identity {
        exports.export(&name, ExportKind::Memory, 0);
    }
    let mut module = Module::new();
    module.section(&memories).section(&values).section(&exports).section(data);
    module.section(&CustomSection { name: "mayfly".into(), data: b"image"[..].into() });
    module.finish()
}

/// Tells an image from all others, as changes belong to one: the name of an export.
fn identity() -> String {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("image {:016x}{time:x}", RandomState::new().build_hasher().finish())
}

/// How an image is kept.
pub(crate) enum Image {
    Whole(Vec<u8>),
    /// Of another one.
    Changes(Vec<u8>),
}

/// How the code exports its mutable global of this number, for the next image.
pub(crate) fn exported_global(index: usize) -> String {
    format!("{IMAGE} {}", global_name(index))
}

/// All of them.
pub(crate) fn exported_globals(module: &wasmtime::Module) -> Vec<ModuleExport> {
    (0..).map_while(|index| module.get_export_index(&exported_global(index))).collect()
}

/// What an instance of such a code has become, if possible as changes of the image `since`. Its memory may have grown.
pub(crate) async fn take(
    store: &mut Store<crate::Data>,
    instance: &Instance,
    since: Option<&wasmtime::Module>,
) -> Result<Image> {
    let before = match since {
        Some(since) => Instance::new_async(&mut *store, since, &[]).await?.get_memory(&mut *store, MEMORY),
        None => None,
    };
    let memory = instance.get_memory(&mut *store, MEMORY).ok_or_else(|| bad("it does not export its memory"))?;
    let mut globals = Vec::new();
    while let Some(global) = instance.get_global(&mut *store, &exported_global(globals.len())) {
        globals.push(constant(global.get(&mut *store)).ok_or_else(|| bad("a global is no number"))?);
    }
    let ty = memory.ty(&*store);
    let bytes = memory.data(&*store);
    let memory_type = MemoryType { minimum: memory.size(&*store), maximum: ty.maximum(), ..empty_memory() };
    let changes = before.and_then(|before| changes(before.data(&*store), bytes));
    Ok(match changes {
        Some(data) => Image::Changes(image(memory_type, globals.into_iter(), &data, None)),
        None => Image::Whole(image(memory_type, globals.into_iter(), &runs(bytes), Some(identity()))),
    })
}

/// The blocks that differ, neighbours together; none when they are on too many pages, or a memory would have to shrink.
fn changes(before: &[u8], after: &[u8]) -> Option<DataSection> {
    if after.len() < before.len() {
        return None;
    }
    let mut data = DataSection::new();
    let most = FEW_CHANGED.max(after.len() / PAGE / SHARE_CHANGED);
    let mut pages = 0;
    let zeros = [0; PAGE];
    for (index, page) in after.chunks(PAGE).enumerate() {
        let start = index * PAGE;
        let old = before.get(start..start + page.len()).unwrap_or(&zeros[..page.len()]);
        if old == page {
            continue;
        }
        pages += 1;
        if pages > most {
            return None;
        }
        let differs: Vec<bool> = page.chunks(BLOCK).zip(old.chunks(BLOCK)).map(|(new, old)| new != old).collect();
        let mut block = 0;
        for run in differs.chunk_by(|a, b| a == b) {
            let (first, end) = (block * BLOCK, (block + run.len()) * BLOCK);
            if run[0] {
                data.active(0, &ConstExpr::i32_const((start + first) as i32), page[first..end].iter().copied());
            }
            block += run.len();
        }
    }
    Some(data)
}

/// What makes an image of another one.
pub(crate) struct Changes {
    /// Of WebAssembly: how large the memory is.
    pages: u64,
    globals: Vec<Val>,
    /// Offsets, and how many of `bytes` belong there.
    runs: Vec<(usize, usize)>,
    bytes: Vec<u8>,
}

impl Changes {
    /// Reads what take() has made.
    pub fn read(module: &[u8]) -> Result<Self> {
        let mut changes = Self { pages: 0, globals: vec![], runs: vec![], bytes: vec![] };
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::MemorySection(section) => {
                    for memory in section {
                        changes.pages = memory?.initial;
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        let value = number_of(&global?.init_expr)?;
                        changes.globals.push(value.ok_or_else(|| bad("a global of the image is no number"))?);
                    }
                }
                Payload::DataSection(section) => {
                    for run in section {
                        let run = run?;
                        let DataKind::Active { offset_expr, .. } = run.kind else { continue };
                        let Some(Val::I32(value)) = number_of(&offset_expr)? else { continue };
                        changes.runs.push((value as u32 as usize, run.data.len()));
                        changes.bytes.extend_from_slice(run.data);
                    }
                }
                _ => {}
            }
        }
        Ok(changes)
    }

    /// Makes them in an instance that has just been made from that one; `globals` are its exports of them.
    pub async fn apply(
        &self,
        store: &mut Store<crate::Data>,
        instance: &Instance,
        memory: &Memory,
        globals: &[ModuleExport],
    ) -> Result<()> {
        let grown = self.pages.saturating_sub(memory.size(&*store));
        if grown > 0 {
            memory.grow_async(&mut *store, grown).await?;
        }
        let (into, mut bytes) = (memory.data_mut(&mut *store), &self.bytes[..]);
        for (offset, length) in &self.runs {
            let (run, rest) = bytes.split_at(*length);
            let place = into.get_mut(*offset..offset + length).ok_or_else(|| bad("the image is not one of this module"))?;
            place.copy_from_slice(run);
            bytes = rest;
        }
        for (export, value) in globals.iter().zip(&self.globals) {
            if let Some(Extern::Global(global)) = instance.get_module_export(&mut *store, export) {
                global.set(&mut *store, *value)?;
            }
        }
        Ok(())
    }
}

/// The pages that are not empty, neighbours together.
fn runs(bytes: &[u8]) -> DataSection {
    let mut data = DataSection::new();
    let is_used = |page: &[u8]| page.iter().any(|byte| *byte != 0);
    let mut start = None;
    let mut pages = bytes.chunks(PAGE).enumerate().peekable();
    while let Some((index, page)) = pages.next() {
        if !is_used(page) {
            continue;
        }
        let first = *start.get_or_insert(index * PAGE);
        if pages.peek().is_none_or(|(_, next)| !is_used(next)) {
            let end = index * PAGE + page.len();
            data.active(0, &ConstExpr::i32_const(first as i32), bytes[first..end].iter().copied());
            start = None;
        }
    }
    data
}

/// Splits the module of an interpreter. The byte vectors are the caller's to delete.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_image_split(
    bytes: *const u8,
    length: usize,
    code: &mut std::mem::MaybeUninit<wasm_byte_vec_t>,
    base: &mut std::mem::MaybeUninit<wasm_byte_vec_t>,
) -> Option<Box<wasmtime_error_t>> {
    match split(unsafe { std::slice::from_raw_parts(bytes, length) }) {
        Ok((made, image)) => {
            code.write(made.into());
            base.write(image.into());
            None
        }
        Err(error) => boxed_error(error),
    }
}
