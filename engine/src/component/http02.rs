//! wasi:http/incoming-handler 0.2.

use super::call::{Ended, Made, mayfly_request_t};
use super::host::{mayfly_bytes_t, mayfly_field_t, mayfly_host_t};
use super::state::State;
use bytes::Bytes;
use futures::future::try_join;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use tokio::sync::oneshot;
use wasmtime::{Error, Result, Store, Trap};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{WasiBody, WasiHttpView};

/// The request as the crates have it.
pub(super) unsafe fn request(head: &mayfly_request_t, body: Bytes) -> Result<Request<WasiBody>> {
    let mut made = Request::builder().method(unsafe { head.method.get() }).uri(unsafe { head.target.get() });
    let fields = if head.field_count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(head.fields, head.field_count) } };
    for field in fields {
        made = made.header(unsafe { field.name.get() }, unsafe { field.value.get() });
    }
    let mut made = made.body(Full::new(body).map_err(|never| match never {}).boxed_unsync())?;
    if !made.headers().contains_key(http::header::HOST) && made.uri().authority().is_none() {
        made.headers_mut().insert(http::header::HOST, http::HeaderValue::from_bytes(unsafe { head.authority.get() })?);
    }
    Ok(made)
}

pub(super) async fn handle(
    mut store: Store<State>,
    pre: &ProxyPre<State>,
    request: Request<WasiBody>,
    host: mayfly_host_t,
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
            Ok(Ok(response)) => forward(response, host).await.map(|()| true),
            Ok(Err(code)) => Err(Error::msg(format!("the function answered with the error {code:?}"))),
            Err(_) => Ok(false),
        }
    };
    match try_join(call, answer).await?.1 {
        true => Ok(String::new()),
        false => Err(Error::msg("the function returned without setting a response")),
    }
}

/// Hands a response on as it comes.
pub(super) async fn forward(response: Response<WasiBody>, host: mayfly_host_t) -> Result<()> {
    let stop = || Error::from(Trap::Interrupt);
    let (head, mut body) = response.into_parts();
    let fields: Vec<mayfly_field_t> = head
        .headers
        .iter()
        .map(|(name, value)| mayfly_field_t {
            name: mayfly_bytes_t::of(name.as_str().as_bytes()),
            value: mayfly_bytes_t::of(value.as_bytes()),
        })
        .collect();
    let taken = (host.respond)(host.data, head.status.as_u16(), fields.as_ptr(), fields.len());
    drop(fields);
    if !taken {
        return Err(stop());
    }
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Error::msg(format!("the response's body ended early: {error}")))?;
        let Ok(bytes) = frame.into_data() else { continue };
        host.wait_for_room().await;
        if !(host.send)(host.data, mayfly_bytes_t::of(&bytes)) {
            return Err(stop());
        }
    }
    Ok(())
}
