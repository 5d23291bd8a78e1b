//! wasi:http/handler 0.3.

use super::call::{Ended, Made};
use super::http::{Client, error_code, forward};
use super::state::State;
use http::header::HOST;
use http::uri::Scheme;
use http::{Request, Uri};
use wasmtime::Store;
use wasmtime_wasi_http::p3;
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::WasiBody;

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

pub(super) async fn handle(
    mut store: Store<State>,
    pre: &ServicePre<State>,
    request: Request<WasiBody>,
    client: Client,
    made: &mut Made,
) -> Ended {
    let service = pre.instantiate_async(&mut store).await?;
    made.note();
    let (request, sent) = p3::Request::from_http(&mut store.data_mut().hooks, with_origin(request));
    store
        .run_concurrent(async move |accessor| {
            let handled = service.handle(accessor, request).await?;
            let response = handled.map_err(|code| error_code(&code))?;
            let response = accessor.with(|store| response.into_http(store, async { Ok(()) }))?;
            forward(response, client).await
        })
        .await??;
    drop(sent);
    Ok(String::new())
}
