//! The types of typed functions, taken out of Wasmtime's once: what arguments are read by and documents are written
//! from.

use std::collections::HashMap;
use wasmtime::component::Type;
use wasmtime::component::types::{Case, Field};

/// Types inside types, counted at each place, of one component: its document lists them all.
pub(super) const MAX_SHAPES: usize = 20_000;

/// A WIT type whose values JSON can carry.
pub(super) enum Shape {
    Bool,
    Integer(Integer),
    F32,
    F64,
    Char,
    String,
    List(Box<Shape>),
    Record(Members<Shape>),
    Tuple(Vec<Shape>),
    Variant(Members<Option<Shape>>),
    Enum(Members<()>),
    Flags(Members<()>),
    Option(Box<Shape>),
    Result(Option<Box<Shape>>, Option<Box<Shape>>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Integer {
    S8,
    U8,
    S16,
    U16,
    S32,
    U32,
    S64,
    U64,
}

impl Integer {
    pub fn name(self) -> &'static str {
        match self {
            Self::S8 => "s8",
            Self::U8 => "u8",
            Self::S16 => "s16",
            Self::U16 => "u16",
            Self::S32 => "s32",
            Self::U32 => "u32",
            Self::S64 => "s64",
            Self::U64 => "u64",
        }
    }

    /// The least and the greatest value.
    pub fn range(self) -> (i128, i128) {
        match self {
            Self::S8 => (i8::MIN.into(), i8::MAX.into()),
            Self::U8 => (0, u8::MAX.into()),
            Self::S16 => (i16::MIN.into(), i16::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::S32 => (i32::MIN.into(), i32::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::S64 => (i64::MIN.into(), i64::MAX.into()),
            Self::U64 => (0, u64::MAX.into()),
        }
    }
}

/// Names with what they stand for, in order: fields, cases, parameters.
pub(super) struct Members<T> {
    list: Vec<(String, T)>,
    places: HashMap<String, usize>,
}

impl<T> Members<T> {
    pub fn new(list: Vec<(String, T)>) -> Self {
        let places = list.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
        Self { list, places }
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(String, T)> {
        self.list.iter()
    }

    pub fn find(&self, name: &str) -> Option<(usize, &T)> {
        self.places.get(name).map(|&place| (place, &self.list[place].1))
    }

    /// As `a`, `b`; the first of many.
    pub fn names(&self) -> String {
        const SHOWN: usize = 12;
        let names: Vec<String> = self.list.iter().take(SHOWN).map(|(name, _)| format!("`{name}`")).collect();
        names.join(", ") + if self.list.len() > SHOWN { ", ..." } else { "" }
    }
}

impl Shape {
    /// An error names a type that JSON cannot carry. `left` is how many more types there may be.
    pub fn new(ty: &Type, left: &mut usize) -> Result<Self, String> {
        *left = left.checked_sub(1).ok_or_else(|| format!("more than the {MAX_SHAPES} types a component may have"))?;
        let inner = |ty: Type, left: &mut usize| Self::new(&ty, left).map(Box::new);
        Ok(match ty {
            Type::Bool => Self::Bool,
            Type::S8 => Self::Integer(Integer::S8),
            Type::U8 => Self::Integer(Integer::U8),
            Type::S16 => Self::Integer(Integer::S16),
            Type::U16 => Self::Integer(Integer::U16),
            Type::S32 => Self::Integer(Integer::S32),
            Type::U32 => Self::Integer(Integer::U32),
            Type::S64 => Self::Integer(Integer::S64),
            Type::U64 => Self::Integer(Integer::U64),
            Type::Float32 => Self::F32,
            Type::Float64 => Self::F64,
            Type::Char => Self::Char,
            Type::String => Self::String,
            Type::List(list) => Self::List(inner(list.ty(), left)?),
            Type::Record(record) => {
                let fields = record.fields().map(|Field { name, ty }| Ok((name.to_owned(), Self::new(&ty, left)?)));
                Self::Record(Members::new(fields.collect::<Result<_, String>>()?))
            }
            Type::Tuple(tuple) => Self::Tuple(tuple.types().map(|ty| Self::new(&ty, left)).collect::<Result<_, _>>()?),
            Type::Variant(variant) => {
                let cases = variant
                    .cases()
                    .map(|Case { name, ty }| Ok((name.to_owned(), ty.map(|ty| Self::new(&ty, left)).transpose()?)));
                Self::Variant(Members::new(cases.collect::<Result<_, String>>()?))
            }
            Type::Enum(cases) => Self::Enum(names(cases.names(), left)?),
            Type::Flags(flags) => Self::Flags(names(flags.names(), left)?),
            Type::Option(option) => Self::Option(inner(option.ty(), left)?),
            Type::Result(result) => Self::Result(
                result.ok().map(|ty| inner(ty, left)).transpose()?,
                result.err().map(|ty| inner(ty, left)).transpose()?,
            ),
            Type::Own(_) => return Err("a resource".into()),
            Type::Borrow(_) => return Err("a borrowed resource".into()),
            Type::Future(_) => return Err("a future".into()),
            Type::Stream(_) => return Err("a stream".into()),
            Type::ErrorContext => return Err("an error-context".into()),
            Type::FixedLengthList(_) => return Err("a list of fixed length".into()),
            Type::Map(_) => return Err("a map".into()),
        })
    }

    /// What a value of it looks like in JSON, for who sent another.
    pub fn describe(&self) -> String {
        match self {
            Self::Bool => "bool".into(),
            Self::Integer(integer) => integer.name().into(),
            Self::F32 => "f32".into(),
            Self::F64 => "f64".into(),
            Self::Char => "char, a string of one character".into(),
            Self::String => "string".into(),
            Self::List(_) => "list, an array".into(),
            Self::Record(members) => format!("record, an object with {}", members.names()),
            Self::Tuple(items) => format!("tuple, an array of {}", items.len()),
            Self::Variant(cases) => format!("variant, one of {}", cases.names()),
            Self::Enum(cases) => format!("enum, one of {}", cases.names()),
            Self::Flags(flags) => format!("flags, an array of some of {}", flags.names()),
            Self::Option(inner) if inner.is_option() => "option, null or an object with `some`".into(),
            Self::Option(inner) => format!("option, null or {}", inner.describe()),
            Self::Result(..) => "result, an object with `ok` or `err`".into(),
        }
    }

    pub fn is_option(&self) -> bool {
        matches!(self, Self::Option(_))
    }
}

fn names<'a>(names: impl ExactSizeIterator<Item = &'a str>, left: &mut usize) -> Result<Members<()>, String> {
    *left = left
        .checked_sub(names.len())
        .ok_or_else(|| format!("more than the {MAX_SHAPES} names a component may have"))?;
    Ok(Members::new(names.map(|name| (name.to_owned(), ())).collect()))
}
