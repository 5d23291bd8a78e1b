//! A component that serves several requests: one after the other, with wasi:http 0.3 at once too.

use super::call::{Ended, Made};
use super::handler::{Entered, Handler};
use super::host::{Waiting, mayfly_bytes_t};
use super::http::{Client, mayfly_request_t};
use super::refusal::{Refusal, mayfly_refusal_t};
use super::state::State;
use super::{http02, http03, plain};
use crate::guarded;
use crate::instance::mayfly_instance_t;
use futures::stream::{FuturesUnordered, StreamExt};
use http::Request;
use std::collections::VecDeque;
use std::ffi::c_void;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use wasmtime::{Error, Result, Store};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::p3::bindings::ServicePre;

/// How a request of several ended: at its instance's home, while that is polled. Those that have not ended when the
/// instance does end as it does.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mayfly_ended_t {
    pub data: *mut c_void,
    /// None when the response is complete; `reason` is valid until it returns.
    pub call: extern "C" fn(data: *mut c_void, refusal: mayfly_refusal_t, reason: mayfly_bytes_t),
}
unsafe impl Send for mayfly_ended_t {} // of an instance, which has one owner at a time
unsafe impl Sync for mayfly_ended_t {}

/// A request that was handed over. When it is deleted nobody is called for it any more.
pub struct mayfly_job_t(Arc<Client>);

impl Drop for mayfly_job_t {
    fn drop(&mut self) {
        self.0.leave();
    }
}

pub(crate) struct Job {
    pub request: Result<Request<WasiBody>>,
    pub asker: Asker,
}

/// Who has handed it over.
pub(crate) struct Asker {
    pub(super) client: Arc<Client>,
    ended: mayfly_ended_t,
}

pub(crate) type Jobs = VecDeque<Job>;

impl Asker {
    /// An error that is the request's alone is told, and no other one's end.
    pub async fn end(&self, result: Result<()>) -> Result<()> {
        let text = match &result {
            Ok(()) => (mayfly_refusal_t::None, ""),
            Err(error) => match error.downcast_ref::<Refusal>() {
                Some(refusal) => (refusal.kind, &*refusal.text),
                None => return result,
            },
        };
        self.client.wait_for_home().await;
        if !self.client.is_gone() {
            (self.ended.call)(self.ended.data, text.0, mayfly_bytes_t::of(text.1.as_bytes()));
        }
        self.client.leave();
        Ok(())
    }
}

impl Waiting {
    pub fn next_job(&self, context: &Context<'_>) -> Poll<Job> {
        match unsafe { (*self.0).jobs.pop_front() } {
            Some(job) => Poll::Ready(job),
            None => self.poll(context),
        }
    }
}

/// Serves for as long as it is polled.
pub(super) async fn serve(mut store: Store<State>, handler: &Handler, waiting: Waiting, made: &mut Made) -> Ended {
    let (_, entered) = handler.instantiate(&mut store).await?;
    made.note();
    let proxy = match &entered {
        Entered::Http02(proxy) => proxy,
        Entered::Plain(functions) => return plain::serve(store, functions, waiting).await,
    };
    loop {
        let job = poll_fn(|context| waiting.next_job(context)).await;
        // A handler that is left in the middle is no good for another request.
        let handled = http02::handle(&mut store, proxy, job.request?, &job.asker.client).await?;
        job.asker.end(Ok(handled)).await?;
    }
}

/// The same; a request is begun as soon as the component lets it in.
pub(super) async fn serve03(
    mut store: Store<State>,
    pre: &ServicePre<State>,
    waiting: Waiting,
    made: &mut Made,
) -> Ended {
    let service = pre.instantiate_async(&mut store).await?;
    made.note();
    let handler = *service.wasi_http_handler().func_handle().func();
    let served: Result<()> = store
        .run_concurrent(async |accessor| {
            let mut running = FuturesUnordered::new();
            let begin = async |job: Job| {
                let handled = match job.request {
                    Ok(request) => http03::handle(accessor, &service, request, &job.asker.client).await,
                    Err(error) => Err(error),
                };
                job.asker.end(handled).await
            };
            poll_fn(|context| {
                loop {
                    match running.poll_next_unpin(context) {
                        Poll::Ready(Some(Ok(()))) => continue,
                        Poll::Ready(Some(Err(error))) => return Poll::Ready(Err::<(), Error>(error)),
                        Poll::Ready(None) | Poll::Pending => {}
                    }
                    if accessor.poll_ready_for_concurrent_call(handler, context).is_pending() {
                        return Poll::Pending;
                    }
                    match waiting.next_job(context) {
                        Poll::Ready(job) => running.push(begin(job)),
                        Poll::Pending => return Poll::Pending,
                    }
                }
            })
            .await
        })
        .await?;
    served.map(|()| String::new())
}

/// Hands a request to an HTTP component that was called without one, between two polls; the next one begins it. The
/// request is read before this returns, but for what its client's and `ended`'s `data` point to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_component_hand(
    instance: &mut mayfly_instance_t,
    request: &mayfly_request_t,
    ended: mayfly_ended_t,
) -> Box<mayfly_job_t> {
    let shared = instance.shared();
    let client = Client::new(request.client, shared);
    let request = guarded(|| unsafe { request.take(client.clone()) });
    unsafe { (*shared).jobs.push_back(Job { request, asker: Asker { client: client.clone(), ended } }) };
    Box::new(mayfly_job_t(client))
}

#[unsafe(no_mangle)]
pub extern "C" fn mayfly_job_delete(_job: Box<mayfly_job_t>) {}
