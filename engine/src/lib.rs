//! Wasmtime's C API, re-exported for core modules, with what that API lacks for mayfly: an engine with every
//! pooling knob, host functions that may wait, a resource limiter over the whole instance, and invocations
//! that our own event loops poll.
//!
//! Rules of this border: no C++ frame ever lives on a suspended fiber (a callback starts an operation and
//! returns, Rust suspends); callbacks do not unwind; every entry point that runs a guest catches panics.


#![allow(non_camel_case_types, reason = "the names of a C API")]
#![allow(dead_code, reason = "the variants that only C++ makes, the fields that only keep alive")]

mod bounds;
mod component;
mod door;
mod engine;
mod expose;
mod facts;
mod host;
mod inspect;
mod image;
mod instance;
mod limiter;
mod program;
mod rewind;
mod room;
mod wake;
mod writes;

pub use wasmtime_c_api::*;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The data of every store: the C API's own, so that its functions work on our stores.
pub(crate) type Data = wasmtime_c_api::WasmtimeStoreData;

/// A C struct of one field, seen as that field. Wasmtime's C API keeps the fields to itself but gives these
/// structs the layout of their only field.
macro_rules! inner {
    ($outer:expr, $outer_type:ty => $inner_type:ty) => {{
        const { assert!(size_of::<$outer_type>() == size_of::<$inner_type>()) };
        let outer: &$outer_type = $outer;
        unsafe { &*std::ptr::from_ref(outer).cast::<$inner_type>() }
    }};
}
pub(crate) use inner;

pub(crate) fn boxed_error(error: wasmtime::Error) -> Option<Box<wasmtime_error_t>> {
    Some(Box::new(error.into()))
}

/// Text from C++: UTF-8 by construction of the caller.
pub(crate) unsafe fn text<'a>(bytes: *const u8, length: usize) -> wasmtime::Result<&'a str> {
    if length == 0 {
        return Ok("");
    }
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    Ok(std::str::from_utf8(bytes)?)
}

/// Runs `work`; a panic becomes an error, as none may cross the border.
pub(crate) fn guarded<T>(work: impl FnOnce() -> wasmtime::Result<T>) -> wasmtime::Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(wasmtime::Error::msg(panic_text(&*panic))))
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the engine panicked: {}", text.unwrap_or("no message"))
}
