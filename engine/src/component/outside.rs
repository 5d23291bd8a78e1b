//! What a component asks of the network: C++ does it, on the loop. Requests and lookups are collected here, from any
//! thread, and handed over when the instance is polled; the answer fulfils the future that waits.

use super::host::{Waiting, mayfly_bytes_t, mayfly_field_t, mayfly_host_t};
use super::http::{mayfly_body_part_t, slice};
use super::upload::Upload;
use std::collections::VecDeque;
use std::ffi::c_void;
use std::future::poll_fn;
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// An HTTP request. Times are in milliseconds, 0 for those of the server.
#[repr(C)]
pub struct mayfly_outgoing_t {
    pub method: mayfly_bytes_t,
    pub url: mayfly_bytes_t,
    pub fields: *const mayfly_field_t,
    pub field_count: usize,
    /// All of it, or how it begins when it streams: the rest follows by mayfly_outside_t::write_body.
    pub body: mayfly_bytes_t,
    pub streams_body: bool,
    /// Of all of a body that streams, if that is known.
    pub has_length: bool,
    pub length: u64,
    pub connect_ms: u64,
    pub first_byte_ms: u64,
    pub between_bytes_ms: u64,
}

/// The head of its response.
#[repr(C)]
pub struct mayfly_answer_t {
    pub status: u16,
    pub fields: *const mayfly_field_t,
    pub field_count: usize,
}

/// What mayfly_outside_t::read_body found.
#[repr(C)]
pub struct mayfly_answer_part_t {
    pub part: mayfly_body_part_t,
    /// Whether the response broke off here, and why; then there is no part.
    pub is_broken: bool,
    pub why: mayfly_failure_t,
}

/// Why there is no answer.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum mayfly_failure_t {
    NotAllowed = 0,
    BadUrl = 1,
    BadMethod = 2,
    BadFields = 3,
    UnknownName = 4,
    Unreachable = 5,
    Timeout = 6,
    TooLarge = 7,
    Broken = 8,
}

/// A request that waits for its answer, and counts as one that runs. C++ owns it until it fails it or, once nothing more
/// is to come, deletes it.
pub struct mayfly_fetch_t {
    reply: Option<oneshot::Sender<Result<Answer, mayfly_failure_t>>>,
    _turn: OwnedSemaphorePermit,
}

/// A name that waits for its addresses; C++ owns it until it answers it or deletes it.
pub struct mayfly_lookup_t(oneshot::Sender<Result<Vec<IpAddr>, mayfly_failure_t>>);

/// Called on the thread that polls the instance, while it does. What is started is answered later, on that thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mayfly_outside_t {
    /// Handed to each.
    pub data: *mut c_void,
    /// Requests that run at once; more wait.
    pub requests: usize,
    /// Sockets that are open at once.
    pub sockets: usize,
    /// Whether any TCP connection may be made at all.
    pub tcp: bool,
    pub fetch: extern "C" fn(data: *mut c_void, id: u64, fetch: *mut mayfly_fetch_t, request: &mayfly_outgoing_t),
    /// Takes what there is room for of a request's body; when that is not all, the instance is polled again once there is
    /// more. False when nobody takes more.
    pub write_body: extern "C" fn(data: *mut c_void, id: u64, bytes: mayfly_bytes_t, taken: &mut usize) -> bool,
    /// The body is complete.
    pub end_body: extern "C" fn(data: *mut c_void, id: u64, trailers: *const mayfly_field_t, trailer_count: usize),
    /// The next part of a response's body, valid until it is called again: empty, and not the last, when it has not come;
    /// the instance is polled again once it has. Behind the last there is nothing to cancel.
    pub read_body: extern "C" fn(data: *mut c_void, id: u64, part: &mut MaybeUninit<mayfly_answer_part_t>),
    pub look_up: extern "C" fn(data: *mut c_void, id: u64, lookup: *mut mayfly_lookup_t, name: mayfly_bytes_t),
    /// Nobody waits for it any more.
    pub cancel: extern "C" fn(data: *mut c_void, id: u64),
    /// Whether a TCP connection to an address may be made, which is written as a number.
    pub may_connect: extern "C" fn(data: *mut c_void, address: mayfly_bytes_t, port: u16) -> bool,
}
unsafe impl Send for mayfly_outside_t {} // of an instance, which has one owner at a time
unsafe impl Sync for mayfly_outside_t {}

