//! wasi:http/handler 0.3.

use super::http::{Client, error_code, forward};
use super::state::State;
use http::header::HOST;
use http::uri::Scheme;
use http::{Request, Uri};
use std::sync::atomic::AtomicBool;
use wasmtime::Result;
use wasmtime::component::Accessor;
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::p3;
use wasmtime_wasi_http::p3::bindings::Service;

/// With scheme and authority, which HTTP/1.1 has in `Host`; where that is none, as it came.
fn with_origin(mut request: Request<WasiBody>) -> Request<WasiBody> {
    let mut parts = request.uri().clone().into_parts();
    let host = request.headers().get(HOST).and_then(|host| host.as_bytes().try_into().ok());
    parts.authority = parts.authority.or(host);
    parts.scheme = parts.scheme.or(Some(Scheme::HTTP));
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}

/// One request, from its head to the end of its response.
pub(super) async fn handle(
    accessor: &Accessor<State>,
    service: &Service,
    request: Request<WasiBody>,
    client: &Client,
) -> Result<()> {
    let request = with_origin(request);
    let request = accessor.with(|mut store| p3::Request::from_http(&mut store.data_mut().hooks, request).0);
    let response = service.handle(accessor, request).await?.map_err(|code| error_code(&code))?;
    let response = accessor.with(|store| response.into_http(store, async { Ok(()) }))?;
    // Who writes the body may be a task that goes on after the handler.
    forward(response, client, &AtomicBool::new(false)).await
}
