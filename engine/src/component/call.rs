//! One invocation of a component, as an instance that event loops poll like any other.

use super::files::{Files, mayfly_files_t};
use super::host::{Output, Waiting, mayfly_bytes_t, mayfly_field_t, mayfly_host_t, mayfly_stream_t};
use super::http::{Client, mayfly_request_t, slice};
use super::outside::{Outbox, mayfly_outside_t};
use super::program::{Program, mayfly_component_t};
use super::sockets;
use super::state::{Hooks, State, table};
use super::plain::Tasks;
use super::serve::{serve, serve03};
use super::{http03, rewinding, typed};
use crate::instance::{Call, Carried, Shared, mayfly_instance_config_t, mayfly_instance_t, watch_ticks};
use crate::guarded;
use crate::wake::{Bell, mayfly_wake_t};
use bytes::Bytes;
use http::Request;
use std::ffi::c_void;
use std::sync::Arc;
use std::time::Instant;
use wasmtime::{Error, Result, Store};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{I32Exit, WasiCtx};
use wasmtime_wasi_http::{WasiBody, WasiHttpCtx};

/// What a component is called with. Read before mayfly_component_call returns, but for what `data` and `host` point to.
#[repr(C)]
pub struct mayfly_component_call_t {
    pub instance: mayfly_instance_config_t,
    pub host: mayfly_host_t,
    pub outside: mayfly_outside_t,
    pub files: mayfly_files_t,
    pub wake: mayfly_wake_t,
    pub wake_data: *mut c_void,
    pub arguments: *const mayfly_bytes_t,
    pub argument_count: usize,
    pub environment: *const mayfly_field_t,
    pub environment_count: usize,
    /// The configured variables alone.
    pub config: *const mayfly_field_t,
    pub config_count: usize,
    /// What the function may keep with wasi:keyvalue.
    pub kept_bytes: usize,
    /// The standard input of a command, the argument of exec, the arguments of a typed function.
    pub input: mayfly_bytes_t,
    /// For HTTP worlds, unless they are to serve several: null then, and for others.
    pub request: *const mayfly_request_t,
    /// Which of the functions of a typed component, by mayfly_component_find_function, and how many bytes its result
    /// may have.
    pub function: usize,
    pub result_bytes: usize,
}

fn wasi(call: &mayfly_component_call_t, input: Bytes, waiting: Waiting) -> WasiCtx {
    let mut wasi = WasiCtx::builder();
    for argument in unsafe { slice(call.arguments, call.argument_count) } {
        wasi.arg(unsafe { argument.text() });
    }
    for variable in unsafe { slice(call.environment, call.environment_count) } {
        wasi.env(unsafe { variable.name.text() }, unsafe { variable.value.text() });
    }
    wasi.stdin(MemoryInputPipe::new(input));
    wasi.stdout(Output { host: call.host, waiting, stream: mayfly_stream_t::Stdout });
    wasi.stderr(Output { host: call.host, waiting, stream: mayfly_stream_t::Stderr });
    sockets::allow(&mut wasi, call.outside);
    wasi.build()
}

/// Prepares an invocation; nothing of the guest runs before the first poll. To be polled and deleted as any instance.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_component_call(
    component: &mayfly_component_t,
    call: &mayfly_component_call_t,
) -> Box<mayfly_instance_t> {
    guarded(|| Ok(unsafe { prepare(component, call) })).unwrap_or_else(|error| {
        let shared = Box::into_raw(Box::new(Shared::new(0, std::ptr::null_mut())));
        let failed = Box::pin(std::future::ready(Err(error)));
        mayfly_instance_t::of_component(failed, shared, Bell::new(call.wake, call.wake_data))
    })
}

/// What the store of one invocation has.
unsafe fn state(component: &mayfly_component_t, call: &mayfly_component_call_t, input: Bytes, shared: *mut Shared) -> State {
    let (host, waiting) = (call.host, Waiting(shared));
    let config = unsafe { slice(call.config, call.config_count) };
    State {
        wasi: wasi(call, input, waiting),
        http: WasiHttpCtx::new(),
        hooks: Hooks(Outbox::new(call.outside, host, waiting)),
        table: table(),
        files: Files { calls: call.files, host, waiting },
        host,
        config: config.iter().map(|field| unsafe { (field.name.text(), field.value.text()) }).collect(),
        kept: component.1.clone(),
        kept_most: call.kept_bytes,
        sockets: 0,
        asked: false,
        tasks: Tasks::new(),
        shared,
    }
}

/// The request of a call that has one, and who is told of it.
unsafe fn request(call: &mayfly_component_call_t, shared: *mut Shared) -> Option<Result<(Request<WasiBody>, Arc<Client>)>> {
    let request = unsafe { call.request.as_ref() }?;
    let client = Client::new(request.client, shared);
    Some(unsafe { request.take(client.clone()) }.map(|request| (request, client)))
}

