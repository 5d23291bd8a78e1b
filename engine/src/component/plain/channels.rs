//! The streams and futures of a plain handler: what one end writes, the other reads. Each end is the guest's, by its handle, or
//! ours (Component Model, CanonicalABI.md, "Stream State", "Future State").

use super::subtasks::Subtask;
use slab::Slab;
use std::task::Context;
use wasmtime::{Error, Result, ensure};
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;

/// Of streams, futures and sets that a guest may have at once.
const MOST: usize = 10_000;
/// Bytes that one event can tell of.
const MOST_BYTES: usize = (1 << 28) - 1;

/// How a read or a write ended.
#[derive(Clone, Copy)]
pub(super) enum Copied {
    Completed = 0,
    Dropped = 1,
    Cancelled = 2,
}

impl Copied {
    /// As the guest is told it.
    pub fn code(self, bytes: usize) -> u32 {
        (bytes as u32) << 4 | self as u32
    }
}

/// Bytes of a guest's memory, which outlive the read or write that they are for: it never shrinks or moves.
#[derive(Clone, Copy)]
pub(super) struct Place {
    start: *mut u8,
    pub length: usize,
}
unsafe impl Send for Place {} // of an instance, which has one owner at a time
unsafe impl Sync for Place {}

impl Place {
    pub fn of(memory: &[u8]) -> Self {
        Self { start: memory.as_ptr().cast_mut(), length: memory.len().min(MOST_BYTES) }
    }

    /// Until the guest runs again.
    pub fn bytes<'a>(self) -> &'a [u8] {
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }

    /// Puts as much as there is place for; how many bytes.
    pub fn put(self, bytes: &[u8]) -> usize {
        let length = self.length.min(bytes.len());
        unsafe { std::ptr::copy(bytes.as_ptr(), self.start, length) };
        length
    }
}

/// What a future of a body's end says: its trailers, if there are any; of one that says how it went, None.
pub(super) type Value = Result<Option<u32>, ErrorCode>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bytes,
    Trailers,
    Sent,
}

pub(super) const ALL: [Kind; 3] = [Kind::Bytes, Kind::Trailers, Kind::Sent];
pub(super) const FUTURES: [Kind; 2] = [Kind::Trailers, Kind::Sent];

/// Who has an end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    /// By its handle.
    Guest(u32),
    /// A request's body, by its number.
    Source(usize),
    /// A response that is not on its way: it is read later.
    Response,
    /// The answer of a task, by the task's number.
    Answer(usize),
    /// Reads all, and forgets it.
    Nobody,
    Gone,
}

pub(super) struct Channel {
    pub kind: Kind,
    pub reader: Party,
    pub writer: Party,
    /// Where a guest waits for what it reads.
    pub reading: Option<Place>,
    /// What a guest waits to have read.
    pub writing: Option<Place>,
    /// Of a future that has one.
    pub value: Option<Value>,
    /// Whether it was a guest that wrote that.
    pub is_guests: bool,
}

impl Channel {
    pub fn new(kind: Kind, writer: Party) -> Self {
        Self { kind, reader: Party::Gone, writer, reading: None, writing: None, value: None, is_guests: false }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Reader,
    Writer,
}

/// A guest's end of a channel.
pub(super) struct End {
    pub channel: usize,
    side: Side,
    kind: Kind,
    set: u32,
    is_busy: bool,
    event: Option<u32>,
}

/// What a guest has a handle of, other than resources.
pub(super) enum Waitable {
    End(End),
    Subtask(Subtask),
    Set(Vec<u32>),
}

/// What has happened: which kind of event, to whom, and how it ended.
pub(super) type Event = [u32; 3];

pub(super) const NOTHING: Event = [0; 3];

#[derive(Default)]
pub(super) struct Channels {
    waitables: Slab<Waitable>,
    channels: Slab<Channel>,
}

/// Handles begin at 1: 0 is no set.
fn key(handle: u32) -> usize {
    (handle as usize).wrapping_sub(1)
}

impl Channels {
    pub fn add(&mut self, channel: Channel) -> usize {
        self.channels.insert(channel)
    }

