//! What a store of a component holds: its WASI context, its resources, its limits.

use crate::instance::Shared;
use http::Request;
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
    pub shared: *mut Shared,
}
unsafe impl Send for State {} // `shared` belongs to the instance, which has one owner at a time

impl State {
    pub fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        unsafe { &mut (*self.shared).limiter }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

/// Nothing outside is granted to a component yet.
pub(crate) struct Hooks;

type Later = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        _request: Request<WasiBody>,
        _options: Option<RequestOptions>,
        _sent: Later,
    ) -> Box<dyn Future<Output = wasmtime_wasi_http::Result<(http::Response<WasiBody>, Later)>> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied.into()) })
    }
}
