//! Handlers of wasi:http 0.3 without Wasmtime's asynchronous calls. A component that uses no more of them than a handler needs
//! is rewritten to one that has none (`rewrite.rs`, with `known.rs` and `numbers.rs`), when it is compiled. It is called by `run.rs`, for
//! the requests that `tasks.rs` has tasks for. What it calls itself is wasi:http/types (`http.rs`), the built-in functions of
//! the canonical ABI (`builtins.rs`), and waits (`subtasks.rs`). Its streams and futures are channels (`channels.rs`, `transfer.rs`), of
//! which a request's body (`source.rs`), or the response that goes out (`answer.rs`), is the other end.

mod answer;
mod builtins;
mod channels;
mod http;
mod known;
mod numbers;
mod rewrite;
mod run;
mod source;
mod subtasks;
mod tasks;
mod transfer;

pub(super) use rewrite::with_plain_handler;
pub(super) use run::{Exports, Functions, handle, serve};
pub(super) use tasks::Tasks;

use super::state::State;
use wasmtime::Result;
use wasmtime::component::Linker;
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::p3::bindings::cli::{environment, exit};
use wasmtime_wasi::p3::bindings::clocks::system_clock;
use wasmtime_wasi::p3::random;

/// What `types.wat` and `clock.wat` have.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    let mut types = linker.instance("wasi:http/types@0.3.0")?;
    http::add_to(&mut types)?;
    builtins::add_to(&mut types)?;
    subtasks::add_to(&mut types)?;
    subtasks::add_clock_to(&mut linker.instance("wasi:clocks/monotonic-clock@0.3.0")?)?;
    // What is the same in both.
    random::add_to_linker(linker)?;
    system_clock::add_to_linker::<_, WasiClocks>(linker, State::clocks)?;
    environment::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    exit::add_to_linker::<_, WasiCli>(linker, State::cli)
}
