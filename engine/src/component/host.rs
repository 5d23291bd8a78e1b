//! What the inside of a component asks of C++: whether it is at home, and where its output goes.

use crate::instance::Shared;
use bytes::Bytes;
use std::ffi::c_void;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// Bytes that are read before the call returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mayfly_bytes_t {
    pub data: *const u8,
    pub length: usize,
}

impl mayfly_bytes_t {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr(), length: bytes.len() }
    }

    pub(crate) unsafe fn get<'a>(self) -> &'a [u8] {
        if self.length == 0 { &[] } else { unsafe { std::slice::from_raw_parts(self.data, self.length) } }
    }

    /// Text from C++, which is UTF-8 or becomes it.
    pub(crate) unsafe fn text(self) -> String {
        String::from_utf8_lossy(unsafe { self.get() }).into_owned()
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mayfly_field_t {
    pub name: mayfly_bytes_t,
    pub value: mayfly_bytes_t,
}

#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum mayfly_stream_t {
    Stdout = 1,
    Stderr = 2,
}

/// Called on the thread that polls the instance, while it does. What can wait is asked again with each poll.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mayfly_host_t {
    /// Handed to each.
    pub data: *mut c_void,
    /// Whether it is the instance's own loop that polls. Elsewhere only `write` may be called: what else there is to do
    /// waits, and with it the instance, until it is at home.
    pub at_home: extern "C" fn(data: *mut c_void) -> bool,
    /// Whether there is room for output. When there is none, the instance is polled again once there is.
    pub has_room: extern "C" fn(data: *mut c_void) -> bool,
    /// Whether to go on; when not, C++ has noted why and the guest ends.
    pub write: extern "C" fn(data: *mut c_void, stream: mayfly_stream_t, bytes: mayfly_bytes_t) -> bool,
}
unsafe impl Send for mayfly_host_t {} // of an instance, which has one owner at a time
unsafe impl Sync for mayfly_host_t {}

impl mayfly_host_t {
    pub(crate) fn at_home(&self) -> bool {
        (self.at_home)(self.data)
    }

    pub(crate) fn has_room(&self) -> bool {
        self.at_home() && (self.has_room)(self.data)
    }

    pub(crate) async fn wait_for_home(&self, waiting: Waiting) {
        std::future::poll_fn(|context| if self.at_home() { Poll::Ready(()) } else { waiting.poll(context) }).await
    }

    pub(crate) async fn wait_for_room(&self, waiting: Waiting) {
        std::future::poll_fn(|context| if self.has_room() { Poll::Ready(()) } else { waiting.poll(context) }).await
    }
}

/// Those inside an instance who wait for C++, which does not know wakers: all are asked to look again when it polls.
#[derive(Clone, Copy)]
pub(crate) struct Waiting(pub *mut Shared);
unsafe impl Send for Waiting {} // of an instance, which has one owner at a time
unsafe impl Sync for Waiting {}

impl Waiting {
    /// Whether a tick ended the poll that runs, rather than that the guest waits. Within a poll.
    pub fn is_ticked(&self) -> bool {
        unsafe { (*self.0).ticked }
    }

    pub fn poll<T>(&self, context: &Context<'_>) -> Poll<T> {
        let waiting = unsafe { &mut (*self.0).waiting };
        if !waiting.last().is_some_and(|known| known.will_wake(context.waker())) {
            waiting.push(context.waker().clone());
        }
        Poll::Pending
    }
}

/// Standard output or error.
pub(crate) struct Output {
    pub host: mayfly_host_t,
    pub waiting: Waiting,
    pub stream: mayfly_stream_t,
}

/// What one call may write.
const CHUNK: usize = 64 << 10;

impl Output {
    fn again(&self) -> Self {
        Self { host: self.host, waiting: self.waiting, stream: self.stream }
    }

    fn has_room(&self) -> bool {
        self.stream == mayfly_stream_t::Stderr || self.host.has_room()
    }

    fn put(&self, bytes: &[u8]) -> bool {
        (self.host.write)(self.host.data, self.stream, mayfly_bytes_t::of(bytes))
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.again())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.again())
    }
}

#[async_trait::async_trait]
impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if self.put(&bytes) { Ok(()) } else { Err(StreamError::Trap(wasmtime::Trap::Interrupt.into())) }
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(if self.has_room() { CHUNK } else { 0 })
    }
}

#[async_trait::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {
        if !self.has_room() {
            self.host.wait_for_room(self.waiting).await;
        }
    }
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.has_room() {
            return self.waiting.poll(context);
        }
        let part = &bytes[..bytes.len().min(CHUNK)];
        Poll::Ready(if self.put(part) { Ok(part.len()) } else { Err(io::ErrorKind::BrokenPipe.into()) })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
