//! wasi:http/incoming-handler 0.2.

use super::call::{Ended, Made};
use super::http::{Client, error_code, forward};
use super::refusal::{Refusal, mayfly_refusal_t};
use super::state::State;
use futures::future::try_join;
use http::Request;
use tokio::sync::oneshot;
use wasmtime::Store;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{WasiBody, WasiHttpView};

pub(super) async fn handle(
    mut store: Store<State>,
    pre: &ProxyPre<State>,
    request: Request<WasiBody>,
    client: Client,
    made: &mut Made,
) -> Ended {
    let (send, receive) = oneshot::channel();
    let request = store.data_mut().http().new_incoming_request(Scheme::Http, request)?;
    let out = store.data_mut().http().new_response_outparam(send)?;
    let call = async move {
        let proxy = pre.instantiate_async(&mut store).await?;
        made.note();
        proxy.wasi_http_incoming_handler().call_handle(&mut store, request, out).await
        // The store goes here, and with it the bodies that the guest has not finished.
    };
    let answer = async move {
        match receive.await {
            Ok(Ok(response)) => forward(response, client).await.map(|()| true),
            Ok(Err(code)) => Err(error_code(&code)),
            Err(_) => Ok(false),
        }
    };
    match try_join(call, answer).await?.1 {
        true => Ok(String::new()),
        false => Err(Refusal::new(mayfly_refusal_t::NoResponse, "the function returned without setting a response").into()),
    }
}
