//! What a task answers its request with, on its way to the client: as much of it as there is, and room for. Bytes go from the memory
//! of the guest to C++ without a copy in between.

use super::channels::{Copied, Party};
use super::tasks::Tasks;
use crate::component::http::{Client, content_length, unfinished, unwritten};
use http::{HeaderMap, StatusCode};
use std::task::{Context, Poll, ready};
use wasmtime::Result;
use wasmtime_wasi_http::Error;

/// What is sent before room is asked for again; bytes.
const CHUNK: usize = 64 << 10;

/// A response that is on its way.
pub(super) struct Going {
    pub status: StatusCode,
    pub fields: HeaderMap,
    has_head: bool,
    /// Channels. Of the contents, until nothing more of them comes.
    pub contents: Option<usize>,
    pub trailers: usize,
    pub sent: usize,
    length: Option<u64>,
    written: u64,
}

pub(super) enum Answer {
    /// The guest has not given it.
    Awaited,
    Going(Box<Going>),
    Over(Result<()>),
    /// Its end has been told.
    Told,
}

impl Going {
    pub fn new(status: StatusCode, fields: HeaderMap, contents: Option<usize>, trailers: usize, sent: usize) -> Self {
        let length = content_length(&fields);
        Self { status, fields, has_head: false, contents, trailers, sent, length, written: 0 }
    }

    fn send(&mut self, client: &Client, bytes: &[u8]) -> Result<()> {
        self.written += bytes.len() as u64;
        if self.length.is_some_and(|length| self.written > length) {
            return Err(unfinished(Error::HttpResponseBodySize(Some(self.written))));
        }
        client.send(bytes)
    }

    /// Sends while there is room; how much.
    fn send_some(&mut self, client: &Client, bytes: &[u8], context: &mut Context<'_>) -> Result<usize> {
        let mut sent = 0;
        while sent < bytes.len() && client.poll_room(context).is_ready() {
            let part = &bytes[sent..bytes.len().min(sent + CHUNK)];
            self.send(client, part)?;
            sent += part.len();
        }
        Ok(sent)
    }
}

impl Tasks {
    /// Sends what there is of the answer of a task, if `party` is one.
    pub(super) fn advance(&mut self, party: Party, context: &mut Context<'_>) {
        let Party::Answer(number) = party else { return };
        let Some(task) = self.tasks.get_mut(number) else { return };
        let mut going = match std::mem::replace(&mut task.answer, Answer::Told) {
            Answer::Going(going) => going,
            other => return task.answer = other,
        };
        let client = task.client.clone();
        let answer = match self.send(&mut going, &client, context) {
            Poll::Pending => Answer::Going(going),
            Poll::Ready(result) => {
                self.end(&going, result.is_ok());
                Answer::Over(result)
            }
        };
        self.tasks[number].answer = answer;
    }

    fn send(&mut self, going: &mut Going, client: &Client, context: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(client.poll_home(context));
        if !going.has_head {
            client.respond(going.status.as_u16(), &going.fields)?;
            going.has_head = true;
        }
        if let Some(contents) = going.contents {
            ready!(self.send_contents(going, contents, client, context))?;
            going.contents = None;
            self.leave(contents);
        }
        if going.length.is_some_and(|length| going.written < length) {
            return Poll::Ready(Err(unfinished(Error::HttpResponseBodySize(Some(going.written)))));
        }
        let trailers = match ready!(self.trailers(going.trailers)) {
            Ok(trailers) => trailers,
            Err(code) => return Poll::Ready(Err(unfinished(code.into()))),
        };
        Poll::Ready(trailers.map_or(Ok(()), |trailers| client.send_trailers(&trailers)))
    }

    fn send_contents(&mut self, going: &mut Going, number: usize, client: &Client, context: &mut Context<'_>) -> Poll<Result<()>> {
        loop {
            let channel = self.channels.at(number);
            match (channel.writing, channel.writer) {
                (Some(place), _) => {
                    let sent = going.send_some(client, place.bytes(), context)?;
                    if sent > 0 || place.length == 0 {
                        self.channels.tell_writer(number, Copied::Completed, sent);
                    }
                    return Poll::Pending;
                }
                (None, Party::Source(source)) => {
                    ready!(client.poll_room(context));
                    match ready!(self.sources[source].next(context)) {
                        Some(bytes) => going.send(client, &bytes)?,
                        None => return Poll::Ready(Ok(())),
                    }
                }
                (None, Party::Guest(_)) => return Poll::Pending,
                (None, _) => return Poll::Ready(Ok(())),
            }
        }
    }

    /// What follows the body, once that is known.
    fn trailers(&mut self, number: usize) -> Poll<super::source::End> {
        let channel = self.channels.at(number);
        match (channel.value.take(), channel.writer) {
            (Some(Ok(Some(fields))), _) => Poll::Ready(Ok(self.take_fields(fields))),
            (Some(Ok(None)), _) => Poll::Ready(Ok(None)),
            (Some(Err(code)), _) => Poll::Ready(Err(code)),
            (None, Party::Source(source)) => self.sources[source].end().map_or(Poll::Pending, Poll::Ready),
            (None, Party::Guest(_)) => Poll::Pending,
            (None, _) => Poll::Ready(Ok(None)),
        }
    }

    /// Ends the answer of a task, when it waits for what only a guest could write: nobody does any more.
    pub(super) fn give_up(&mut self, number: usize) {
        let Some(task) = self.tasks.get_mut(number) else { return };
        let Answer::Going(going) = &task.answer else { return };
        let channel = self.channels.at(going.contents.unwrap_or(going.trailers));
        if !matches!(channel.writer, Party::Guest(_)) || channel.writing.is_some() || channel.value.is_some() {
            return;
        }
        if let Answer::Going(going) = std::mem::replace(&mut task.answer, Answer::Over(Err(unwritten()))) {
            self.end(&going, false);
        }
    }

    /// Leaves what it was read from, and tells the guest how it went.
    fn end(&mut self, going: &Going, is_sent: bool) {
        going.contents.into_iter().for_each(|contents| self.leave(contents));
        self.leave(going.trailers);
        let sent = self.channels.at(going.sent);
        sent.value = Some(if is_sent { Ok(None) } else { Err(super::source::broken()) });
        _ = self.end_writing(going.sent); // nothing that a guest reads is written by it too
    }
}
