//! wasi:http/handler 0.3.

use super::call::{Ended, Made};
use super::http02::forward;
use super::host::mayfly_host_t;
use super::state::State;
use http::Request;
use wasmtime::{Error, Store};
use wasmtime_wasi_http::p3;
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::WasiBody;

pub(super) async fn handle(
    mut store: Store<State>,
    pre: &ServicePre<State>,
    request: Request<WasiBody>,
    host: mayfly_host_t,
    made: &mut Made,
) -> Ended {
    let service = pre.instantiate_async(&mut store).await?;
    made.note();
    let (request, sent) = p3::Request::from_http(&mut store.data_mut().hooks, request);
    store
        .run_concurrent(async move |accessor| {
            let handled = service.handle(accessor, request).await?;
            let response = handled.map_err(|code| Error::msg(format!("the function answered with the error {code:?}")))?;
            let response = accessor.with(|store| response.into_http(store, async { Ok(()) }))?;
            forward(response, host).await
        })
        .await??;
    drop(sent);
    Ok(String::new())
}
