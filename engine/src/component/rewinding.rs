//! A handler that serves one request after the other, put back to how it began in between. Beside its memory
//! and its globals, what a guest can change is the table of its handles. A request is the last when it leaves one
//! there, or anything that the host keeps for it.

use super::call::{Ended, Made};
use super::http::Client;
use super::handler::{Entered, Handler};
use super::rewinder;
use super::state::{State, table};
use crate::instance::Shared;
use crate::limiter::Limiter;
use crate::rewind::Beginning;
use crate::room::{self, Growth};
use http::Request;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::component::{Component, ComponentExportIndex, Instance, Resource, ResourceTable, TypedFunc, WasmList};
use wasmtime::{Error, Result, Store};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::p2::bindings::http::types::IncomingRequest;

/// That a guest had at once: to see that they are gone takes 50 ns for each.
const MOST_HANDLES: usize = 256;

/// The functions that a component is put back by.
pub(super) struct Rewinder {
    rewind: ComponentExportIndex,
    look: ComponentExportIndex,
    growth: Arc<Growth>,
}

impl Rewinder {
    pub fn of(component: &Component) -> Option<Self> {
        let find = |name| component.get_export_index(None, name);
        Some(Self { rewind: find(rewinder::REWIND)?, look: find(rewinder::LOOK)?, growth: Arc::default() })
    }

    /// Of an instance of which nothing but its start functions has run. An error when it cannot be put back.
    async fn note(&self, store: &mut Store<State>, instance: &Instance, shared: *mut Shared) -> Result<Began> {
        // What the host said to a start function, be it a random number, would be known to all requests.
        if std::mem::take(&mut store.data_mut().asked) || places(&mut store.data_mut().table) > 0 {
            return Err(Error::msg("it calls the host when it starts"));
        }
        store.data_mut().table = table();
        let look = instance.get_typed_func::<(u32,), (WasmList<u8>,)>(&mut *store, &self.look)?;
        let used = Shared::used(shared);
        let (memory,) = look.call_async(&mut *store, (self.growth.pages(unsafe { (*shared).limiter.left() }),)).await?;
        let used_with_room = Shared::used(shared);
        let memory = memory.as_le_slice(&*store);
        let memory = (memory.as_ptr().cast_mut(), memory.len());
        Ok(Began {
            beginning: Beginning::new(Some(memory), Vec::new(), used_with_room)
                .ok_or_else(|| Error::msg("its memory cannot be watched"))?,
            rewind: instance.get_typed_func(&mut *store, &self.rewind)?,
            handles: 0,
            room: used_with_room - used,
            growth: self.growth.clone(),
        })
    }
}

/// A request, of an instance that has `room`.
async fn noting_growth(growth: &Growth, room: usize, shared: *mut Shared, handled: impl Future<Output = Result<()>>) -> Result<()> {
    let used = Shared::used(shared);
    unsafe { (*shared).spare = room };
    handled.await?;
    growth.note(room, Shared::used(shared) - used);
    Ok(())
}

/// How many resources a table had at once at most. It is filled up.
fn places(table: &mut ResourceTable) -> usize {
    table.set_max_capacity(0);
    let mut count = 0;
    while table.push(()).is_ok() {
        count += 1;
    }
    count
}

/// How an instance began, and how the rest of it is put back.
struct Began {
    beginning: Beginning,
    rewind: TypedFunc<(Vec<Resource<IncomingRequest>>,), (u32,)>,
    /// The most that any request had at once.
    handles: usize,
    /// Behind what the guest saw of its memory; bytes.
    room: usize,
    growth: Arc<Growth>,
}

impl Began {
    /// Puts back all but the memory. Returns how many bytes of that the guest has not seen.
    async fn rewind(&mut self, store: &mut Store<State>) -> Result<usize> {
        let resources = &mut store.data_mut().table;
        if !resources.is_empty() {
            return Err(Error::msg("resources are left"));
        }
        // Of what a guest has a handle, the host's table has the resource.
        self.handles = self.handles.max(places(resources));
        if self.handles > MOST_HANDLES {
            return Err(Error::msg("too many handles were in use"));
        }
        let handles = (0..self.handles).map(|_| Resource::new_borrow(0)).collect();
        Ok(self.rewind.call_async(store, (handles,)).await?.0 as usize * room::PAGE)
    }
}

/// One that rests between two requests, or serves one.
pub(crate) struct Rewinding {
    began: Began, // goes before its memory
    store: Store<State>,
    entered: Entered,
    took: Duration,
}

impl Rewinding {
    async fn serve(mut self, request: Request<WasiBody>, client: &Arc<Client>, shared: *mut Shared) -> Ended {
        let (room, growth) = (self.began.room, self.began.growth.clone());
        noting_growth(&growth, room, shared, self.entered.handle(&mut self.store, request, client)).await?;
        let started = Instant::now();
        if let Ok(spare) = self.began.rewind(&mut self.store).await {
            self.took = started.elapsed();
            unsafe { ((*shared).spare, (*shared).rewinding) = (spare, Some(self)) };
        }
        Ok(String::new())
    }

    /// The next request, for which the store has what `state` has.
    pub(super) async fn again(mut self, state: State, request: Request<WasiBody>, client: &Arc<Client>, shared: *mut Shared) -> Ended {
        *self.store.data_mut() = state;
        self.store.set_epoch_deadline(1);
        self.serve(request, client, shared).await
    }

    /// Puts the memory back. False when it is fit for nothing more.
    pub fn restore(&mut self, limiter: &Limiter) -> bool {
        self.began.beginning.restore(&mut self.store, limiter)
    }

    /// What the rest took.
    pub fn took(&self) -> Duration {
        self.took
    }
}

/// One request, the first of an instance that is made for it: put back afterwards, when it `rewinds` and that can be.
pub(super) async fn serve_first(
    mut store: Store<State>,
    handler: &Handler,
    (request, client): (Request<WasiBody>, &Arc<Client>),
    rewinds: bool,
    made: &mut Made,
    shared: *mut Shared,
) -> Ended {
    let (instance, entered) = handler.instantiate(&mut store).await?;
    made.note();
    let began = match &handler.rewinder {
        Some(rewinder) if rewinds => rewinder.note(&mut store, &instance, shared).await.ok(),
        _ => None,
    };
    match began {
        Some(began) => Rewinding { began, store, entered, took: Duration::ZERO }.serve(request, client, shared).await,
        None => {
            let handled = entered.handle(&mut store, request, client);
            match &handler.rewinder {
                Some(rewinder) => noting_growth(&rewinder.growth, 0, shared, handled).await?,
                None => handled.await?,
            }
            Ok(String::new())
        }
    }
}
