//! The result of a typed function, as JSON.

use super::refusal::{Refusal, mayfly_refusal_t};
use wasmtime::component::Val;

type Written = Result<(), Refusal>;

/// At most `most` bytes.
pub(super) fn json(value: &Val, most: usize) -> Result<String, Refusal> {
    let mut to = Text { json: String::new(), most };
    to.value(value)?;
    Ok(to.json)
}

struct Text {
    json: String,
    most: usize,
}

impl Text {
    fn put(&mut self, part: &str) -> Written {
        if self.json.len() + part.len() > self.most {
            let why = format!("the function's result is more than its {} bytes of JSON", self.most);
            return Err(Refusal::new(mayfly_refusal_t::TooLarge, why));
        }
        self.json.push_str(part);
        Ok(())
    }

    fn number(&mut self, number: impl serde::Serialize) -> Written {
        self.put(&serde_json::to_string(&number).unwrap_or_default())
    }

    fn float(&mut self, number: impl serde::Serialize, value: f64) -> Written {
        match value {
            _ if value.is_finite() => self.number(number),
            _ if value.is_nan() => self.put("\"NaN\""),
            _ => self.put(if value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" }),
        }
    }

    fn string(&mut self, text: &str) -> Written {
        if self.json.len() + text.len() > self.most {
            return self.put(text); // says that it does not fit
        }
        self.put(&serde_json::to_string(text).unwrap_or_default())
    }

    fn array<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Written,
    ) -> Written {
        self.put("[")?;
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.put(",")?;
            }
            write(self, item)?;
        }
        self.put("]")
    }

    fn member(&mut self, name: &str, value: Option<&Val>) -> Written {
        self.string(name)?;
        self.put(":")?;
        match value {
            Some(value) => self.value(value),
            None => self.put("null"),
        }
    }

    fn object<'a>(&mut self, members: impl IntoIterator<Item = (&'a str, Option<&'a Val>)>) -> Written {
        self.put("{")?;
        for (index, (name, value)) in members.into_iter().enumerate() {
            if index > 0 {
                self.put(",")?;
            }
            self.member(name, value)?;
        }
        self.put("}")
    }

    fn value(&mut self, value: &Val) -> Written {
        match value {
            Val::Bool(value) => self.put(if *value { "true" } else { "false" }),
            Val::S8(value) => self.number(value),
            Val::U8(value) => self.number(value),
            Val::S16(value) => self.number(value),
            Val::U16(value) => self.number(value),
            Val::S32(value) => self.number(value),
            Val::U32(value) => self.number(value),
            Val::S64(value) => self.number(value),
            Val::U64(value) => self.number(value),
            Val::Float32(value) => self.float(value, f64::from(*value)),
            Val::Float64(value) => self.float(value, *value),
            Val::Char(value) => self.string(value.encode_utf8(&mut [0; 4])),
            Val::String(text) | Val::Enum(text) => self.string(text),
            Val::List(items) | Val::Tuple(items) => self.array(items, Self::value),
            Val::Record(fields) => self.object(fields.iter().map(|(name, value)| (name.as_str(), Some(value)))),
            Val::Variant(case, None) => self.string(case),
            Val::Variant(case, Some(payload)) => self.object([(case.as_str(), Some(&**payload))]),
            Val::Flags(names) => self.array(names, |to, name| to.string(name)),
            Val::Option(None) => self.put("null"),
            Val::Option(Some(inner)) if matches!(**inner, Val::Option(_)) => self.object([("some", Some(&**inner))]),
            Val::Option(Some(inner)) => self.value(inner),
            Val::Result(Ok(payload)) => self.object([("ok", payload.as_deref())]),
            Val::Result(Err(payload)) => self.object([("err", payload.as_deref())]),
            // Functions that have these are refused when they are linked.
            Val::Resource(_)
            | Val::Future(_)
            | Val::Stream(_)
            | Val::ErrorContext(_)
            | Val::Map(_)
            | Val::FixedLengthList(_) => {
                Err(Refusal::new(mayfly_refusal_t::BadResult, "a result that JSON cannot carry"))
            }
        }
    }
}