    pub fn at(&mut self, channel: usize) -> &mut Channel {
        &mut self.channels[channel]
    }

    /// Channels have numbers below that.
    pub fn bound(&self) -> usize {
        self.channels.capacity()
    }

    pub fn remove_channel(&mut self, channel: usize) {
        self.channels.remove(channel);
    }

    pub fn has(&self, channel: usize) -> bool {
        self.channels.contains(channel)
    }

    pub fn give(&mut self, waitable: Waitable) -> Result<u32> {
        ensure!(self.waitables.len() < MOST, "it has {MOST} streams, futures and sets at once, which is the most");
        Ok(self.waitables.insert(waitable) as u32 + 1)
    }

    fn end(&mut self, handle: u32) -> Result<&mut End> {
        match self.waitables.get_mut(key(handle)) {
            Some(Waitable::End(end)) => Ok(end),
            _ => Err(Error::msg(format!("the handle {handle} is of no stream or future"))),
        }
    }

    pub fn subtask(&mut self, handle: u32) -> Result<&mut Subtask> {
        match self.waitables.get_mut(key(handle)) {
            Some(Waitable::Subtask(subtask)) => Ok(subtask),
            _ => Err(Error::msg(format!("the handle {handle} is of no subtask"))),
        }
    }

    /// The set that a waitable is in; 0 for none.
    fn set_of(&mut self, handle: u32) -> Result<&mut u32> {
        match self.waitables.get_mut(key(handle)) {
            Some(Waitable::End(end)) => Ok(&mut end.set),
            Some(Waitable::Subtask(subtask)) => Ok(&mut subtask.set),
            _ => Err(Error::msg(format!("the handle {handle} is of nothing that can be waited for"))),
        }
    }

    pub fn remove(&mut self, handle: u32) -> Result<()> {
        self.join(handle, 0)?;
        self.waitables.remove(key(handle));
        Ok(())
    }

    pub fn poll_subtasks(&mut self, context: &mut Context<'_>) {
        for (_, waitable) in &mut self.waitables {
            if let Waitable::Subtask(subtask) = waitable {
                subtask.poll(context);
            }
        }
    }

    fn set(&mut self, handle: u32) -> Result<&mut Vec<u32>> {
        match self.waitables.get_mut(key(handle)) {
            Some(Waitable::Set(set)) => Ok(set),
            _ => Err(Error::msg(format!("the handle {handle} is of no waitable set"))),
        }
    }

    /// An end that is not being read or written.
    pub fn idle(&mut self, handle: u32, side: Side, kinds: &[Kind]) -> Result<&mut End> {
        let end = self.end(handle)?;
        ensure!(end.side == side, "the handle {handle} is of the other end of its stream or future");
        ensure!(kinds.contains(&end.kind), "the stream or future {handle} is of another type");
        ensure!(!end.is_busy, "the stream or future {handle} is being read or written already");
        Ok(end)
    }

    /// The channel of an end that is read or written from now on, until it has an event.
    pub fn begin(&mut self, handle: u32, side: Side, kinds: &[Kind]) -> Result<usize> {
        let end = self.idle(handle, side, kinds)?;
        end.is_busy = true;
        Ok(end.channel)
    }

    /// Hands an end of a channel to the guest.
    pub fn give_end(&mut self, channel: usize, side: Side) -> Result<u32> {
        let kind = self.channels[channel].kind;
        let handle = self.give(Waitable::End(End { channel, side, kind, set: 0, is_busy: false, event: None }))?;
        match side {
            Side::Reader => self.channels[channel].reader = Party::Guest(handle),
            Side::Writer => self.channels[channel].writer = Party::Guest(handle),
        }
        Ok(handle)
    }

    /// Both ends, the readable one in the lower half.
    pub fn give_new(&mut self, kind: Kind) -> Result<u64> {
        let channel = self.add(Channel::new(kind, Party::Gone));
        let reader = self.give_end(channel, Side::Reader)?;
        let writer = self.give_end(channel, Side::Writer)?;
        Ok(u64::from(reader) | u64::from(writer) << 32)
    }

