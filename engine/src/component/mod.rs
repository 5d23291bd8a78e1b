//! Components: what `wasmtime-wasi` and `wasmtime-wasi-http` host, called directly and polled by our event loops.

mod call;
mod host;
mod http;
mod http02;
mod http03;
mod program;
mod runtime;
mod state;

pub(crate) use runtime::enter;
