//! Arguments of a typed function, from JSON: read by their types in one pass, refused with the place of the first
//! mismatch.

use super::refusal::{Refusal, mayfly_refusal_t};
use super::shape::{Integer, Members, Shape};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::{Cell, RefCell};
use std::fmt::{self, Write};
use wasmtime::component::Val;

/// Values in one request: each takes some 40 bytes, and reading so many some 10 ms of the loop.
const MAX_VALUES: usize = 1 << 18;
/// Of what was found, in a message.
const SHOWN_CHARS: usize = 60;
/// Beyond, a double no longer tells integers apart.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
/// The greatest f32, as it is written.
pub(super) const MAX_F32: f64 = 3.4028235e38;

/// In the order of the parameters. The whole input is one object; nothing counts as an empty one.
pub(super) fn arguments(parameters: &Members<Shape>, json: &[u8]) -> Result<Vec<Val>, Refusal> {
    let json = if json.trim_ascii().is_empty() { b"{}" } else { json };
    let reading = Reading { path: RefCell::default(), left: Cell::new(MAX_VALUES), mismatch: RefCell::default() };
    let mut source = serde_json::Deserializer::from_slice(json);
    let read = source.deserialize_any(Object { members: parameters, reading: &reading });
    let read = read.and_then(|values| source.end().map(|()| values));
    read.map_err(|error| match reading.mismatch.take() {
        Some(mismatch) => Refusal::new(mayfly_refusal_t::BadArgument, mismatch),
        None => Refusal::new(mayfly_refusal_t::BadJson, format!("the body is not JSON: {error}")),
    })
}

enum Step {
    Member(String),
    Item(usize),
}

/// Where reading is, and why it stopped.
struct Reading {
    path: RefCell<Vec<Step>>,
    left: Cell<usize>,
    mismatch: RefCell<Option<String>>,
}

impl Reading {
    fn place(&self) -> String {
        let mut place = String::from("$");
        for step in self.path.borrow().iter() {
            let _ = match step {
                Step::Item(index) => write!(place, "[{index}]"),
                Step::Member(name) if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
                    write!(place, ".{name}")
                }
                Step::Member(name) => write!(place, "[{}]", shown(name)),
            };
        }
        place
    }

    fn fail<E: Error>(&self, why: impl fmt::Display) -> E {
        self.mismatch.borrow_mut().get_or_insert_with(|| format!("{}: {why}", self.place()));
        E::custom("mismatch")
    }

    fn count<E: Error>(&self) -> Result<(), E> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or_else(|| self.fail(format!("more than {MAX_VALUES} values in one request")))?);
        Ok(())
    }

    /// What `read` reads is one step further in.
    fn at<T, E>(&self, step: Step, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.path.borrow_mut().push(step);
        let value = read()?; // an error has noted the place
        self.path.borrow_mut().pop();
        Ok(value)
    }
}

/// A string as JSON would have it, cut short.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(SHOWN_CHARS).collect();
    let more = if start.len() < text.len() { "..." } else { "" };
    serde_json::Value::from(start + more).to_string()
}

/// One value, of a type.
#[derive(Clone, Copy)]
struct Seed<'a> {
    shape: &'a Shape,
    reading: &'a Reading,
}

impl<'a> Seed<'a> {
    fn mismatch<E: Error>(&self, found: impl fmt::Display) -> E {
        self.reading.fail(format!("expected {}, found {found}", self.shape.describe()))
    }

