//! An instance that is put back to how it began, at a fraction of what a new one costs, for one request after the other.
//! Nothing is left of the request before: all that a guest can change is its memory, its mutable globals and its tables;
//! what changes its tables or segments is never put back, nor one whose memory has grown beyond its room.

use crate::Data;
use crate::instance::Shared;
use crate::limiter::Limiter;
use crate::program::Program;
use crate::room;
use crate::writes::Writes;
use wasmtime::{AsContextMut, Extern, Global, Instance, Memory, Store, Val};

/// How often one is put back: after that, another one finds out anew which pages are written to. Sooner when these have
/// become many more than the first request wrote to, as all of them are copied each time.
const MOST_TIMES: usize = 10_000;
const MOST_TIMES_GROWN: usize = 100;

/// How an instance began.
pub(crate) struct Beginning {
    memory: Option<Writes>,
    globals: Vec<(Global, Val)>,
    /// Of a memory that has room behind what the guest sees, with the global that has its size.
    room: Option<(Memory, Global)>,
    /// Bytes of its memory and tables.
    used: usize,
    times_left: usize,
    /// That the first request wrote to.
    pages: Option<usize>,
}

impl Beginning {
    /// Of a module's instance of which nothing has run. None when it cannot be put back.
    pub fn note(
        store: &mut Store<Data>,
        program: &Program,
        instance: &Instance,
        shared: *mut Shared,
    ) -> Option<Self> {
        let state = program.state()?;
        let mut globals = Vec::with_capacity(state.globals.len());
        for export in &state.globals {
            let Some(Extern::Global(global)) = instance.get_module_export(&mut *store, export) else { return None };
            globals.push((global, global.get(&mut *store)));
        }
        let own = state.memory.as_ref().and_then(|export| instance.get_module_export(&mut *store, export));
        let memory = unsafe { (*shared).imported_memory }.or(own.and_then(Extern::into_memory));
        let size = state.size.as_ref().and_then(|export| instance.get_module_export(&mut *store, export));
        let room = memory.zip(size.and_then(Extern::into_global));
        if let Some((memory, _)) = room {
            let pages = program.growth.pages(unsafe { (*shared).limiter.left() });
            _ = memory.grow(&mut *store, u64::from(pages)); // unless its maximum is less
        }
        let bytes = memory.map(|memory| (memory.data_ptr(&*store), memory.data_size(&*store)));
        Some(Self { room, ..Self::new(bytes, globals, Shared::used(shared))? })
    }

    /// With `memory`, address and bytes, as it is now, and so many bytes `used` in all. None when it cannot be watched.
    pub fn new(memory: Option<(*mut u8, usize)>, globals: Vec<(Global, Val)>, used: usize) -> Option<Self> {
        let memory = match memory {
            Some((start, bytes)) if bytes > 0 => Some(Writes::watch(start, bytes)?),
            _ => None,
        };
        Some(Self { memory, globals, room: None, used, times_left: MOST_TIMES, pages: None })
    }

    /// Bytes of its memory that the guest does not see.
    pub fn spare(&self, store: &mut Store<Data>) -> usize {
        let Some((memory, size)) = &self.room else { return 0 };
        let pages = size.get(&mut *store).i32().unwrap_or(0) as u32 as u64;
        memory.data_size(&*store).saturating_sub(pages as usize * room::PAGE)
    }

    /// Puts it back. When this is false, the instance is not fit for another request.
    pub fn restore(&mut self, mut store: impl AsContextMut, limiter: &Limiter) -> bool {
        let written = self.memory.as_mut().map_or(0, Writes::pages);
        if written > 2 * *self.pages.get_or_insert(written) + 64 {
            self.times_left = self.times_left.min(MOST_TIMES_GROWN);
        }
        self.times_left = self.times_left.saturating_sub(1);
        self.times_left > 0
            && limiter.used() == self.used
            && !limiter.denied()
            && self.globals.iter().all(|(global, value)| global.set(&mut store, *value).is_ok())
            && self.memory.as_mut().is_none_or(Writes::undo)
    }
}
