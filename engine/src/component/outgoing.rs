//! Outgoing requests of wasi:http, 0.2 and 0.3: collected with their body, answered with theirs.

use super::outside::{Answer, Held, Outbox, Outgoing, mayfly_failure_t};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use std::sync::Arc;
use std::time::Duration;
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

async fn collect(mut body: WasiBody, held: &mut Held) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame?.into_data() else { continue }; // trailers
        if !held.grow(part.len()) {
            return Err(Error::HttpRequestBodySize(None));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// Bytes that are counted until the guest has read them.
struct Counted(Vec<u8>, #[expect(dead_code, reason = "gives back what it counts")] Held);

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn response(answer: Answer, mut held: Held) -> Result<Response<WasiBody>> {
    if !held.grow(answer.body.len()) {
        return Err(Error::HttpResponseBodySize(Some(answer.body.len() as u64)));
    }
    let body = Full::new(Bytes::from_owner(Counted(answer.body, held))).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = answer.status.try_into().map_err(|_| Error::HttpProtocolError)?;
    for (name, value) in answer.fields {
        let (Ok(name), Ok(value)) = (HeaderName::from_bytes(&name), HeaderValue::from_bytes(&value)) else { continue };
        if !DEFAULT_FORBIDDEN_HEADERS.contains(&name) {
            response.headers_mut().append(name, value);
        }
    }
    Ok(response)
}

pub(super) async fn send(
    outbox: Arc<Outbox>,
    request: Request<WasiBody>,
    options: Option<RequestOptions>,
) -> Result<Response<WasiBody>> {
    let (head, body) = request.into_parts();
    let options = options.unwrap_or_default();
    let mut held = outbox.hold();
    let body = collect(body, &mut held).await?;
    let outgoing = Outgoing {
        method: head.method.as_str().to_owned(),
        url: head.uri.to_string(),
        fields: head.headers.iter().map(|(name, value)| (name.as_str().into(), value.as_bytes().into())).collect(),
        body,
        connect_ms: milliseconds(options.connect_timeout),
        first_byte_ms: milliseconds(options.first_byte_timeout),
        between_bytes_ms: milliseconds(options.between_bytes_timeout),
    };
    let answer = outbox.clone().fetch(outgoing).await.map_err(error_of)?;
    drop(held);
    response(answer, outbox.hold())
}
