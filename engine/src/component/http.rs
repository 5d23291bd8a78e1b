//! What wasi:http 0.2 and 0.3 have in common: how a request comes in, and a response goes out.

use super::host::{Waiting, mayfly_body_part_t, mayfly_bytes_t, mayfly_field_t, mayfly_host_t};
use super::refusal::{Refusal, mayfly_refusal_t};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};
use wasmtime::{Error, Result, Trap};
use wasmtime_wasi_http::WasiBody;

/// The head of an HTTP request.
#[repr(C)]
pub struct mayfly_request_t {
    pub method: mayfly_bytes_t,
    pub target: mayfly_bytes_t,
    pub authority: mayfly_bytes_t,
    pub fields: *const mayfly_field_t,
    pub field_count: usize,
    /// Whether the body is still arriving, for mayfly_host_t::read_body to tell; otherwise it is the input of the call.
    pub streams_body: bool,
}

/// Where an invocation's request comes from, and where its response goes.
#[derive(Clone, Copy)]
pub(super) struct Client {
    pub host: mayfly_host_t,
    pub waiting: Waiting,
}

impl mayfly_request_t {
    /// The request as the crates have it.
    pub(super) unsafe fn with_body(&self, whole: Bytes, client: Client) -> Result<Request<WasiBody>> {
        let mut made = Request::builder().method(unsafe { self.method.get() }).uri(unsafe { self.target.get() });
        for field in unsafe { slice(self.fields, self.field_count) } {
            made = made.header(unsafe { field.name.get() }, unsafe { field.value.get() });
        }
        let body = match self.streams_body {
            true => Arriving { client, last_came: false }.boxed_unsync(),
            false => Full::new(whole).map_err(|never| match never {}).boxed_unsync(),
        };
        let mut made = made.body(body)?;
        if !made.headers().contains_key(http::header::HOST) && made.uri().authority().is_none() {
            made.headers_mut().insert(http::header::HOST, HeaderValue::from_bytes(unsafe { self.authority.get() })?);
        }
        Ok(made)
    }
}

pub(super) unsafe fn slice<'a, T>(data: *const T, count: usize) -> &'a [T] {
    if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(data, count) } }
}

/// A request's body that C++ reads.
struct Arriving {
    client: Client,
    last_came: bool,
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = wasmtime_wasi_http::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.last_came {
            return Poll::Ready(None);
        }
        if !self.client.host.at_home() {
            return self.client.waiting.poll(context);
        }
        let mut part = MaybeUninit::<mayfly_body_part_t>::uninit();
        (self.client.host.read_body)(self.client.host.data, &mut part);
        let part = unsafe { part.assume_init() };
        let bytes = unsafe { part.bytes.get() };
        let trailers = unsafe { slice(part.trailers, part.trailer_count) };
        self.last_came = part.is_last && (bytes.is_empty() || trailers.is_empty());
        if !bytes.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(bytes)))));
        }
        match part.is_last {
            false => self.client.waiting.poll(context),
            true if trailers.is_empty() => Poll::Ready(None),
            true => Poll::Ready(Some(Ok(Frame::trailers(header_map(trailers))))),
        }
    }
}

fn header_map(fields: &[mayfly_field_t]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for field in fields {
        let (name, value) = unsafe { (field.name.get(), field.value.get()) };
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            map.append(name, value);
        }
    }
    map
}

fn with_fields(map: &HeaderMap, put: impl FnOnce(*const mayfly_field_t, usize) -> bool) -> Result<()> {
    let fields: Vec<mayfly_field_t> = map
        .iter()
        .map(|(name, value)| mayfly_field_t {
            name: mayfly_bytes_t::of(name.as_str().as_bytes()),
            value: mayfly_bytes_t::of(value.as_bytes()),
        })
        .collect();
    go_on(put(fields.as_ptr(), fields.len()))
}

/// A handler's answer that is an error.
pub(super) fn error_code(code: &impl std::fmt::Debug) -> Error {
    bad_response(format!("the function answered with the error {code:?}"))
}

fn bad_response(text: String) -> Error {
    Refusal::new(mayfly_refusal_t::BadResponse, text).into()
}

fn unfinished(error: wasmtime_wasi_http::Error) -> Error {
    bad_response(format!("the function did not finish its response's body, or not as its content-length says: {error}"))
}

fn go_on(taken: bool) -> Result<()> {
    if taken { Ok(()) } else { Err(Trap::Interrupt.into()) }
}

/// Hands a response on as it comes.
pub(super) async fn forward(response: Response<WasiBody>, client: Client) -> Result<()> {
    let host = client.host;
    let (head, mut body) = response.into_parts();
    host.wait_for_home(client.waiting).await;
    with_fields(&head.headers, |fields, count| (host.respond)(host.data, head.status.as_u16(), fields, count))?;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(unfinished)?;
        host.wait_for_room(client.waiting).await;
        match frame.into_data() {
            Ok(bytes) => go_on((host.send)(host.data, mayfly_bytes_t::of(&bytes)))?,
            Err(frame) => {
                let Ok(trailers) = frame.into_trailers() else { continue };
                with_fields(&trailers, |fields, count| (host.send_trailers)(host.data, fields, count))?;
            }
        }
    }
    Ok(())
}
