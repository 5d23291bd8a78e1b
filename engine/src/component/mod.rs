//! Components: what `wasmtime-wasi` and `wasmtime-wasi-http` host, called directly and polled by our event loops.

mod call;
mod compose;
mod files;
mod filesystem;
mod filesystem02;
mod filesystem03;
mod host;
mod http;
mod http02;
mod http03;
mod imports;
mod keyvalue;
mod openapi;
mod outgoing;
mod outline;
mod outside;
mod program;
mod read;
mod refusal;
mod rewinder;
mod rewinding;
mod runtime;
mod serve;
mod settings;
mod shape;
mod sockets;
mod state;
mod typed;
mod upload;
mod versions;
mod write;

pub(crate) use refusal::{Refusal, mayfly_refusal_t};
pub(crate) use rewinding::Rewinding;
pub(crate) use runtime::enter;
pub(crate) use serve::Jobs;
