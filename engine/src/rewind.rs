//! An instance that is put back to how it began, at a fraction of what a new one costs, for one request after the other.
//! Nothing is left of the request before: all that a guest can change is its memory, its mutable globals and its tables;
//! what changes its tables or segments is never put back, nor one whose memory has grown.

use crate::Data;
use crate::limiter::Limiter;
use crate::program::Program;
use crate::writes::Writes;
use wasmtime::{Extern, Global, Instance, Memory, Store, Val};

/// How often one is put back: after that, another one finds out anew which pages are written to. Sooner when these have
/// become many more than the first request wrote to, as all of them are copied each time.
const MOST_TIMES: usize = 10_000;
const MOST_TIMES_GROWN: usize = 100;

/// How an instance began.
pub(crate) struct Beginning {
    memory: Option<Writes>,
    globals: Vec<(Global, Val)>,
    /// Bytes of its memory and tables.
    used: usize,
    times_left: usize,
    /// That the first request wrote to.
    pages: Option<usize>,
}

impl Beginning {
    /// Of an instance of which nothing has run. None when it cannot be put back.
    pub fn note(
        store: &mut Store<Data>,
        program: &Program,
        instance: &Instance,
        imported_memory: Option<Memory>,
        limiter: &Limiter,
    ) -> Option<Self> {
        let state = program.state()?;
        let mut globals = Vec::with_capacity(state.globals.len());
        for export in &state.globals {
            let Some(Extern::Global(global)) = instance.get_module_export(&mut *store, export) else { return None };
            globals.push((global, global.get(&mut *store)));
        }
        let own = state.memory.as_ref().and_then(|export| instance.get_module_export(&mut *store, export));
        let memory = match imported_memory.or(own.and_then(Extern::into_memory)) {
            Some(memory) if memory.data_size(&*store) > 0 => {
                Some(Writes::watch(memory.data_ptr(&*store), memory.data_size(&*store))?)
            }
            _ => None,
        };
        Some(Self { memory, globals, used: limiter.used(), times_left: MOST_TIMES, pages: None })
    }

    /// Puts it back. When this is false, the instance is not fit for another request.
    pub fn restore(&mut self, store: &mut Store<Data>, limiter: &Limiter) -> bool {
        let written = self.memory.as_mut().map_or(0, Writes::pages);
        if written > 2 * *self.pages.get_or_insert(written) + 64 {
            self.times_left = self.times_left.min(MOST_TIMES_GROWN);
        }
        self.times_left = self.times_left.saturating_sub(1);
        self.times_left > 0
            && limiter.used() == self.used
            && !limiter.denied()
            && self.globals.iter().all(|(global, value)| global.set(&mut *store, *value).is_ok())
            && self.memory.as_mut().is_none_or(Writes::undo)
    }
}