/// What runs, with what it asks of C++.
fn called(call: &mayfly_component_call_t, outbox: Arc<Outbox>, run: impl Future<Output = Ended> + 'static) -> Call {
    let (host, waiting) = (call.host, outbox.home);
    Box::pin(async move {
        let ended = outbox.pumped(run).await;
        host.wait_for_home(waiting).await; // with what it wrote elsewhere
        ended
    })
}

unsafe fn prepare(component: &mayfly_component_t, call: &mayfly_component_call_t) -> Box<mayfly_instance_t> {
    let input = Bytes::copy_from_slice(unsafe { call.input.get() });
    let shared = Box::into_raw(Box::new(Shared::new(call.instance.memory_bytes, call.instance.data)));
    let state = unsafe { state(component, call, input.clone(), shared) };
    let outbox = state.hooks.0.clone();
    let mut store = Store::new(component.0.pre().engine(), state);
    store.limiter(State::limiter);
    watch_ticks(&mut store, &call.instance, Carried(shared));

    let program = component.0.clone();
    let request = unsafe { request(call, shared) };
    let rewinds = call.instance.rewinds;
    let (function, result_bytes) = (call.function, call.result_bytes);
    let run = async move {
        store.set_epoch_deadline(1);
        let mut made = Made { started: Instant::now(), shared };
        match (&*program, request) {
            (Program::Handler(handler), Some(request)) => {
                let (request, client) = request?;
                rewinding::serve_first(store, handler, (request, &client), rewinds, &mut made, shared).await
            }
            (Program::Http03(pre), Some(request)) => {
                let (request, client) = request?;
                let service = pre.instantiate_async(&mut store).await?;
                made.note();
                let handled = store.run_concurrent(async |accessor| http03::handle(accessor, &service, request, &client).await);
                handled.await?.map(|()| String::new())
            }
            (Program::Handler(handler), None) => serve(store, handler, Waiting(shared), &mut made).await,
            (Program::Http03(pre), None) => serve03(store, pre, Waiting(shared), &mut made).await,
            (Program::Command(pre), _) => {
                let command = pre.instantiate_async(&mut store).await?;
                made.note();
                match command.wasi_cli_run().call_run(&mut store).await? {
                    Ok(()) => Ok(String::new()),
                    Err(()) => Err(I32Exit(1).into()),
                }
            }
            (Program::Command03(pre), _) => {
                let command = pre.instantiate_async(&mut store).await?;
                made.note();
                match store.run_concurrent(async |accessor| command.wasi_cli_run().call_run(accessor).await).await?? {
                    Ok(()) => Ok(String::new()),
                    Err(()) => Err(I32Exit(1).into()),
                }
            }
            (Program::Exec(pre, exec), _) => {
                let instance = pre.instantiate_async(&mut store).await?;
                made.note();
                let exec = instance.get_typed_func::<(String,), (String,)>(&mut store, exec)?;
                let input = String::from_utf8(input.into())?;
                Ok(exec.call_async(&mut store, (input,)).await?.0)
            }
            (Program::Typed(pre, functions), _) => {
                typed::call(store, pre, functions.functions.get(function), &input, result_bytes, &mut made).await
            }
            (Program::Other(_), _) => Err(Error::msg("it exports nothing that can be called")),
        }
    };
    mayfly_instance_t::of_component(called(call, outbox, run), shared, Bell::new(call.wake, call.wake_data))
}

/// Prepares another invocation in an instance that has been put back. Its limits are what they were.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_component_begin(
    instance: &mut mayfly_instance_t,
    component: &mayfly_component_t,
    call: &mayfly_component_call_t,
) {
    let shared = instance.shared();
    let Some(rewinding) = (unsafe { (*shared).rewinding.take() }) else { return };
    let begun = guarded(|| unsafe {
        (*shared).data = call.instance.data;
        let state = state(component, call, Bytes::new(), shared);
        let outbox = state.hooks.0.clone();
        let request = request(call, shared).ok_or_else(|| Error::msg("there is no request"))?;
        Ok(called(call, outbox, async move {
            let (request, client) = request?;
            rewinding.again(state, request, &client, shared).await
        }))
    });
    let run = begun.unwrap_or_else(|error| Box::pin(std::future::ready(Err(error))));
    instance.begin(run, Bell::new(call.wake, call.wake_data));
}

/// Notes how long it took to make the instance.
pub(super) struct Made {
    started: Instant,
    shared: *mut Shared,
}

impl Made {
    pub fn note(&mut self) {
        unsafe { (*self.shared).instantiate_ns = self.started.elapsed().as_nanos() as u64 };
    }
}

pub(super) type Ended = Result<String>;
