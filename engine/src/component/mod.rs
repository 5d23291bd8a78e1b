//! Components: what `wasmtime-wasi` and `wasmtime-wasi-http` host, called directly and polled by our event loops.

mod call;
mod compose;
mod host;
mod http02;
mod http03;
mod http;
mod imports;
mod openapi;
mod outgoing;
mod outside;
mod program;
mod read;
mod refusal;
mod runtime;
mod shape;
mod sockets;
mod state;
mod typed;
mod write;

pub(crate) use refusal::{Refusal, mayfly_refusal_t};
pub(crate) use runtime::enter;