    fn of(&self, shape: &'a Shape) -> Self {
        Self { shape, ..*self }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Val;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Val, D::Error> {
        self.reading.count()?;
        match self.shape {
            Shape::Option(_) => from.deserialize_option(self),
            _ => from.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Val;

    fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str(&self.shape.describe())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Val, E> {
        match self.shape {
            Shape::Bool => Ok(Val::Bool(value)),
            _ => Err(self.mismatch(value)),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Val, E> {
        self.integer(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Val, E> {
        self.integer(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Val, E> {
        match self.shape {
            Shape::Integer(_) if value.fract() == 0.0 && value.abs() <= MAX_EXACT => self.integer(value as i128),
            Shape::F32 => self.single(value),
            Shape::F64 => Ok(Val::Float64(value)),
            _ => Err(self.mismatch(format!("the number {value:?}"))),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Val, E> {
        let mut chars = text.chars();
        match self.shape {
            Shape::String => Ok(Val::String(text.to_owned())),
            Shape::Char => match (chars.next(), chars.next()) {
                (Some(only), None) => Ok(Val::Char(only)),
                _ => Err(self.mismatch(shown(text))),
            },
            Shape::F32 => self.special(text).map(|value| Val::Float32(value as f32)),
            Shape::F64 => self.special(text).map(Val::Float64),
            Shape::Enum(cases) if cases.find(text).is_some() => Ok(Val::Enum(text.to_owned())),
            Shape::Variant(cases) => match cases.find(text) {
                Some((_, None)) => Ok(Val::Variant(text.to_owned(), None)),
                Some((_, Some(payload))) => Err(self
                    .reading
                    .fail(format!("the case `{text}` has a value: expected {{\"{text}\": {}}}", payload.describe()))),
                None => Err(self.mismatch(shown(text))),
            },
            _ => Err(self.mismatch(shown(text))),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Val, E> {
        Err(self.mismatch("null"))
    }

    fn visit_none<E: Error>(self) -> Result<Val, E> {
        Ok(Val::Option(None))
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Val, D::Error> {
        let Shape::Option(inner) = self.shape else { return Err(self.mismatch("a value")) };
        let read = if inner.is_option() { from.deserialize_any(self) } else { self.of(inner).deserialize(from) };
        read.map(|value| Val::Option(Some(Box::new(value))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Val, A::Error> {
        match self.shape {
            Shape::List(of) => {
                let mut list = Vec::new();
                while let Some(item) = self.next_item(&mut items, list.len(), of)? {
                    list.push(item);
                }
                Ok(Val::List(list))
            }
            Shape::Tuple(shapes) => self.tuple(items, shapes).map(Val::Tuple),
            Shape::Flags(flags) => {
                let mut set: Vec<String> = Vec::new();
                while let Some(Val::String(flag)) = self.next_item(&mut items, set.len(), &Shape::String)? {
                    let why_not = match flags.find(&flag) {
                        None => Some(format!("expected one of {}, found {}", flags.names(), shown(&flag))),
                        Some(_) if set.contains(&flag) => Some(format!("`{flag}` is given twice")),
                        Some(_) => None,
                    };
                    let index = set.len();
                    set.push(flag);
                    self.reading.at(Step::Item(index), || why_not.map_or(Ok(()), |why| Err(self.reading.fail(why))))?;
                }
                Ok(Val::Flags(set))
            }
            _ => Err(self.mismatch("an array")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Val, A::Error> {
        match self.shape {
            Shape::Record(fields) => {
                let values = Object { members: fields, reading: self.reading }.visit_map(members)?;
                Ok(Val::Record(fields.iter().map(|(name, _)| name.clone()).zip(values).collect()))
            }
            Shape::Variant(cases) => self
                .only_member(members, |name| match cases.find(name) {
                    Some((_, payload)) => Ok(payload.as_ref()),
                    None => Err(format!("expected one of {}, found {}", cases.names(), shown(name))),
                })
                .map(|(name, value)| Val::Variant(name, value)),
            Shape::Result(ok, err) => self
                .only_member(members, |name| match name {
                    "ok" => Ok(ok.as_deref()),
                    "err" => Ok(err.as_deref()),
                    _ => Err(format!("expected `ok` or `err`, found {}", shown(name))),
                })
                .map(|(name, value)| Val::Result(if name == "ok" { Ok(value) } else { Err(value) })),
            Shape::Option(inner) if inner.is_option() => self
                .only_member(members, |name| match name {
                    "some" => Ok(Some(&**inner)),
                    _ => Err(format!("expected `some`, found {}", shown(name))),
                })
                .map(|(_, value)| value.map_or(Val::Option(None), |value| *value)),
            _ => Err(self.mismatch("an object")),
        }
    }
}

impl<'a> Seed<'a> {
    fn integer<E: Error>(self, value: i128) -> Result<Val, E> {
        let Shape::Integer(integer) = self.shape else {
            return match self.shape {
                Shape::F32 => self.single(value as f64),
                Shape::F64 => Ok(Val::Float64(value as f64)),
                _ => Err(self.mismatch(value)),
            };
        };
        let (least, greatest) = integer.range();
        if value < least || value > greatest {
            return Err(self.mismatch(format!("{value}, which is not from {least} to {greatest}")));
        }
        Ok(match integer {
            Integer::S8 => Val::S8(value as i8),
            Integer::U8 => Val::U8(value as u8),
            Integer::S16 => Val::S16(value as i16),
            Integer::U16 => Val::U16(value as u16),
            Integer::S32 => Val::S32(value as i32),
            Integer::U32 => Val::U32(value as u32),
            Integer::S64 => Val::S64(value as i64),
            Integer::U64 => Val::U64(value as u64),
        })
    }

    fn single<E: Error>(self, value: f64) -> Result<Val, E> {
        if value.abs() > MAX_F32 {
            return Err(self.mismatch(format!("{value:?}, which is too large")));
        }
        Ok(Val::Float32(value as f32))
    }

    /// What JSON has no number for.
    fn special<E: Error>(self, text: &str) -> Result<f64, E> {
        match text {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            _ => Err(self.mismatch(shown(text))),
        }
    }

    fn next_item<'de, A: SeqAccess<'de>>(
        &self,
        items: &mut A,
        index: usize,
        of: &Shape,
    ) -> Result<Option<Val>, A::Error> {
        let seed = Seed { shape: of, reading: self.reading };
        self.reading.at(Step::Item(index), || items.next_element_seed(seed))
    }

    fn tuple<'de, A: SeqAccess<'de>>(&self, mut items: A, shapes: &[Shape]) -> Result<Vec<Val>, A::Error> {
        let mut list = Vec::new();
        for shape in shapes {
            match self.next_item(&mut items, list.len(), shape)? {
                Some(item) => list.push(item),
                None => return Err(self.mismatch(format!("{} items", list.len()))),
            }
        }
        match items.next_element::<IgnoredAny>()? {
            None => Ok(list),
            Some(_) => Err(self.mismatch(format!("more than {} items", list.len()))),
        }
    }

    /// The one member of an object, whose name says the type of its value: none for null.
    fn only_member<'de, 's, A: MapAccess<'de>>(
        &self,
        mut members: A,
        find: impl FnOnce(&str) -> Result<Option<&'s Shape>, String>,
    ) -> Result<(String, Option<Box<Val>>), A::Error> {
        let Some(name) = members.next_key::<String>()? else { return Err(self.mismatch("an empty object")) };
        let shape = find(&name).map_err(|why| self.reading.fail(why))?;
        let value = self.reading.at(Step::Member(name.clone()), || match shape {
            Some(shape) => {
                members.next_value_seed(Seed { shape, reading: self.reading }).map(|value| Some(Box::new(value)))
            }
            None => match members.next_value::<Option<IgnoredAny>>()? {
                None => Ok(None),
                Some(_) => Err(self.reading.fail("expected null, as it has no value")),
            },
        })?;
        match members.next_key::<String>()? {
            None => Ok((name, value)),
            Some(other) => {
                Err(self.reading.fail(format!("expected one member, found {} and {}", shown(&name), shown(&other))))
            }
        }
    }
}

/// Members of known names: those of a record, and the parameters.
struct Object<'a> {
    members: &'a Members<Shape>,
    reading: &'a Reading,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Vec<Val>;

    fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Vec<Val>, A::Error> {
        let mut values: Vec<Option<Val>> = Vec::new();
        values.resize_with(self.members.iter().len(), || None);
        while let Some(name) = members.next_key::<String>()? {
            let Some((place, shape)) = self.members.find(&name) else {
                let known = self.members.names();
                let known = if known.is_empty() { "there are none".into() } else { format!("there are {known}") };
                return Err(self.reading.fail(format!("unknown member {}: {known}", shown(&name))));
            };
            let seed = Seed { shape, reading: self.reading };
            let value = self.reading.at(Step::Member(name), || {
                if values[place].is_some() {
                    Err(self.reading.fail("the member is given twice"))
                } else {
                    members.next_value_seed(seed)
                }
            })?;
            values[place] = Some(value);
        }
        let absent = |(name, shape): &(String, Shape)| match shape {
            Shape::Option(_) => Ok(Val::Option(None)),
            _ => self.reading.at(Step::Member(name.clone()), || {
                Err(self.reading.fail(format!("expected {}, found nothing: the member is missing", shape.describe())))
            }),
        };
        values
            .into_iter()
            .zip(self.members.iter())
            .map(|(value, member)| value.map_or_else(|| absent(member), Ok))
            .collect()
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Vec<Val>, E> {
        Err(self.instead(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Vec<Val>, E> {
        Err(self.instead(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Vec<Val>, E> {
        Err(self.instead(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Vec<Val>, E> {
        Err(self.instead(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<Val>, E> {
        Err(self.instead(shown(text)))
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<Val>, E> {
        Err(self.instead("null"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Vec<Val>, A::Error> {
        Err(self.instead("an array"))
    }
}

impl Object<'_> {
    fn instead<E: Error>(&self, found: impl fmt::Display) -> E {
        self.reading.fail(format!("expected an object with a member for each parameter, found {found}"))
    }
}
