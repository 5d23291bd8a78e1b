//! Components: what `wasmtime-wasi` and `wasmtime-wasi-http` host, called directly and polled by our event loops.

mod call;
mod files;
mod filesystem02;
mod filesystem03;
mod host;
mod http02;
mod http03;
mod imports;
mod keyvalue;
mod outgoing;
mod outside;
mod program;
mod runtime;
mod settings;
mod sockets;
mod state;
mod versions;

pub(crate) use runtime::enter;
