//! What a store of a component holds: its WASI context, its resources, its limits.

use super::files::Files;
use super::host::mayfly_host_t;
use super::keyvalue::Kept;
use super::outgoing;
use super::outside::Outbox;
use super::plain::Tasks;
use crate::instance::Shared;
use http::Request;
use std::sync::Arc;
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

pub(crate) struct State {
    pub wasi: WasiCtx,
    pub http: WasiHttpCtx,
    pub hooks: Hooks,
    pub table: ResourceTable,
    pub files: Files,
    pub host: mayfly_host_t,
    pub config: Vec<(String, String)>,
    pub kept: Arc<Kept>,
    pub kept_most: usize, // bytes
    pub sockets: usize, // open ones of 0.2
    /// Whether a guest has called the host since this was false last; of functions with resources, the table tells.
    pub asked: bool,
    /// Of a plain handler.
    pub tasks: Tasks,
    pub shared: *mut Shared,
}
unsafe impl Send for State {} // `shared` belongs to the instance, which has one owner at a time

/// Resources that a guest may have at once: requests, streams, sockets, and what the host keeps with them.
const MOST_RESOURCES: usize = 10_000;

pub(super) fn table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(MOST_RESOURCES);
    table
}

impl State {
    pub fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        unsafe { &mut (*self.shared).limiter }
    }
}

impl State {
    /// For what a plain handler calls.
    pub fn tasks(&mut self) -> &mut Tasks {
        self.asked = true;
        &mut self.tasks
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.asked = true;
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.asked = true;
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

/// Where what wasi:http sends goes.
pub(crate) struct Hooks(pub Arc<Outbox>);

pub(super) type Later = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// What a guest may write of a body at once, and what may wait twice behind that; the crate's is a mebibyte.
const CHUNK: usize = 64 << 10;

impl WasiHttpHooks for Hooks {
    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK
    }

    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Later,
    ) -> Box<dyn Future<Output = wasmtime_wasi_http::Result<(http::Response<WasiBody>, Later)>> + Send> {
        let outbox = self.0.clone();
        Box::new(outgoing::send(outbox, request, options))
    }
}
