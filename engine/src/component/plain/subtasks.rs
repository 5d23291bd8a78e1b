//! What a plain handler has begun, and may wait for (Component Model, CanonicalABI.md, "Subtask State").

use super::channels::{Event, Waitable};
use super::tasks::Tasks;
use crate::component::state::State;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;
use wasmtime::component::LinkerInstance;
use wasmtime::{Result, StoreContextMut, ensure};
use wasmtime_wasi::p3::bindings::clocks::monotonic_clock::Host;
use wasmtime_wasi::clocks::WasiClocksView;

const STARTED: u32 = 1;
const RETURNED: u32 = 2;
const CANCELLED: u32 = 4; // before it returned
const EVENT: u32 = 1;

pub(super) struct Subtask {
    pub set: u32,
    work: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
    is_over: bool,
    is_told: bool,
}

impl Subtask {
    pub fn poll(&mut self, context: &mut Context<'_>) {
        self.is_over = self.is_over || self.work.as_mut().poll(context).is_ready();
    }

    /// That it is over, once.
    pub fn take_event(&mut self, handle: u32) -> Option<Event> {
        let is_news = self.is_over && !self.is_told;
        self.is_told |= self.is_over;
        is_news.then_some([EVENT, handle, RETURNED])
    }
}

impl Tasks {
    /// As the guest is told it: the state, and the handle of what is not over at once.
    fn begin_subtask(&mut self, work: impl Future<Output = ()> + Send + Sync + 'static) -> Result<u32> {
        let mut subtask = Subtask { set: 0, work: Box::pin(work), is_over: false, is_told: false };
        subtask.poll(&mut Context::from_waker(Waker::noop()));
        if subtask.is_over {
            return Ok(RETURNED);
        }
        Ok(self.channels.give(Waitable::Subtask(subtask))? << 4 | STARTED)
    }

    fn wait(&mut self, nanoseconds: u64) -> Result<u32> {
        if nanoseconds == 0 {
            return Ok(RETURNED);
        }
        self.begin_subtask(async move { tokio::time::sleep(Duration::from_nanos(nanoseconds)).await })
    }

    fn cancel_subtask(&mut self, handle: u32) -> Result<u32> {
        let subtask = self.channels.subtask(handle)?;
        ensure!(!subtask.is_told, "the subtask {handle} is over, and is cancelled");
        let state = if subtask.is_over { RETURNED } else { CANCELLED };
        (subtask.is_over, subtask.is_told) = (true, true);
        Ok(state)
    }

    fn drop_subtask(&mut self, handle: u32) -> Result<()> {
        ensure!(self.channels.subtask(handle)?.is_told, "the subtask {handle} is dropped before it is over");
        self.channels.remove(handle)
    }
}

type Store<'a> = StoreContextMut<'a, State>;

pub(super) fn add_to(types: &mut LinkerInstance<'_, State>) -> Result<()> {
    types.func_wrap("subtask-cancel", |mut store: Store, (subtask,): (u32,)| {
        Ok((store.data_mut().tasks().cancel_subtask(subtask)?,))
    })?;
    types.func_wrap("subtask-drop", |mut store: Store, (subtask,): (u32,)| store.data_mut().tasks().drop_subtask(subtask))
}

pub(super) fn add_clock_to(clock: &mut LinkerInstance<'_, State>) -> Result<()> {
    clock.func_wrap("now", |mut store: Store, (): ()| Ok((Host::now(&mut store.data_mut().clocks())?,)))?;
    clock.func_wrap("get-resolution", |mut store: Store, (): ()| Ok((Host::get_resolution(&mut store.data_mut().clocks())?,)))?;
    clock.func_wrap("wait-for", |mut store: Store, (how_long,): (u64,)| Ok((store.data_mut().tasks().wait(how_long)?,)))?;
    clock.func_wrap("wait-until", |mut store: Store, (when,): (u64,)| {
        let how_long = when.saturating_sub(Host::now(&mut store.data_mut().clocks())?);
        Ok((store.data_mut().tasks().wait(how_long)?,))
    })
}
