//! What wasi:http 0.2 and 0.3 have in common: how a request comes in, and a response goes out.

use super::host::{Waiting, mayfly_bytes_t, mayfly_field_t};
use super::refusal::{Refusal, mayfly_refusal_t};
use crate::instance::Shared;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use std::ffi::c_void;
use std::future::{poll_fn, ready};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use wasmtime::{Error, Result};
use wasmtime_wasi_http::WasiBody;

/// What mayfly_client_t::read_body found. Valid until it is called again.
#[repr(C)]
pub struct mayfly_body_part_t {
    pub bytes: mayfly_bytes_t,
    pub is_last: bool,
    /// Of the last part.
    pub trailers: *const mayfly_field_t,
    pub trailer_count: usize,
}

/// Where a request comes from, and its response goes. Called on the thread that polls the instance, while it does. Those
/// that return a bool say whether to go on; when they do not, C++ has noted why and the request ends. What can wait is
/// asked again with each poll.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mayfly_client_t {
    /// Handed to each.
    pub data: *mut c_void,
    /// As mayfly_host_t has it: only then are the others called.
    pub at_home: extern "C" fn(data: *mut c_void) -> bool,
    /// Whether there is room for more of the body. When there is none, the instance is polled again once there is.
    pub has_room: extern "C" fn(data: *mut c_void) -> bool,
    /// The next part of the body, for one that streams: empty, and not the last, when it has not arrived.
    pub read_body: extern "C" fn(data: *mut c_void, part: &mut MaybeUninit<mayfly_body_part_t>),
    /// The head of the response, once.
    pub respond:
        extern "C" fn(data: *mut c_void, status: u16, fields: *const mayfly_field_t, field_count: usize) -> bool,
    /// Bytes of its body, in order.
    pub send: extern "C" fn(data: *mut c_void, bytes: mayfly_bytes_t) -> bool,
    /// What follows the body.
    pub send_trailers:
        extern "C" fn(data: *mut c_void, fields: *const mayfly_field_t, field_count: usize) -> bool,
}
unsafe impl Send for mayfly_client_t {} // of an instance, which has one owner at a time
unsafe impl Sync for mayfly_client_t {}

/// An HTTP request.
#[repr(C)]
pub struct mayfly_request_t {
    pub client: mayfly_client_t,
    pub method: mayfly_bytes_t,
    pub target: mayfly_bytes_t,
    pub authority: mayfly_bytes_t,
    pub fields: *const mayfly_field_t,
    pub field_count: usize,
    /// All of it, unless it is still arriving.
    pub body: mayfly_bytes_t,
    /// What follows a body that is all here.
    pub trailers: *const mayfly_field_t,
    pub trailer_count: usize,
    /// Whether the body is for mayfly_client_t::read_body to tell.
    pub streams_body: bool,
}

/// Who is asked for one request, until that is over: what the guest keeps of it may live on.
pub(super) struct Client {
    calls: mayfly_client_t,
    waiting: Waiting,
    gone: AtomicBool,
}

impl Client {
    pub fn new(calls: mayfly_client_t, shared: *mut Shared) -> Arc<Self> {
        Arc::new(Self { calls, waiting: Waiting(shared), gone: AtomicBool::new(false) })
    }

    /// From here on C++ is not called.
    pub fn leave(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    fn at_home(&self) -> bool {
        self.is_gone() || (self.calls.at_home)(self.calls.data)
    }

    fn has_room(&self) -> bool {
        self.at_home() && (self.is_gone() || (self.calls.has_room)(self.calls.data))
    }

    pub fn poll_home(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.at_home() { Poll::Ready(()) } else { self.waiting.poll(context) }
    }

    pub fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.has_room() { Poll::Ready(()) } else { self.waiting.poll(context) }
    }

    pub async fn wait_for_home(&self) {
        poll_fn(|context| self.poll_home(context)).await
    }

    fn call(&self, call: impl FnOnce(&mayfly_client_t) -> bool) -> Result<()> {
        match self.is_gone() || call(&self.calls) {
            true => Ok(()),
            false => Err(bad_response("the request was stopped".to_owned())), // C++ knows better
        }
    }

    pub fn respond(&self, status: u16, fields: &HeaderMap) -> Result<()> {
        let fields = fields_of(fields);
        self.call(|calls| (calls.respond)(calls.data, status, fields.as_ptr(), fields.len()))
    }