impl mayfly_outside_t {
    pub(crate) fn may_connect(&self, to: SocketAddr) -> bool {
        let address = to.ip().to_canonical().to_string();
        (self.may_connect)(self.data, mayfly_bytes_t::of(address.as_bytes()), to.port())
    }
}

pub(crate) struct Answer {
    pub status: u16,
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
}

/// The head of a request.
pub(crate) struct Outgoing {
    pub method: String,
    pub url: String,
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    pub length: Option<u64>,
    pub connect_ms: u64,
    pub first_byte_ms: u64,
    pub between_bytes_ms: u64,
}

enum Item {
    Fetch(Upload),
    LookUp(u64, String, mayfly_lookup_t),
    Cancel(u64),
}

#[derive(Default)]
struct Queue {
    items: VecDeque<Item>,
    waker: Option<Waker>, // of the instance, once it is polled
    last_id: u64,
}

/// What one invocation has to hand over.
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    running: Arc<Semaphore>,
    /// For who is polled with the instance.
    pub outside: mayfly_outside_t,
    pub host: mayfly_host_t,
    pub home: Waiting,
}

/// What C++ was asked to do, which is cancelled when this is dropped before it is over.
pub(crate) struct Started {
    pub outbox: Arc<Outbox>,
    pub id: u64,
    pub is_over: bool,
}

impl Drop for Started {
    fn drop(&mut self) {
        if !self.is_over {
            self.outbox.push(Item::Cancel(self.id));
        }
    }
}

/// Nobody hands anything over any more; a body in the queue may be what keeps the queue.
struct Emptied(Arc<Outbox>);

impl Drop for Emptied {
    fn drop(&mut self) {
        let left = std::mem::take(&mut self.0.queue().items);
        drop(left); // which may push
    }
}