    pub fn take_end(&mut self, handle: u32, side: Side, kinds: &[Kind]) -> Result<usize> {
        let channel = self.idle(handle, side, kinds)?.channel;
        self.remove(handle)?;
        Ok(channel)
    }

    /// Takes a readable end from the guest.
    pub fn take_reader(&mut self, handle: u32, kind: Kind, reader: Party) -> Result<usize> {
        let channel = self.take_end(handle, Side::Reader, &[kind])?;
        self.channels[channel].reader = reader;
        Ok(channel)
    }

    fn tell(&mut self, party: Party, code: u32) {
        if let Party::Guest(handle) = party {
            if let Ok(end) = self.end(handle) {
                end.event = Some(code);
            }
        }
    }

    /// To who writes, that it has been read.
    pub fn tell_writer(&mut self, channel: usize, copied: Copied, bytes: usize) {
        let writer = self.channels[channel].writer;
        self.channels[channel].writing = None;
        self.tell(writer, copied.code(bytes));
    }

    pub fn tell_reader(&mut self, channel: usize, copied: Copied, bytes: usize) {
        let reader = self.channels[channel].reader;
        self.channels[channel].reading = None;
        self.tell(reader, copied.code(bytes));
    }

    pub fn is_busy(&self, party: Party) -> bool {
        let Party::Guest(handle) = party else { return false };
        matches!(self.waitables.get(key(handle)), Some(Waitable::End(end)) if end.is_busy && end.event.is_none())
    }

    pub fn take_event(&mut self, handle: u32) -> Option<Event> {
        let end = match self.waitables.get_mut(key(handle))? {
            Waitable::End(end) => end,
            Waitable::Subtask(subtask) => return subtask.take_event(handle),
            Waitable::Set(_) => return None,
        };
        let code = end.event.take()?;
        end.is_busy = false;
        let event = match (end.kind, end.side) {
            (Kind::Bytes, Side::Reader) => 2,
            (Kind::Bytes, Side::Writer) => 3,
            (_, Side::Reader) => 4,
            (_, Side::Writer) => 5,
        };
        Some([event, handle, code])
    }

    pub fn new_set(&mut self) -> Result<u32> {
        self.give(Waitable::Set(Vec::new()))
    }

    pub fn drop_set(&mut self, set: u32) -> Result<()> {
        ensure!(self.set(set)?.is_empty(), "the waitable set {set} is dropped with what is in it");
        self.waitables.remove(key(set));
        Ok(())
    }

    pub fn join(&mut self, handle: u32, set: u32) -> Result<()> {
        let before = std::mem::replace(self.set_of(handle)?, set);
        if before != 0 {
            self.set(before)?.retain(|member| *member != handle);
        }
        if set != 0 {
            self.set(set)?.push(handle);
        }
        Ok(())
    }

    /// What has happened to one of a set.
    pub fn next_event(&mut self, set: u32) -> Result<Option<Event>> {
        for at in 0..self.set(set)?.len() {
            let handle = self.set(set)?[at];
            if let Some(event) = self.take_event(handle) {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// Ends a read or write that waits. What of a stream has been copied before is told with it.
    pub fn cancel(&mut self, handle: u32, side: Side) -> Result<u32> {
        let end = self.end(handle)?;
        ensure!(end.side == side && end.is_busy, "the stream or future {handle} is not being read or written");
        let (channel, kind) = (end.channel, end.kind);
        if let Some([.., code]) = self.take_event(handle) {
            let is_partial = kind == Kind::Bytes && code & 0xf == Copied::Completed as u32;
            return Ok(if is_partial { code | Copied::Cancelled as u32 } else { code });
        }
        self.end(handle)?.is_busy = false;
        match side {
            Side::Reader => self.channels[channel].reading = None,
            Side::Writer => self.channels[channel].writing = None,
        }
        Ok(Copied::Cancelled.code(0))
    }
}
