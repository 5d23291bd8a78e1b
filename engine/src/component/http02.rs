//! wasi:http/incoming-handler 0.2.

use super::http::{Client, error_code, forward, no_response};
use super::state::State;
use futures::future::try_join;
use http::Request;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;
use wasmtime::{Result, Store};
use wasmtime_wasi_http::p2::bindings::Proxy;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{WasiBody, WasiHttpView};

/// One request, from its head to the end of its response.
pub(super) async fn handle(
    store: &mut Store<State>,
    proxy: &Proxy,
    request: Request<WasiBody>,
    client: &Client,
) -> Result<()> {
    let (send, receive) = oneshot::channel();
    let request = store.data_mut().http().new_incoming_request(Scheme::Http, request)?;
    let out = store.data_mut().http().new_response_outparam(send)?;
    let over = AtomicBool::new(false);
    let call = async {
        proxy.wasi_http_incoming_handler().call_handle(store, request, out).await?;
        over.store(true, Ordering::Relaxed);
        Ok(())
    };
    let answer = async {
        match receive.await {
            Ok(Ok(response)) => forward(response, client, &over).await,
            Ok(Err(code)) => Err(error_code(&code)),
            Err(_) => Err(no_response()),
        }
    };
    try_join(call, answer).await.map(|_| ())
}