    pub fn send(&self, bytes: &[u8]) -> Result<()> {
        self.call(|calls| (calls.send)(calls.data, mayfly_bytes_t::of(bytes)))
    }

    pub fn send_trailers(&self, trailers: &HeaderMap) -> Result<()> {
        let fields = fields_of(trailers);
        self.call(|calls| (calls.send_trailers)(calls.data, fields.as_ptr(), fields.len()))
    }
}

impl mayfly_request_t {
    /// The request as the crates have it.
    pub(super) unsafe fn take(&self, client: Arc<Client>) -> Result<Request<WasiBody>> {
        let mut made = Request::builder().method(unsafe { self.method.get() }).uri(unsafe { self.target.get() });
        for field in unsafe { slice(self.fields, self.field_count) } {
            made = made.header(unsafe { field.name.get() }, unsafe { field.value.get() });
        }
        let whole = || Full::new(Bytes::copy_from_slice(unsafe { self.body.get() })).map_err(|never| match never {});
        let body = match (self.streams_body, self.trailer_count) {
            (true, _) => Arriving { client, last_came: false }.boxed_unsync(),
            (false, 0) => whole().boxed_unsync(),
            (false, count) => {
                let trailers = header_map(unsafe { slice(self.trailers, count) });
                whole().with_trailers(ready(Some(Ok(trailers)))).boxed_unsync()
            }
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
    client: Arc<Client>,
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
        if self.client.is_gone() {
            return Poll::Ready(Some(Err(Self::Error::ConnectionTerminated)));
        }
        if !self.client.at_home() {
            return self.client.waiting.poll(context);
        }
        let mut part = MaybeUninit::<mayfly_body_part_t>::uninit();
        (self.client.calls.read_body)(self.client.calls.data, &mut part);
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

pub(super) fn header_map(fields: &[mayfly_field_t]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for field in fields {
        let (name, value) = unsafe { (field.name.get(), field.value.get()) };
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            map.append(name, value);
        }
    }
    map
}

pub(super) fn fields_of(map: &HeaderMap) -> Vec<mayfly_field_t> {
    let field = |(name, value): (&HeaderName, &HeaderValue)| mayfly_field_t {
        name: mayfly_bytes_t::of(name.as_str().as_bytes()),
        value: mayfly_bytes_t::of(value.as_bytes()),
    };
    map.iter().map(field).collect()
}

/// A handler's answer that is an error.
pub(super) fn error_code(code: &impl std::fmt::Debug) -> Error {
    bad_response(format!("the function answered with the error {code:?}"))
}

fn bad_response(text: String) -> Error {
    Refusal::new(mayfly_refusal_t::BadResponse, text).into()
}

pub(super) fn unfinished(error: wasmtime_wasi_http::Error) -> Error {
    bad_response(format!("the function did not finish its response's body, or not as its content-length says: {error}"))
}

pub(super) fn unwritten() -> Error {
    bad_response("the function returned without finishing its response's body, or what follows it".to_owned())
}

pub(super) fn no_response() -> Error {
    Refusal::new(mayfly_refusal_t::NoResponse, "the function returned without setting a response").into()
}

pub(super) fn content_length(fields: &HeaderMap) -> Option<u64> {
    fields.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Hands a response on as it comes. Once the handler is `over`, nobody writes more than is there.
pub(super) async fn forward(response: Response<WasiBody>, client: &Client, over: &AtomicBool) -> Result<()> {
    let (head, mut body) = response.into_parts();
    client.wait_for_home().await;
    client.respond(head.status.as_u16(), &head.headers)?;
    let mut next = async || {
        poll_fn(|context| match Pin::new(&mut body).poll_frame(context) {
            Poll::Pending if over.load(Ordering::Relaxed) => Poll::Ready(None),
            polled => polled,
        })
        .await
    };
    while let Some(frame) = next().await {
        let frame = frame.map_err(unfinished)?;
        poll_fn(|context| client.poll_room(context)).await;
        match frame.into_data() {
            Ok(bytes) => client.send(&bytes)?,
            Err(frame) => {
                let Ok(trailers) = frame.into_trailers() else { continue };
                client.send_trailers(&trailers)?;
            }
        }
    }
    Ok(())
}
