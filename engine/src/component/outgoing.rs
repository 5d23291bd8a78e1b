//! Outgoing requests of wasi:http, 0.2 and 0.3: their bodies stream, and those of their responses.

use super::http::{content_length, header_map, slice};
use super::outside::{Answer, Outbox, Outgoing, Started, mayfly_answer_part_t, mayfly_failure_t};
use super::state::Later;
use super::upload::Upload;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use wasmtime_wasi_http::{DEFAULT_FORBIDDEN_HEADERS, Error, RequestOptions, Result, WasiBody};

fn milliseconds(time: Option<Duration>) -> u64 {
    time.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1))
}

/// As the guest knows it; the function log says more.
fn error_of(why: mayfly_failure_t) -> Error {
    match why {
        mayfly_failure_t::NotAllowed => Error::HttpRequestDenied,
        mayfly_failure_t::BadUrl => Error::HttpRequestUriInvalid,
        mayfly_failure_t::BadMethod => Error::HttpRequestMethodInvalid,
        mayfly_failure_t::BadFields => Error::HttpRequestHeaderSectionSize(None),
        mayfly_failure_t::UnknownName => Error::DnsError { rcode: None, info_code: None },
        mayfly_failure_t::Unreachable => Error::ConnectionRefused,
        mayfly_failure_t::Timeout => Error::HttpResponseTimeout,
        mayfly_failure_t::TooLarge => Error::HttpResponseBodySize(None),
        mayfly_failure_t::Broken => Error::HttpProtocolError,
    }
}

/// A response's body that C++ reads, when the instance is polled at home.
struct Download(Started);

impl Body for Download {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        let Started { outbox, id, is_over } = &mut self.0;
        if *is_over {
            return Poll::Ready(None);
        }
        if !outbox.host.at_home() {
            return outbox.home.poll(context);
        }
        let mut read = MaybeUninit::<mayfly_answer_part_t>::uninit();
        (outbox.outside.read_body)(outbox.outside.data, *id, &mut read);
        let read = unsafe { read.assume_init() };
        let bytes = unsafe { read.part.bytes.get() };
        if !bytes.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(bytes)))));
        }
        if read.is_broken {
            *is_over = true;
            return Poll::Ready(Some(Err(match read.why {
                mayfly_failure_t::Broken => Error::HttpResponseIncomplete,
                why => error_of(why),
            })));
        }
        if !read.part.is_last {
            return outbox.home.poll(context);
        }
        let trailers = header_map(unsafe { slice(read.part.trailers, read.part.trailer_count) });
        *is_over = true;
        Poll::Ready((!trailers.is_empty()).then(|| Ok(Frame::trailers(allowed(trailers)))))
    }
}

/// Those that a guest may know of.
pub(super) fn allowed(mut fields: HeaderMap) -> HeaderMap {
    for name in DEFAULT_FORBIDDEN_HEADERS {
        fields.remove(name);
    }
    fields
}

fn response(answer: Answer, started: Started) -> Result<Response<WasiBody>> {
    let mut response = Response::new(Download(started).boxed_unsync());
    *response.status_mut() = answer.status.try_into().map_err(|_| Error::HttpProtocolError)?;
    let mut fields = HeaderMap::new();
    for (name, value) in answer.fields {
        let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&name), HeaderValue::from_bytes(&value)) else { continue };
        fields.append(name, value);
    }
    *response.headers_mut() = allowed(fields);
    Ok(response)
}

/// The head of the response. What comes with it says how the request's body went.
pub(super) async fn send(
    outbox: Arc<Outbox>,
    request: Request<WasiBody>,
    options: Option<RequestOptions>,
) -> Result<(Response<WasiBody>, Later)> {
    let (head, body) = request.into_parts();
    let options = options.unwrap_or_default();
    let outgoing = Outgoing {
        method: head.method.as_str().to_owned(),
        url: head.uri.to_string(),
        fields: head.headers.iter().map(|(name, value)| (name.as_str().into(), value.as_bytes().into())).collect(),
        length: content_length(&head.headers),
        connect_ms: milliseconds(options.connect_timeout),
        first_byte_ms: milliseconds(options.first_byte_timeout),
        between_bytes_ms: milliseconds(options.between_bytes_timeout),
    };
    let (result, mut sent) = oneshot::channel();
    match outbox.fetch(|id, fetch| Upload::new(id, outgoing, body, fetch, result)).await {
        Ok((answer, started)) => {
            Ok((response(answer, started)?, Box::new(async move { sent.await.unwrap_or(Ok(())) }) as Later))
        }
        Err(Some(why)) => Err(error_of(why)),
        Err(None) => Err(sent.try_recv().ok().and_then(Result::err).unwrap_or(Error::HttpProtocolError)),
    }
}
