//! What a component asks of the network: C++ does it, on the loop. Requests and lookups are collected here, from any
//! thread, and handed over when the instance is polled; the answer fulfils the future that waits.

use super::host::{mayfly_bytes_t, mayfly_field_t, mayfly_host_t};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;
use tokio::sync::{Semaphore, oneshot};

/// An HTTP request. Times are in milliseconds, 0 for those of the server.
#[repr(C)]
pub struct mayfly_outgoing_t {
    pub method: mayfly_bytes_t,
    pub url: mayfly_bytes_t,
    pub fields: *const mayfly_field_t,
    pub field_count: usize,
    pub body: mayfly_bytes_t,
    pub connect_ms: u64,
    pub first_byte_ms: u64,
    pub between_bytes_ms: u64,
}

/// Its response.
#[repr(C)]
pub struct mayfly_answer_t {
    pub status: u16,
    pub fields: *const mayfly_field_t,
    pub field_count: usize,
    pub body: mayfly_bytes_t,
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

/// A request that waits for its answer; C++ owns it until it answers it or deletes it.
pub struct mayfly_fetch_t(oneshot::Sender<Result<Answer, mayfly_failure_t>>);

/// A name that waits for its addresses; as above.
pub struct mayfly_lookup_t(oneshot::Sender<Result<Vec<IpAddr>, mayfly_failure_t>>);

/// Called on the thread that polls the instance, while it does. What is started is answered later, on that thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mayfly_outside_t {
    /// Handed to each.
    pub data: *mut c_void,
    /// Bytes of request and response bodies that the guest may have here at once.
    pub held_bytes: usize,
    /// Requests that run at once; more wait.
    pub requests: usize,
    /// Sockets that are open at once.
    pub sockets: usize,
    /// Whether any TCP connection may be made at all.
    pub tcp: bool,
    pub fetch: extern "C" fn(data: *mut c_void, id: u64, fetch: *mut mayfly_fetch_t, request: &mayfly_outgoing_t),
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
    pub body: Vec<u8>,
}

/// A request as it is collected.
pub(crate) struct Outgoing {
    pub method: String,
    pub url: String,
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    pub body: Vec<u8>,
    pub connect_ms: u64,
    pub first_byte_ms: u64,
    pub between_bytes_ms: u64,
}

enum Item {
    Fetch(u64, Box<Outgoing>, mayfly_fetch_t),
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
    held: AtomicUsize, // bytes
    held_most: usize,
    running: Semaphore,
    pub sockets_most: usize,
}

/// Bytes of bodies that are counted; given back when dropped.
pub(crate) struct Held(Arc<Outbox>, usize);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.held.fetch_sub(self.1, Ordering::Relaxed);
    }
}

impl Held {
    /// False when that would be too much.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let fits = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= self.0.held_most);
        let grown = self.0.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok();
        if grown {
            self.1 += bytes;
        }
        grown
    }
}

/// Cancels when dropped; after an answer that does nothing.
struct Waiting(Arc<Outbox>, u64);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.push(Item::Cancel(self.1));
    }
}

impl Outbox {
    pub fn new(outside: &mayfly_outside_t) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::default(),
            held: AtomicUsize::new(0),
            held_most: outside.held_bytes,
            running: Semaphore::new(outside.requests),
            sockets_most: outside.sockets,
        })
    }

    pub fn hold(self: &Arc<Self>) -> Held {
        Held(self.clone(), 0)
    }

    /// From any thread.
    pub async fn fetch(self: Arc<Self>, request: Outgoing) -> Result<Answer, mayfly_failure_t> {
        let _turn = self.running.acquire().await;
        let (reply, answer) = oneshot::channel();
        let waiting = self.waiting();
        self.push(Item::Fetch(waiting.1, Box::new(request), mayfly_fetch_t(reply)));
        answer.await.unwrap_or(Err(mayfly_failure_t::Broken))
    }

    /// From any thread.
    pub async fn look_up(self: Arc<Self>, name: String) -> Result<Vec<IpAddr>, mayfly_failure_t> {
        let (reply, answer) = oneshot::channel();
        let waiting = self.waiting();
        self.push(Item::LookUp(waiting.1, name, mayfly_lookup_t(reply)));
        answer.await.unwrap_or(Err(mayfly_failure_t::Broken))
    }

    /// The call of the guest, whose every poll first hands over what there is.
    pub async fn pumped<T>(
        self: Arc<Self>,
        host: mayfly_host_t,
        outside: mayfly_outside_t,
        call: impl Future<Output = T>,
    ) -> T {
        let mut call = pin!(call);
        poll_fn(|context| {
            if host.at_home() {
                self.hand_over(&outside, context.waker());
            }
            call.as_mut().poll(context)
        })
        .await
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn waiting(self: &Arc<Self>) -> Waiting {
        let mut queue = self.queue();
        queue.last_id += 1;
        Waiting(self.clone(), queue.last_id)
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

    fn hand_over(&self, outside: &mayfly_outside_t, waker: &Waker) {
        let items = {
            let mut queue = self.queue();
            if !queue.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
                queue.waker = Some(waker.clone());
            }
            std::mem::take(&mut queue.items)
        };
        for item in items {
            match item {
                Item::Fetch(id, request, fetch) => request.send(outside, id, fetch),
                Item::LookUp(id, name, lookup) => {
                    let lookup = Box::into_raw(Box::new(lookup));
                    (outside.look_up)(outside.data, id, lookup, mayfly_bytes_t::of(name.as_bytes()));
                }
                Item::Cancel(id) => (outside.cancel)(outside.data, id),
            }
        }
    }
}

impl Outgoing {
    fn send(&self, outside: &mayfly_outside_t, id: u64, fetch: mayfly_fetch_t) {
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
            body: mayfly_bytes_t::of(&self.body),
            connect_ms: self.connect_ms,
            first_byte_ms: self.first_byte_ms,
            between_bytes_ms: self.between_bytes_ms,
        };
        (outside.fetch)(outside.data, id, Box::into_raw(Box::new(fetch)), &request);
    }
}

/// Consumes `fetch`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_fetch_answer(fetch: Box<mayfly_fetch_t>, answer: &mayfly_answer_t) {
    let fields = if answer.field_count == 0 {
        &[]
    } else {
        unsafe { std::slice::from_raw_parts(answer.fields, answer.field_count) }
    };
    let copied = fields.iter().map(|field| unsafe { (field.name.get().to_vec(), field.value.get().to_vec()) });
    let body = unsafe { answer.body.get() }.to_vec();
    _ = fetch.0.send(Ok(Answer { status: answer.status, fields: copied.collect(), body }));
}

/// Consumes `fetch`.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_fetch_fail(fetch: Box<mayfly_fetch_t>, why: mayfly_failure_t) {
    _ = fetch.0.send(Err(why));
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
    let addresses = if address_count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(addresses, address_count) } };
    _ = lookup.0.send(Ok(addresses.iter().filter_map(|text| unsafe { text.text() }.parse().ok()).collect()));
}

/// Consumes `lookup`.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_lookup_fail(lookup: Box<mayfly_lookup_t>, why: mayfly_failure_t) {
    _ = lookup.0.send(Err(why));
}

#[unsafe(no_mangle)]
pub extern "C" fn mayfly_lookup_delete(_lookup: Box<mayfly_lookup_t>) {}
