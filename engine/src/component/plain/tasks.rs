//! The tasks of a plain handler: one for each request. A guest is called to begin one, and then for each event that the task waits
//! for, until it is over (Component Model, Async.md, "callback"). One call at a time is in the guest.

use super::answer::{Answer, Going};
use super::channels::{Channels, Event, NOTHING, Party, Value};
use super::http::{Incoming, Outgoing};
use super::source::{End, Source};
use crate::component::http::{Client, error_code, no_response};
use crate::component::outgoing::allowed;
use crate::component::state::table;
use http::HeaderMap;
use slab::Slab;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use wasmtime::component::{Resource, ResourceTable};
use wasmtime::{Error, Result, bail};
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::FieldMap;

/// Where a task is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// In the guest.
    Running,
    /// To be called when there is nothing else to do.
    Yielded,
    /// For an event of a waitable set.
    Waits(u32),
    Exited,
}

pub(super) struct Task {
    at: At,
    /// What the guest keeps with it.
    context: [u32; 2],
    pub client: Arc<Client>,
    pub answer: Answer,
}

/// What a store has for a plain handler.
pub(crate) struct Tasks {
    /// Of wasi:http/types.
    pub(super) resources: ResourceTable,
    pub(super) channels: Channels,
    pub(super) sources: Slab<Source>,
    pub(super) tasks: Slab<Task>,
    /// The one that is in the guest.
    current: usize,
    /// How often a guest has asked for no more requests for now.
    pub(super) backpressure: u32,
}

/// What is to be done next: tasks by their numbers.
pub(super) enum Turn {
    Call(usize, Event),
    Answered(usize, Result<()>),
}

impl Tasks {
    pub fn new() -> Self {
        Self {
            resources: table(),
            channels: Channels::default(),
            sources: Slab::new(),
            tasks: Slab::new(),
            current: 0,
            backpressure: 0,
        }
    }

    /// A task that is about to be in the guest; its number, and the request's.
    pub(super) fn begin(&mut self, request: Incoming, client: &Arc<Client>) -> Result<(usize, u32)> {
        let task = Task { at: At::Running, context: [0; 2], client: client.clone(), answer: Answer::Awaited };
        self.current = self.tasks.insert(task);
        Ok((self.current, self.resources.push(request)?.rep()))
    }

    /// The guest is about to go on with one, whose first context this is.
    pub(super) fn enter_guest(&mut self, task: usize) -> u32 {
        self.current = task;
        self.tasks[task].context[0]
    }

    fn now(&mut self) -> Result<&mut Task> {
        self.tasks.get_mut(self.current).ok_or_else(|| Error::msg("it asks for its task, of which none has begun"))
    }

    pub(super) fn second_context(&mut self) -> Result<&mut u32> {
        Ok(&mut self.now()?.context[1])
    }

    /// What the guest has returned: `CanonicalABI.md`, "canon lift", and the context.
    pub(super) fn leave_guest(&mut self, returned: u64) -> Result<()> {
        let (packed, context) = (returned as u32, (returned >> 32) as u32);
        let at = match (packed & 0xf, packed >> 4) {
            (0, _) => At::Exited,
            (1, _) => At::Yielded,
            (2, set) => At::Waits(set),
            (code, _) => bail!("its handler returned the code {code}, of which nothing is known"),
        };
        let current = self.current;
        let task = self.now()?;
        (task.at, task.context[0]) = (at, context);
        if at == At::Exited {
            match task.answer {
                Answer::Awaited => task.answer = Answer::Over(Err(no_response())),
                Answer::Told => _ = self.tasks.remove(current),
                _ => {}
            }
        }
        Ok(())
    }

    /// The task that is in the guest has its response.
    pub(super) fn answer(&mut self, result: Result<u32, ErrorCode>) -> Result<()> {
        let number = self.current;
        if !matches!(self.now()?.answer, Answer::Awaited) {
            bail!("its handler has given two responses");
        }
        self.now()?.answer = match result {
            Err(code) => Answer::Over(Err(error_code(&code))),
            Ok(response) => {
                let Outgoing { status, fields, contents, trailers, sent } = self.resources.delete(Resource::new_own(response))?;
                for channel in contents.into_iter().chain([trailers]) {
                    self.channels.at(channel).reader = Party::Answer(number);
                }
                Answer::Going(Box::new(Going::new(status, fields.into(), contents, trailers, sent)))
            }
        };
        self.advance(Party::Answer(number), &mut Context::from_waker(Waker::noop()));
        Ok(())
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Turn>> {
        self.settle_all(context)?;
        self.end_orphans();
        if let Some(answered) = self.next_answered() {
            return Poll::Ready(Ok(answered));
        }
        let mut yielded = None;
        for number in (0..self.tasks.capacity()).map(|at| (self.current + 1 + at) % self.tasks.capacity()) {
            match self.tasks.get(number).map(|task| task.at) {
                Some(At::Waits(set)) => {
                    if let Some(event) = self.channels.next_event(set)? {
                        return Poll::Ready(Ok(Turn::Call(number, event)));
                    }
                }
                Some(At::Yielded) => yielded = yielded.or(Some(number)),
                _ => {}
            }
        }
        yielded.map_or(Poll::Pending, |number| Poll::Ready(Ok(Turn::Call(number, NOTHING))))
    }

    fn next_answered(&mut self) -> Option<Turn> {
        let (number, task) = self.tasks.iter_mut().find(|(_, task)| matches!(task.answer, Answer::Over(_)))?;
        let Answer::Over(result) = std::mem::replace(&mut task.answer, Answer::Told) else { return None };
        if task.at == At::Exited {
            self.tasks.remove(number);
        }
        Some(Turn::Answered(number, result))
    }

    /// Of answers that nobody writes any more, as all tasks are over.
    fn end_orphans(&mut self) {
        if self.tasks.iter().any(|(_, task)| task.at != At::Exited) {
            return;
        }
        for number in 0..self.tasks.capacity() {
            self.give_up(number);
        }
    }

    /// What has happened to one of a set, when it is the guest itself that waits.
    pub(super) fn poll_event(&mut self, set: u32, context: &mut Context<'_>) -> Poll<Result<Event>> {
        self.settle_all(context)?;
        self.channels.next_event(set)?.map_or(Poll::Pending, |event| Poll::Ready(Ok(event)))
    }

    /// What a future is to say of a body's end.
    pub(super) fn value_of(&mut self, end: End) -> Result<Value> {
        Ok(match end {
            Ok(Some(trailers)) => {
                let mut fields = FieldMap::new_mutable(usize::MAX);
                for (name, value) in &allowed(trailers) {
                    fields.append_raw(name.clone(), value.clone())?;
                }
                fields.set_immutable();
                Ok(Some(self.resources.push(fields)?.rep()))
            }
            Ok(None) => Ok(None),
            Err(code) => Err(code),
        })
    }

    /// What a guest has given as trailers, if it did not leave them too early.
    pub(super) fn take_fields(&mut self, fields: u32) -> Option<HeaderMap> {
        let fields = self.resources.delete::<FieldMap>(Resource::new_own(fields)).ok()?;
        Some(fields.into())
    }

    /// With the answers that are on their way: each has the channel of its trailers until it is over.
    fn settle_all(&mut self, context: &mut Context<'_>) -> Result<()> {
        self.channels.poll_subtasks(context);
        for channel in 0..self.channels.bound() {
            if self.channels.has(channel) {
                self.settle(channel, context)?;
            }
        }
        Ok(())
    }
}
