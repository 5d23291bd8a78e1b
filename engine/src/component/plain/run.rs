//! How a plain handler is called: for one request, or for several at once.

use super::channels::Event;
use super::http::Incoming;
use super::rewrite::{CALLBACK, HANDLE, HANDLER};
use super::tasks::Turn;
use crate::component::call::Ended;
use crate::component::host::Waiting;
use crate::component::http::Client;
use crate::component::serve::{Asker, Job};
use crate::component::state::State;
use futures::future::Either;
use http::Request;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use wasmtime::component::{Component, ComponentExportIndex, Instance, TypedFunc};
use wasmtime::{Result, Store};
use wasmtime_wasi_http::WasiBody;

/// Of the component.
pub(crate) struct Exports {
    handle: ComponentExportIndex,
    callback: ComponentExportIndex,
}

impl Exports {
    /// None when it is no plain handler.
    pub fn of(component: &Component) -> Option<Self> {
        let ty = component.component_type();
        let (name, _) = ty.exports(component.engine()).find(|(name, _)| name.starts_with(HANDLER))?;
        let handler = component.get_export_index(None, name)?;
        let find = |name| component.get_export_index(Some(&handler), name);
        Some(Self { handle: find(HANDLE)?, callback: find(CALLBACK)? })
    }

    pub fn load(&self, store: &mut Store<State>, instance: &Instance) -> Result<Functions> {
        Ok(Functions {
            handle: instance.get_typed_func(&mut *store, &self.handle)?,
            callback: instance.get_typed_func(&mut *store, &self.callback)?,
        })
    }
}

/// Of an instance.
pub(crate) struct Functions {
    handle: TypedFunc<(u32,), (u64,)>,
    callback: TypedFunc<(u32, u32, u32, u32), (u64,)>,
}

impl Functions {
    /// Until the guest waits for something. The number of the task.
    async fn begin(&self, store: &mut Store<State>, request: Request<WasiBody>, client: &Arc<Client>) -> Result<usize> {
        let request = Incoming::new(request);
        let (task, request) = store.data_mut().tasks.begin(request, client)?;
        let (returned,) = self.handle.call_async(&mut *store, (request,)).await?;
        store.data_mut().tasks.leave_guest(returned)?;
        Ok(task)
    }

    async fn go_on(&self, store: &mut Store<State>, task: usize, [event, waitable, code]: Event) -> Result<()> {
        let context = store.data_mut().tasks.enter_guest(task);
        let (returned,) = self.callback.call_async(&mut *store, (event, waitable, code, context)).await?;
        store.data_mut().tasks.leave_guest(returned)
    }
}

/// One request, from its head to the end of its response.
pub(crate) async fn handle(
    store: &mut Store<State>,
    functions: &Functions,
    request: Request<WasiBody>,
    client: &Arc<Client>,
) -> Result<()> {
    functions.begin(store, request, client).await?;
    loop {
        match poll_fn(|context| store.data_mut().tasks.poll(context)).await? {
            Turn::Answered(_, result) => return result,
            Turn::Call(task, event) => functions.go_on(store, task, event).await?,
        }
    }
}

/// Serves for as long as it is polled; a request is begun as soon as the guest lets it in.
pub(crate) async fn serve(mut store: Store<State>, functions: &Functions, waiting: Waiting) -> Ended {
    let store = &mut store;
    let mut askers = Vec::<(usize, Asker)>::new();
    loop {
        let turn = poll_fn(|context| {
            let tasks = &mut store.data_mut().tasks;
            if tasks.backpressure == 0 {
                if let Poll::Ready(job) = waiting.next_job(context) {
                    return Poll::Ready(Either::Right(job));
                }
            }
            tasks.poll(context).map(Either::Left)
        });
        match turn.await {
            Either::Left(turn) => match turn? {
                Turn::Call(task, event) => functions.go_on(store, task, event).await?,
                Turn::Answered(task, result) => {
                    if let Some(at) = askers.iter().position(|(number, _)| *number == task) {
                        askers.swap_remove(at).1.end(result).await?;
                    }
                }
            },
            Either::Right(Job { request: Ok(request), asker }) => {
                let task = functions.begin(store, request, &asker.client).await?;
                askers.push((task, asker));
            }
            Either::Right(Job { request: Err(error), asker }) => asker.end(Err(error)).await?,
        }
    }
}
