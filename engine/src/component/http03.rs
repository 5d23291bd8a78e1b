//! wasi:http/handler 0.3.

use super::call::{Ended, Made};
use super::http::{Client, error_code, forward};
use super::state::State;
use http::Request;
use wasmtime::Store;
use wasmtime_wasi_http::p3;
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::WasiBody;

pub(super) async fn handle(
    mut store: Store<State>,
    pre: &ServicePre<State>,
    request: Request<WasiBody>,
    client: Client,
    made: &mut Made,
) -> Ended {
    let service = pre.instantiate_async(&mut store).await?;
    made.note();
    let (request, sent) = p3::Request::from_http(&mut store.data_mut().hooks, request);
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
