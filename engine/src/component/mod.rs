//! Components: what `wasmtime-wasi` and `wasmtime-wasi-http` host, called directly and polled by our event loops.

mod call;
mod host;
mod http02;
mod http03;
mod imports;
mod outgoing;
mod outside;
mod program;
mod runtime;
mod sockets;
mod state;

pub(crate) use runtime::enter;
