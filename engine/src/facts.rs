//! What has to be known of a module to keep, or put back, all that can change in an instance: its memory and its globals.

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{ConstExpr, MemoryType, ValType};
use wasmparser::{Operator, Parser, Payload, TypeRef};
use wasmtime::{Error, Result, Val};

pub(crate) struct Facts {
    pub memory: MemoryType,
    pub has_memory: bool,
    pub imported_globals: u32,
    /// Indices among the defined ones, with the values they start with.
    pub mutable_globals: Vec<(u32, ConstExpr, ValType)>,
    pub has_imports: bool,
    pub has_exports: bool,
    /// Whether it asks how large a memory is, or for more of it.
    pub grows: bool,
    pub types: u32,
    pub functions: u32,
    defined_globals: u32,
    /// Why it does not begin by itself, with nothing of anybody else's.
    leans: Option<&'static str>,
}

impl Facts {
    /// Of a module that is instantiated alone. An error says what else can change, or has changed before it begins.
    pub fn read_alone(bytes: &[u8]) -> Result<Self> {
        let facts = Self::read(bytes)?;
        facts.leans.map_or(Ok(facts), |why| Err(Error::msg(why)))
    }

    /// Of one that may use memories and tables of others, and have a start function.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let mut facts = Self {
            memory: empty_memory(),
            has_memory: false,
            imported_globals: 0,
            mutable_globals: vec![],
            has_imports: false,
            has_exports: false,
            grows: false,
            types: 0,
            functions: 0,
            defined_globals: 0,
            leans: None,
        };
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::ImportSection(imports) => {
                    facts.has_imports = true;
                    for import in imports.into_imports() {
                        match import?.ty {
                            TypeRef::Global(_) => facts.imported_globals += 1,
                            TypeRef::Func(_) => facts.functions += 1,
                            TypeRef::Memory(_) => {
                                facts.leans = Some("it imports its memory: an image takes one that is its own");
                            }
                            TypeRef::Table(_) => {
                                facts.leans = Some("it imports a table, of which an image knows nothing");
                            }
                            _ => {}
                        }
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        if std::mem::replace(&mut facts.has_memory, true) {
                            return Err(Error::msg("it has more than one memory"));
                        }
                        facts.memory = reencode::RoundtripReencoder.memory_type(memory?)?;
                    }
                }
                Payload::TypeSection(section) => {
                    for group in section {
                        facts.types += group?.types().len() as u32;
                    }
                }
                Payload::FunctionSection(section) => facts.functions += section.count(),
                Payload::GlobalSection(section) => facts.read_globals(section)?,
                Payload::ExportSection(_) => facts.has_exports = true,
                Payload::StartSection { .. } => {
                    facts.leans = Some("it has a start function, which no image can have run");
                }
                Payload::CodeSectionEntry(body) => facts.read_body(&body)?,
                _ => {}
            }
        }
        Ok(facts)
    }

    /// Their indices.
    pub fn mutable_globals(&self) -> impl Iterator<Item = u32> {
        self.mutable_globals.iter().map(|(defined, ..)| self.imported_globals + defined)
    }

    /// Of those, in that order.
    pub fn mutable_types(&self) -> impl Iterator<Item = ValType> {
        self.mutable_globals.iter().map(|(.., kind)| *kind)
    }

    pub fn globals(&self) -> u32 {
        self.imported_globals + self.defined_globals
    }

    /// Tables are made anew for each instance: what has been changed in them would be lost.
    fn read_body(&mut self, body: &wasmparser::FunctionBody) -> Result<()> {
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::TableSet { .. }
                | Operator::TableGrow { .. }
                | Operator::TableFill { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. }
                | Operator::ElemDrop { .. }
                | Operator::DataDrop { .. } => {
                    return Err(Error::msg("it changes its tables or segments while it runs, which no image keeps"));
                }
                Operator::MemoryGrow { .. } | Operator::MemorySize { .. } => self.grows = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_globals(&mut self, section: wasmparser::GlobalSectionReader) -> Result<()> {
        self.defined_globals = section.count();
        for (index, global) in section.into_iter().enumerate() {
            let global = global?;
            if !global.ty.mutable {
                continue;
            }
            let (value, kind) = number_of(&global.init_expr)?
                .and_then(constant)
                .ok_or_else(|| Error::msg("a mutable global of it is no number, so an image cannot keep it"))?;
            self.mutable_globals.push((index as u32, value, kind));
        }
        Ok(())
    }
}

/// What an expression says that is a number and nothing else; none for any other.
pub(crate) fn number_of(expression: &wasmparser::ConstExpr) -> Result<Option<Val>> {
    Ok(match expression.get_operators_reader().read()? {
        Operator::I32Const { value } => Some(Val::I32(value)),
        Operator::I64Const { value } => Some(Val::I64(value)),
        Operator::F32Const { value } => Some(Val::F32(value.bits())),
        Operator::F64Const { value } => Some(Val::F64(value.bits())),
        _ => None,
    })
}

/// The expression that says a number; none for any other value.
pub(crate) fn constant(value: Val) -> Option<(ConstExpr, ValType)> {
    Some(match value {
        Val::I32(value) => (ConstExpr::i32_const(value), ValType::I32),
        Val::I64(value) => (ConstExpr::i64_const(value), ValType::I64),
        Val::F32(bits) => (ConstExpr::f32_const(f32::from_bits(bits).into()), ValType::F32),
        Val::F64(bits) => (ConstExpr::f64_const(f64::from_bits(bits).into()), ValType::F64),
        _ => return None,
    })
}

pub(crate) fn empty_memory() -> MemoryType {
    MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: None }
}
