//! What goes from one end of a channel to the other: when something is read or written, and again when what that waited for
//! may have come. What cannot go on is `BLOCKED`, and has an event later.

use super::channels::{ALL, Channel, Copied, Kind, Party, Place, Side, Value};
use super::rewrite::FUTURE;
use super::tasks::Tasks;
use std::task::{Context, Poll, Waker};
use wasmtime::{Result, ensure};

const BLOCKED: u32 = u32::MAX;

/// For what reads a future of either type: `result<_, error-code>` or `result<option<trailers>, error-code>`. The
/// alignment of an error-code, which has 64-bit numbers, is 8.
fn put_value(place: Place, value: &Value) {
    const CONNECTION_TERMINATED: u8 = 7; // number of the case; all that reaches a guest
    let mut bytes = [0; FUTURE as usize];
    match value {
        Ok(None) => {}
        Ok(Some(fields)) => {
            bytes[8] = 1;
            bytes[12..].copy_from_slice(&fields.to_le_bytes());
        }
        Err(_) => (bytes[0], bytes[8]) = (1, CONNECTION_TERMINATED),
    }
    place.put(&bytes);
}

impl Tasks {
    pub(super) fn read(&mut self, handle: u32, kinds: &[Kind], place: Place) -> Result<u32> {
        let channel = self.channels.begin(handle, Side::Reader, kinds)?;
        self.channels.at(channel).reading = Some(place);
        self.settled(channel, handle)
    }

    pub(super) fn write(&mut self, handle: u32, place: Place) -> Result<u32> {
        let channel = self.channels.begin(handle, Side::Writer, &[Kind::Bytes])?;
        self.channels.at(channel).writing = Some(place);
        self.settled(channel, handle)
    }

    /// Never waits, as the value is taken before anybody reads it.
    pub(super) fn write_value(&mut self, handle: u32, kind: Kind, value: Value) -> Result<u32> {
        let number = self.channels.idle(handle, Side::Writer, &[kind])?.channel;
        let channel = self.channels.at(number);
        if channel.reader == Party::Gone {
            return Ok(Copied::Dropped.code(0));
        }
        (channel.value, channel.is_guests) = (Some(value), true);
        self.settle_now(number)?;
        Ok(Copied::Completed.code(0))
    }

    fn settled(&mut self, channel: usize, handle: u32) -> Result<u32> {
        self.settle_now(channel)?;
        Ok(self.channels.take_event(handle).map_or(BLOCKED, |[.., code]| code))
    }

    pub(super) fn drop_reader(&mut self, handle: u32) -> Result<()> {
        let channel = self.channels.take_end(handle, Side::Reader, &ALL)?;
        self.leave(channel);
        Ok(())
    }

    /// Nobody reads a channel any more.
    pub(super) fn leave(&mut self, number: usize) {
        let channel = self.channels.at(number);
        let (kind, writer) = (channel.kind, channel.writer);
        channel.reader = Party::Gone;
        if self.channels.is_busy(writer) {
            self.channels.tell_writer(number, Copied::Dropped, 0);
        }
        if let (Party::Source(source), Kind::Bytes) = (writer, kind) {
            self.sources[source].leave();
        }
        self.forget(number);
    }

    pub(super) fn drop_writer(&mut self, handle: u32) -> Result<()> {
        let number = self.channels.take_end(handle, Side::Writer, &ALL)?;
        let channel = self.channels.at(number);
        let is_owed = channel.kind != Kind::Bytes && channel.value.is_none() && channel.reader != Party::Gone;
        ensure!(!is_owed, "the future {handle} is dropped without having been written");
        self.end_writing(number)
    }

    pub(super) fn settle_now(&mut self, number: usize) -> Result<()> {
        self.settle(number, &mut Context::from_waker(Waker::noop()))
    }

    /// Nobody writes to a channel any more.
    pub(super) fn end_writing(&mut self, number: usize) -> Result<()> {
        self.channels.at(number).writer = Party::Gone;
        self.settle_now(number)?;
        if self.channels.has(number) {
            self.forget(number);
        }
        Ok(())
    }

    /// Removes a channel of which nobody has an end.
    fn forget(&mut self, number: usize) {
        let Channel { reader, writer, .. } = *self.channels.at(number);
        let is_read = matches!(reader, Party::Gone | Party::Nobody);
        if is_read && matches!(writer, Party::Gone | Party::Source(_)) {
            self.channels.remove_channel(number);
            self.part(writer);
        }
    }

    /// One channel less has this party at its end.
    fn part(&mut self, party: Party) {
        if let Party::Source(source) = party {
            self.sources[source].channels -= 1;
            if self.sources[source].channels == 0 {
                self.sources.remove(source);
            }
        }
    }

    /// Moves on what can move between the ends of a channel.
    pub(super) fn settle(&mut self, number: usize, context: &mut Context<'_>) -> Result<()> {
        if self.channels.at(number).kind == Kind::Bytes {
            self.settle_stream(number, context);
            return Ok(());
        }
        self.settle_future(number, context)
    }

    fn settle_stream(&mut self, number: usize, context: &mut Context<'_>) {
        let Channel { reader, writer, reading, writing, .. } = *self.channels.at(number);
        match (writing, reading) {
            _ if matches!(reader, Party::Answer(_)) => self.advance(reader, context),
            (Some(from), Some(to)) => {
                let bytes = to.put(from.bytes());
                self.channels.tell_writer(number, Copied::Completed, bytes);
                self.channels.tell_reader(number, Copied::Completed, bytes);
            }
            (Some(from), None) if reader == Party::Nobody => self.channels.tell_writer(number, Copied::Completed, from.length),
            (Some(_), None) if reader == Party::Gone => self.channels.tell_writer(number, Copied::Dropped, 0),
            (None, Some(to)) => match writer {
                Party::Source(source) => match self.sources[source].read(to, context) {
                    Poll::Ready(Some(bytes)) => self.channels.tell_reader(number, Copied::Completed, bytes),
                    Poll::Ready(None) => self.channels.tell_reader(number, Copied::Dropped, 0),
                    Poll::Pending => {}
                },
                Party::Guest(_) => {}
                _ => self.channels.tell_reader(number, Copied::Dropped, 0),
            },
            _ => {}
        }
    }

    fn settle_future(&mut self, number: usize, context: &mut Context<'_>) -> Result<()> {
        let channel = self.channels.at(number);
        let writer = channel.writer;
        let end = match (writer, &channel.value) {
            (Party::Source(source), None) => self.sources[source].end(),
            _ => None,
        };
        if let Some(end) = end {
            let value = self.value_of(end)?;
            let channel = self.channels.at(number);
            (channel.value, channel.writer) = (Some(value), Party::Gone);
            self.part(writer);
        }
        let Channel { reader, reading, ref value, is_guests, .. } = *self.channels.at(number);
        if let (Some(value), Some(place)) = (value, reading) {
            ensure!(!is_guests, "a future is read and written by the same component, which only one of numbers can be");
            put_value(place, value);
            self.channels.tell_reader(number, Copied::Completed, 0);
        }
        self.advance(reader, context);
        Ok(())
    }
}