impl Outbox {
    pub fn new(outside: mayfly_outside_t, host: mayfly_host_t, home: Waiting) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::default(),
            running: Arc::new(Semaphore::new(outside.requests)),
            outside,
            host,
            home,
        })
    }

    /// The head of the response, from any thread. `upload` makes what sends the request.
    pub async fn fetch(
        self: Arc<Self>,
        upload: impl FnOnce(u64, mayfly_fetch_t) -> Upload,
    ) -> Result<(Answer, Started), Option<mayfly_failure_t>> {
        let turn = self.running.clone().acquire_owned().await.map_err(|_| None)?;
        let (reply, answer) = oneshot::channel();
        let mut started = self.started();
        self.push(Item::Fetch(upload(started.id, mayfly_fetch_t { reply: Some(reply), _turn: turn })));
        let answer = answer.await;
        started.is_over = !matches!(answer, Ok(Ok(_)));
        match answer {
            Ok(Ok(answer)) => Ok((answer, started)),
            Ok(Err(why)) => Err(Some(why)),
            Err(_) => Err(None),
        }
    }

    /// From any thread.
    pub async fn look_up(self: Arc<Self>, name: String) -> Result<Vec<IpAddr>, mayfly_failure_t> {
        let (reply, answer) = oneshot::channel();
        let mut started = self.started();
        self.push(Item::LookUp(started.id, name, mayfly_lookup_t(reply)));
        let answer = answer.await;
        started.is_over = true;
        answer.unwrap_or(Err(mayfly_failure_t::Broken))
    }

    /// The call of the guest, whose every poll first hands over what there is, and then sends what there is of bodies.
    pub async fn pumped<T>(self: Arc<Self>, call: impl Future<Output = T>) -> T {
        let _emptied = Emptied(self.clone());
        let mut call = pin!(call);
        let mut uploads = Vec::new();
        poll_fn(|context| {
            if self.host.at_home() {
                self.hand_over(&mut uploads, context.waker());
            }
            let polled = call.as_mut().poll(context);
            if polled.is_pending() && self.host.at_home() {
                let is_waiting = !self.home.is_ticked();
                uploads.retain_mut(|upload: &mut Upload| upload.poll(&self.outside, is_waiting, context).is_pending());
            }
            polled
        })
        .await
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn started(self: &Arc<Self>) -> Started {
        let mut queue = self.queue();
        queue.last_id += 1;
        Started { outbox: self.clone(), id: queue.last_id, is_over: false }
    }

    fn push(&self, item: Item) {
        let waker = {
            let mut queue = self.queue();
            queue.items.push_back(item);
            queue.waker.clone()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn hand_over(&self, uploads: &mut Vec<Upload>, waker: &Waker) {
        let items = {
            let mut queue = self.queue();
            if !queue.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
                queue.waker = Some(waker.clone());
            }
            std::mem::take(&mut queue.items)
        };
        let outside = &self.outside;
        for item in items {
            match item {
                Item::Fetch(upload) => uploads.push(upload),
                Item::LookUp(id, name, lookup) => {
                    let lookup = Box::into_raw(Box::new(lookup));
                    (outside.look_up)(outside.data, id, lookup, mayfly_bytes_t::of(name.as_bytes()));
                }
                Item::Cancel(id) => {
                    uploads.retain(|upload| upload.id != id);
                    (outside.cancel)(outside.data, id);
                }
            }
        }
    }
}

impl Outgoing {
    /// `begin` is all of the body, unless that streams.
    pub fn send(&self, outside: &mayfly_outside_t, id: u64, fetch: mayfly_fetch_t, begin: &[u8], streams_body: bool) {
        let fields: Vec<mayfly_field_t> = self
            .fields
            .iter()
            .map(|(name, value)| mayfly_field_t { name: mayfly_bytes_t::of(name), value: mayfly_bytes_t::of(value) })
            .collect();
        let request = mayfly_outgoing_t {
            method: mayfly_bytes_t::of(self.method.as_bytes()),
            url: mayfly_bytes_t::of(self.url.as_bytes()),
            fields: fields.as_ptr(),
            field_count: fields.len(),
            body: mayfly_bytes_t::of(begin),
            streams_body,
            has_length: self.length.is_some(),
            length: self.length.unwrap_or(0),
            connect_ms: self.connect_ms,
            first_byte_ms: self.first_byte_ms,
            between_bytes_ms: self.between_bytes_ms,
        };
        (outside.fetch)(outside.data, id, Box::into_raw(Box::new(fetch)), &request);
    }
}

/// Once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_fetch_answer(fetch: &mut mayfly_fetch_t, answer: &mayfly_answer_t) {
    let fields = unsafe { slice(answer.fields, answer.field_count) };
    let copied = fields.iter().map(|field| unsafe { (field.name.get().to_vec(), field.value.get().to_vec()) });
    if let Some(reply) = fetch.reply.take() {
        _ = reply.send(Ok(Answer { status: answer.status, fields: copied.collect() }));
    }
}

/// Consumes `fetch`, which has no answer.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_fetch_fail(fetch: Box<mayfly_fetch_t>, why: mayfly_failure_t) {
    if let Some(reply) = fetch.reply {
        _ = reply.send(Err(why));
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn mayfly_fetch_delete(_fetch: Box<mayfly_fetch_t>) {}

/// Consumes `lookup`. The addresses are written as numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_lookup_answer(
    lookup: Box<mayfly_lookup_t>,
    addresses: *const mayfly_bytes_t,
    address_count: usize,
) {
    let addresses = unsafe { slice(addresses, address_count) };
    _ = lookup.0.send(Ok(addresses.iter().filter_map(|text| unsafe { text.text() }.parse().ok()).collect()));
}

/// Consumes `lookup`.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_lookup_fail(lookup: Box<mayfly_lookup_t>, why: mayfly_failure_t) {
    _ = lookup.0.send(Err(why));
}

#[unsafe(no_mangle)]
pub extern "C" fn mayfly_lookup_delete(_lookup: Box<mayfly_lookup_t>) {}
