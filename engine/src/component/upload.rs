//! The body of an outgoing request, read from the guest when its instance is polled, at home.

use super::host::mayfly_bytes_t;
use super::http::fields_of;
use super::outside::{Outgoing, mayfly_fetch_t, mayfly_outside_t};
use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::sync::oneshot;
use wasmtime_wasi_http::{Error, Result, WasiBody};

/// A body up to this that the guest writes at once is sent with its length, and once more when a kept connection turns out
/// to be closed.
const WHOLE: usize = 64 << 10;

pub(crate) struct Upload {
    pub id: u64,
    body: WasiBody,
    head: Outgoing,
    fetch: Option<mayfly_fetch_t>, // until the request is sent
    begin: Vec<u8>,                // of the body, until then
    rest: Bytes,                   // of the last frame, that there was no room for
    read: u64,                     // bytes in all
    result: Option<oneshot::Sender<Result<()>>>,
}

impl Upload {
    /// `result` is told once the body has been handed over, or why it cannot be.
    pub fn new(id: u64, head: Outgoing, body: WasiBody, fetch: mayfly_fetch_t, result: oneshot::Sender<Result<()>>) -> Self {
        let begin = Vec::new();
        Self { id, body, head, fetch: Some(fetch), begin, rest: Bytes::new(), read: 0, result: Some(result) }
    }

    /// Ready when it is over. The request is sent once its body is whole or too large to wait for, or the guest, which
    /// was polled just now, waits.
    pub fn poll(&mut self, outside: &mayfly_outside_t, is_waiting: bool, context: &mut Context<'_>) -> Poll<()> {
        let done = ready!(self.send(outside, is_waiting, context));
        let is_failed = done.is_err();
        if let Some(result) = self.result.take() {
            _ = result.send(done);
        }
        if is_failed {
            self.fetch = None; // nobody answers
            (outside.cancel)(outside.data, self.id);
        }
        Poll::Ready(())
    }

    fn send(&mut self, outside: &mayfly_outside_t, is_waiting: bool, context: &mut Context<'_>) -> Poll<Result<()>> {
        let before = self.read;
        loop {
            if !self.rest.is_empty() {
                self.start(outside, true);
                if !ready!(self.write(outside)) {
                    return Poll::Ready(Ok(())); // who answered before the end, or broke off: the response tells
                }
            }
            let frame = match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(frame) => frame.transpose()?,
                Poll::Pending => {
                    if self.fetch.is_some() && (self.read > before || !is_waiting) {
                        context.waker().wake_by_ref(); // the guest may have more by then
                    } else {
                        self.start(outside, true);
                    }
                    return Poll::Pending;
                }
            };
            match frame.map(|frame| frame.into_data()) {
                Some(Ok(bytes)) => self.take(bytes)?,
                Some(Err(frame)) => return Poll::Ready(self.end(outside, frame.into_trailers().unwrap_or_default())),
                None => return Poll::Ready(self.end(outside, HeaderMap::new())),
            }
        }
    }

    fn take(&mut self, bytes: Bytes) -> Result<()> {
        self.read += bytes.len() as u64;
        if self.head.length.is_some_and(|length| self.read > length) {
            return Err(Error::HttpRequestBodySize(Some(self.read)));
        }
        if self.fetch.is_some() && self.begin.len() + bytes.len() <= WHOLE {
            self.begin.extend_from_slice(&bytes);
        } else {
            self.rest = bytes;
        }
        Ok(())
    }

    fn start(&mut self, outside: &mayfly_outside_t, streams_body: bool) {
        let Some(fetch) = self.fetch.take() else { return };
        self.head.send(outside, self.id, fetch, &std::mem::take(&mut self.begin), streams_body);
    }

    /// Whether somebody takes more; pending until all of `rest` is taken.
    fn write(&mut self, outside: &mayfly_outside_t) -> Poll<bool> {
        let mut taken = 0;
        if !(outside.write_body)(outside.data, self.id, mayfly_bytes_t::of(&self.rest), &mut taken) {
            return Poll::Ready(false);
        }
        self.rest = self.rest.split_off(taken);
        if self.rest.is_empty() { Poll::Ready(true) } else { Poll::Pending }
    }

    fn end(&mut self, outside: &mayfly_outside_t, trailers: HeaderMap) -> Result<()> {
        if self.head.length.is_some_and(|length| self.read != length) {
            return Err(Error::HttpRequestBodySize(Some(self.read)));
        }
        if self.fetch.is_some() && trailers.is_empty() {
            self.start(outside, false);
            return Ok(());
        }
        self.start(outside, true);
        let fields = fields_of(&trailers);
        (outside.end_body)(outside.data, self.id, fields.as_ptr(), fields.len());
        Ok(())
    }
}
