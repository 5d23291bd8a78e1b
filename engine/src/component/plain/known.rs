//! What there is to know of the types of a component, to tell which of its streams and futures a plain handler can have.

use wasmparser::{ComponentDefinedType, ComponentType, ComponentValType as Value, PrimitiveValType as Primitive};

#[derive(Clone, Copy)]
pub(super) enum Known {
    /// Of wasi:http/types, what is a resource there.
    Resource(&'static str),
    ErrorCode,
    Handle,
    Option(Value),
    Result(Option<Value>, Option<Value>),
    Stream,
    Trailers,
    Sent,
    Other,
}

impl Known {
    /// Of one that refers to `types`.
    pub fn of(ty: &ComponentType, types: &[Self]) -> Self {
        let at = |index: u32| types.get(index as usize).copied().unwrap_or(Self::Other);
        let of = |value: Option<Value>| match value {
            Some(Value::Type(index)) => at(index),
            _ => Self::Other,
        };
        let ComponentType::Defined(ty) = ty else { return Self::Other };
        match *ty {
            ComponentDefinedType::Own(resource) | ComponentDefinedType::Borrow(resource) => match at(resource) {
                Self::Resource(_) => Self::Handle,
                _ => Self::Other,
            },
            ComponentDefinedType::Option(some) => Self::Option(some),
            ComponentDefinedType::Result { ok, err } => Self::Result(ok, err),
            ComponentDefinedType::Stream(Some(Value::Primitive(Primitive::U8))) => Self::Stream,
            ComponentDefinedType::Future(value) => match of(value) {
                Self::Result(ok, err) if matches!(of(err), Self::ErrorCode) => match ok.map(|ok| of(Some(ok))) {
                    None => Self::Sent,
                    Some(Self::Option(fields)) if matches!(of(Some(fields)), Self::Handle) => Self::Trailers,
                    Some(_) => Self::Other,
                },
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }

    /// What wasi:http/types has by that name.
    pub fn of_http(name: &str) -> Self {
        match name {
            "fields" | "headers" | "trailers" => Self::Resource("fields-drop"),
            "request" => Self::Resource("request-drop"),
            "response" => Self::Resource("response-drop"),
            "error-code" => Self::ErrorCode,
            _ => Self::Other,
        }
    }
}
