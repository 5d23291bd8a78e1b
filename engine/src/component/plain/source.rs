//! The body of a request, that a plain handler reads, or sends on as it comes.

use super::channels::Place;
use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::Body;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;

pub(super) type End = Result<Option<HeaderMap>, ErrorCode>;

/// Why a body did not come or go to its end, as a guest is told.
pub(super) fn broken() -> ErrorCode {
    ErrorCode::ConnectionTerminated
}

pub(super) struct Source {
    /// None once all of it has come, or nobody reads it.
    body: Option<WasiBody>,
    /// Has come, and is to be read.
    rest: Bytes,
    end: Option<End>,
    /// How many it is the end of: its bytes' and its trailers'.
    pub channels: usize,
}

impl Source {
    pub fn new(body: WasiBody) -> Self {
        Self { body: Some(body), rest: Bytes::new(), end: None, channels: 2 }
    }

    /// The next part; None at the end.
    pub fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if !self.rest.is_empty() {
                return Poll::Ready(Some(std::mem::take(&mut self.rest)));
            }
            let Some(body) = &mut self.body else { return Poll::Ready(None) };
            self.end = Some(match ready!(Pin::new(body).poll_frame(context)) {
                None => Ok(None),
                Some(Err(_)) => Err(broken()),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => {
                        self.rest = bytes;
                        continue;
                    }
                    Err(frame) => Ok(frame.into_trailers().ok()),
                },
            });
            self.body = None;
        }
    }

    /// How many bytes of it have been put there; None at the end.
    pub fn read(&mut self, place: Place, context: &mut Context<'_>) -> Poll<Option<usize>> {
        let part = ready!(self.next(context));
        Poll::Ready(part.map(|mut part| {
            let bytes = place.put(&part);
            part.advance(bytes);
            self.rest = part;
            bytes
        }))
    }

    /// Nobody reads the rest.
    pub fn leave(&mut self) {
        (self.body, self.rest) = (None, Bytes::new());
        _ = self.end.get_or_insert(Ok(None));
    }

    /// What it ended with, once it has.
    pub fn end(&self) -> Option<End> {
        self.end.clone()
    }
}
