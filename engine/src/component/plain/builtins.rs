//! The built-in functions of the canonical ABI, as a plain handler calls them.

use super::channels::{Event, FUTURES, Kind, Place, Side};
use crate::component::state::State;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use wasmtime::component::{LinkerInstance, WasmList};
use wasmtime::{Error, Result, StoreContextMut};
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;

type Store<'a> = StoreContextMut<'a, State>;

pub(super) fn add_to(builtins: &mut LinkerInstance<'_, State>) -> Result<()> {
    add_channels(builtins)?;
    add_sets(builtins)?;
    add_tasks(builtins)
}

fn add_channels(builtins: &mut LinkerInstance<'_, State>) -> Result<()> {
    for (name, kind) in [("stream-new", Kind::Bytes), ("trailers-new", Kind::Trailers), ("sent-new", Kind::Sent)] {
        builtins.func_wrap(name, move |mut store: Store, (): ()| Ok((store.data_mut().tasks().channels.give_new(kind)?,)))?;
    }
    for (name, kinds) in [("stream-read", &[Kind::Bytes][..]), ("future-read", &FUTURES)] {
        builtins.func_wrap(name, move |mut store: Store, (end, place): (u32, WasmList<u8>)| {
            let place = Place::of(place.as_le_slice(&store));
            Ok((store.data_mut().tasks().read(end, kinds, place)?,))
        })?;
    }
    builtins.func_wrap("stream-write", |mut store: Store, (end, bytes): (u32, WasmList<u8>)| {
        let bytes = Place::of(bytes.as_le_slice(&store));
        Ok((store.data_mut().tasks().write(end, bytes)?,))
    })?;
    builtins.func_wrap("trailers-write", |mut store: Store, (end, value): (u32, Vec<Result<Option<u32>, ErrorCode>>)| {
        let value = value.into_iter().next().unwrap_or(Ok(None));
        Ok((store.data_mut().tasks().write_value(end, Kind::Trailers, value)?,))
    })?;
    builtins.func_wrap("sent-write", |mut store: Store, (end, value): (u32, Vec<Result<(), ErrorCode>>)| {
        let value = value.into_iter().next().unwrap_or(Ok(()));
        Ok((store.data_mut().tasks().write_value(end, Kind::Sent, value.map(|()| None))?,))
    })?;
    for (name, side) in [("cancel-read", Side::Reader), ("cancel-write", Side::Writer)] {
        builtins.func_wrap(name, move |mut store: Store, (end,): (u32,)| {
            Ok((store.data_mut().tasks().channels.cancel(end, side)?,))
        })?;
    }
    builtins.func_wrap("drop-readable", |mut store: Store, (end,): (u32,)| store.data_mut().tasks().drop_reader(end))?;
    builtins.func_wrap("drop-writable", |mut store: Store, (end,): (u32,)| store.data_mut().tasks().drop_writer(end))
}

/// The kind of an event; the rest is put where the guest has asked for it.
fn told(event: Event, place: Place) -> u32 {
    let [kind, waitable, code] = event;
    place.put(&(u64::from(waitable) | u64::from(code) << 32).to_le_bytes());
    kind
}

fn add_sets(builtins: &mut LinkerInstance<'_, State>) -> Result<()> {
    builtins.func_wrap("waitable-set-new", |mut store: Store, (): ()| Ok((store.data_mut().tasks().channels.new_set()?,)))?;
    builtins.func_wrap("waitable-set-poll", |mut store: Store, (set, place): (u32, WasmList<u8>)| {
        let place = Place::of(place.as_le_slice(&store));
        match store.data_mut().tasks().poll_event(set, &mut Context::from_waker(Waker::noop())) {
            Poll::Ready(event) => Ok((told(event?, place),)),
            Poll::Pending => Ok((told(super::channels::NOTHING, place),)),
        }
    })?;
    builtins.func_wrap_async("waitable-set-wait", |mut store: Store, (set, place): (u32, WasmList<u8>)| {
        let place = Place::of(place.as_le_slice(&store));
        Box::new(async move {
            let event = poll_fn(|context| store.data_mut().tasks().poll_event(set, context)).await?;
            Ok((told(event, place),))
        })
    })?;
    builtins.func_wrap("waitable-set-drop", |mut store: Store, (set,): (u32,)| store.data_mut().tasks().channels.drop_set(set))?;
    builtins.func_wrap("waitable-join", |mut store: Store, (waitable, set): (u32, u32)| {
        store.data_mut().tasks().channels.join(waitable, set)
    })
}

fn add_tasks(builtins: &mut LinkerInstance<'_, State>) -> Result<()> {
    builtins.func_wrap("task-return", |mut store: Store, (result,): (Result<u32, ErrorCode>,)| {
        store.data_mut().tasks().answer(result)
    })?;
    builtins.func_wrap("task-cancel", |_: Store, (): ()| -> Result<()> {
        Err(Error::msg("it says that its task is cancelled, which nobody has asked for"))
    })?;
    builtins.func_wrap("context1-get", |mut store: Store, (): ()| Ok((*store.data_mut().tasks().second_context()?,)))?;
    builtins.func_wrap("context1-set", |mut store: Store, (value,): (u32,)| {
        *store.data_mut().tasks().second_context()? = value;
        Ok(())
    })?;
    builtins.func_wrap("backpressure-inc", |mut store: Store, (): ()| {
        let count = &mut store.data_mut().tasks().backpressure;
        *count = count.checked_add(1).ok_or_else(|| Error::msg("its backpressure is too much"))?;
        Ok(())
    })?;
    builtins.func_wrap("backpressure-dec", |mut store: Store, (): ()| {
        let count = &mut store.data_mut().tasks().backpressure;
        *count = count.checked_sub(1).ok_or_else(|| Error::msg("its backpressure is less than none"))?;
        Ok(())
    })?;
    builtins.func_wrap("thread-yield", |_: Store, (): ()| Ok((0u32,)))
}
