//! Host functions that may wait. The callback is polled on the guest's own stack: while it says "not yet" the
//! guest is suspended, and the next poll of its instance asks again.

use crate::{Data, boxed_error, text, wasmtime_caller_t, wasmtime_error_t, wasmtime_linker_t};
use std::future::poll_fn;
use std::task::Poll;
use wasmtime::{AsContextMut, Caller, Linker, Result, Trap, ValRaw};

/// What a callback that may wait answers.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum mayfly_wait_t {
    /// The result is in the first value.
    Ready = 0,
    /// Ask again at the next poll of the instance, with the same arguments.
    Pending = 1,
    /// End the guest; the caller has noted why.
    Stop = 2,
}

/// `values` holds the arguments, in order, and takes the result in its first place.
pub type mayfly_waiting_callback_t =
    unsafe extern "C" fn(caller: *mut wasmtime_caller_t, values: *mut ValRaw) -> mayfly_wait_t;

struct CallerPtr<'a>(Caller<'a, Data>);

impl CallerPtr<'_> {
    fn as_c(&mut self) -> *mut wasmtime_caller_t<'static> {
        const { assert!(size_of::<wasmtime_caller_t>() == size_of::<Caller<'_, Data>>()) };
        std::ptr::from_mut(&mut self.0).cast()
    }

    /// The ticks that passed while a guest waited are not its own.
    fn start_tick(&mut self) {
        self.0.as_context_mut().set_epoch_deadline(1);
    }
}

macro_rules! define_waiting {
    ($linker:expr, $module:expr, $name:expr, $callback:expr, ($($arg:ident: $type:ty = $raw:ident),*) -> $get:ident) => {{
        let callback = $callback;
        $linker.func_wrap_async($module, $name, move |caller: Caller<'_, Data>, ($($arg,)*): ($($type,)*)| {
            Box::new(async move {
                let mut caller = CallerPtr(caller);
                let mut waited = false;
                poll_fn(move |_| {
                    let mut values = [$(ValRaw::$raw($arg)),*];
                    match unsafe { callback(caller.as_c(), values.as_mut_ptr()) } {
                        mayfly_wait_t::Ready => {
                            if waited {
                                caller.start_tick();
                            }
                            Poll::Ready(Ok(values[0].$get()))
                        }
                        mayfly_wait_t::Pending => {
                            waited = true;
                            Poll::Pending
                        }
                        mayfly_wait_t::Stop => Poll::Ready(Err(Trap::Interrupt.into())),
                    }
                })
                .await
            })
        })
    }};
}

/// Defines a host function that may wait. `shape` is its type, one letter a value, as `iIi:I`: i for i32, I for
/// i64, parameters before the colon, the one result after it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mayfly_linker_define_waiting(
    linker: &mut wasmtime_linker_t,
    module: *const u8,
    module_length: usize,
    name: *const u8,
    name_length: usize,
    shape: *const u8,
    shape_length: usize,
    callback: mayfly_waiting_callback_t,
) -> Option<Box<wasmtime_error_t>> {
    const { assert!(size_of::<wasmtime_linker_t>() == size_of::<Linker<Data>>()) };
    let linker = unsafe { &mut *std::ptr::from_mut(linker).cast::<Linker<Data>>() };
    let defined = (|| -> Result<()> {
        let (module, name) = unsafe { (text(module, module_length)?, text(name, name_length)?) };
        match unsafe { text(shape, shape_length)? } {
            "i:i" => define_waiting!(linker, module, name, callback, (a: i32 = i32) -> get_i32)?,
            "ii:i" => define_waiting!(linker, module, name, callback, (a: i32 = i32, b: i32 = i32) -> get_i32)?,
            "iI:i" => define_waiting!(linker, module, name, callback, (a: i32 = i32, b: i64 = i64) -> get_i32)?,
            "iiI:I" => {
                define_waiting!(linker, module, name, callback, (a: i32 = i32, b: i32 = i32, c: i64 = i64) -> get_i64)?
            }
            "iiii:i" => define_waiting!(
                linker, module, name, callback,
                (a: i32 = i32, b: i32 = i32, c: i32 = i32, d: i32 = i32) -> get_i32
            )?,
            "iiiIi:i" => define_waiting!(
                linker, module, name, callback,
                (a: i32 = i32, b: i32 = i32, c: i32 = i32, d: i64 = i64, e: i32 = i32) -> get_i32
            )?,
            "iiiiiiiiii:i" => define_waiting!(
                linker, module, name, callback,
                (a: i32 = i32, b: i32 = i32, c: i32 = i32, d: i32 = i32, e: i32 = i32, f: i32 = i32, g: i32 = i32,
                 h: i32 = i32, i: i32 = i32, j: i32 = i32) -> get_i32
            )?,
            shape => return Err(wasmtime::Error::msg(format!("no waiting host function has the shape {shape}"))),
        };
        Ok(())
    })();
    defined.err().and_then(boxed_error)
}
