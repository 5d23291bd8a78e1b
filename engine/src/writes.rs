//! Which pages of a memory a guest writes to, and what they held before. While a memory is watched its pages are read-only:
//! the first write to one faults, and the handler of that signal copies the page, makes it writable and lets the write go
//! on. So a guest that writes to the same pages each time is watched for nothing, and undoing what it wrote is a copy of
//! these, without a system call.
//!
//! The kernel's own writes do not fault: a system call that is to write into a watched memory needs its pages touched first.

use std::cell::UnsafeCell;
use std::ptr::{self, null_mut};
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::*};

const PAGE: usize = 4096;
/// That are written to, before a memory is no longer worth watching: copying so many takes 200 µs.
const MOST_PAGES: usize = 2048;
/// Memories watched at once, in all.
const MOST_WATCHED: usize = 1024;

/// Where the handler finds the log of an address. Written by the owner of a memory, who alone has faults in it: others
/// that read it meanwhile only must not find it for theirs.
struct Place {
    start: AtomicUsize,
    end: AtomicUsize,
    log: AtomicPtr<Log>,
}

const NOWHERE: usize = usize::MAX;
static PLACES: [Place; MOST_WATCHED] = [const {
    Place { start: AtomicUsize::new(NOWHERE), end: AtomicUsize::new(0), log: AtomicPtr::new(null_mut()) }
}; MOST_WATCHED];

/// Runs of pages that have been written to, in all memories: each is a mapping of its own, and so is what is behind it.
static RUNS: AtomicUsize = AtomicUsize::new(0);
static MOST_RUNS: AtomicUsize = AtomicUsize::new(0);

/// Mappings that watched memories may take together, beyond those they had.
pub(crate) fn limit_mappings(mappings: usize) {
    MOST_RUNS.store(mappings / 2, Relaxed);
}

/// A memory that is watched.
pub(crate) struct Writes {
    place: &'static Place,
    log: Box<UnsafeCell<Log>>,
}

struct Log {
    start: usize,
    end: usize,
    /// Numbers of the pages that have been written to.
    pages: [u32; MOST_PAGES],
    count: usize,
    /// Of those, that it counts for.
    runs: usize,
    /// What they held, one after the other: a mapping that takes memory as it is used.
    before: *mut u8,
    /// Too many were written to, and the rest is not watched.
    gave_up: bool,
}

impl Writes {
    /// Watches `bytes` from `start` on; None when that is not possible, and nothing has changed. They are a whole number of
    /// pages that can be read and written, which is what they are again when this is dropped, before they are unmapped.
    pub fn watch(start: *mut u8, bytes: usize) -> Option<Self> {
        static HANDLER: Once = Once::new();
        HANDLER.call_once(handler::install);
        let start = start as usize;
        if bytes == 0 || !start.is_multiple_of(PAGE) || !bytes.is_multiple_of(PAGE) || bytes / PAGE > u32::MAX as usize {
            return None;
        }
        let place = PLACES
            .iter()
            .find(|place| place.log.compare_exchange(null_mut(), ptr::dangling_mut(), AcqRel, Relaxed).is_ok())?;
        let before = match map(MOST_PAGES * PAGE) {
            Some(mapped) => mapped,
            None => {
                place.log.store(null_mut(), Release);
                return None;
            }
        };
        let log =
            Log { start, end: start + bytes, pages: [0; MOST_PAGES], count: 0, runs: 0, before, gave_up: false };
        let watched = Self { place, log: Box::new(UnsafeCell::new(log)) };
        place.log.store(watched.log.get(), Release);
        place.end.store(start + bytes, Release);
        place.start.store(start, Release);
        protect(start, bytes, libc::PROT_READ).then_some(watched)
    }

    /// How many have been written to.
    pub fn pages(&mut self) -> usize {
        self.log.get_mut().count
    }

    /// Puts back what has been written over. False when not all of it was noted.
    pub fn undo(&mut self) -> bool {
        let log = self.log.get_mut();
        if log.gave_up {
            return false;
        }
        for (index, page) in log.pages[..log.count].iter().enumerate() {
            // SAFETY: both are pages of ours; nothing of the guest runs.
            unsafe { ptr::copy_nonoverlapping(log.before.add(index * PAGE), log.page(*page as usize), PAGE) };
        }
        true
    }
}

impl Drop for Writes {
    fn drop(&mut self) {
        let log = self.log.get_mut();
        // It joins mappings and makes none: it cannot run out of them. A memory that stayed read-only would be another
        // guest's trap.
        if !protect(log.start, log.end - log.start, libc::PROT_READ | libc::PROT_WRITE) {
            eprintln!("a memory cannot be made writable again: {}", std::io::Error::last_os_error());
            std::process::abort();
        }
        self.place.start.store(NOWHERE, Release);
        self.place.end.store(0, Release);
        RUNS.fetch_sub(log.runs, Relaxed);
        unsafe { libc::munmap(log.before.cast(), MOST_PAGES * PAGE) };
        self.place.log.store(null_mut(), Release);
    }
}

impl Log {
    fn page(&self, number: usize) -> *mut u8 {
        (self.start + number * PAGE) as *mut u8
    }

    /// In the handler of the signal: whether the write to `address` may go on.
    fn note(&mut self, address: usize) -> bool {
        let number = (address - self.start) / PAGE;
        if self.gave_up || self.count > 0 && self.pages[self.count - 1] as usize == number {
            return false; // that was not why it faulted
        }
        let is_noted = |number: usize| self.pages[..self.count].contains(&(number as u32));
        let is_alone = !is_noted(number.wrapping_sub(1)) && !is_noted(number + 1);
        if self.count == MOST_PAGES || is_alone && !self.add_run() || !protect(self.page(number) as usize, PAGE, WRITABLE) {
            self.gave_up = true;
            return protect(self.start, self.end - self.start, WRITABLE);
        }
        // SAFETY: both are pages of ours; the guest waits for this.
        unsafe { ptr::copy_nonoverlapping(self.page(number), self.before.add(self.count * PAGE), PAGE) };
        self.pages[self.count] = number as u32;
        self.count += 1;
        true
    }

    fn add_run(&mut self) -> bool {
        self.runs += 1;
        RUNS.fetch_add(1, Relaxed) < MOST_RUNS.load(Relaxed)
    }
}

const WRITABLE: libc::c_int = libc::PROT_READ | libc::PROT_WRITE;

fn protect(start: usize, bytes: usize, what: libc::c_int) -> bool {
    unsafe { libc::mprotect(start as *mut libc::c_void, bytes, what) == 0 }
}

fn map(bytes: usize) -> Option<*mut u8> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    let mapped = unsafe { libc::mmap(null_mut(), bytes, WRITABLE, flags, -1, 0) };
    (mapped != libc::MAP_FAILED).then_some(mapped.cast())
}

mod handler {
    use super::*;
    use libc::{c_int, c_void, sigaction, siginfo_t};
    use std::mem::{MaybeUninit, transmute, zeroed};

    /// Who handled the signal before: Wasmtime, to which most of them are traps.
    static mut PREVIOUS: MaybeUninit<sigaction> = MaybeUninit::uninit();

    /// Once, after the first engine has been made.
    pub fn install() {
        unsafe {
            let mut ours: sigaction = zeroed();
            ours.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER | libc::SA_ONSTACK;
            ours.sa_sigaction = on_fault as *const () as usize;
            libc::sigemptyset(&mut ours.sa_mask);
            let previous = (&raw mut PREVIOUS).cast::<sigaction>();
            assert_eq!(libc::sigaction(libc::SIGSEGV, &ours, previous), 0, "no handler for faults can be installed");
        }
    }

    /// What is done here is allowed in a handler: system calls, and memory that is there.
    unsafe extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        unsafe {
            let error = *libc::__errno_location();
            let address = (*info).si_addr() as usize;
            if (*info).si_code == SEGV_ACCERR && log_of(address).is_some_and(|log| (*log).note(address)) {
                *libc::__errno_location() = error;
                return;
            }
            let previous = (&raw const PREVIOUS).cast::<sigaction>();
            match (*previous).sa_sigaction {
                libc::SIG_DFL | libc::SIG_IGN => {
                    libc::sigaction(signal, previous, null_mut()); // returns to the fault, which then ends the process
                }
                handler if (*previous).sa_flags & libc::SA_SIGINFO != 0 => {
                    transmute::<usize, extern "C" fn(c_int, *mut siginfo_t, *mut c_void)>(handler)(signal, info, context)
                }
                handler => transmute::<usize, extern "C" fn(c_int)>(handler)(signal),
            }
        }
    }

    const SEGV_ACCERR: c_int = 2;

    fn log_of(address: usize) -> Option<*mut Log> {
        let place = PLACES.iter().find(|place| {
            let start = place.start.load(Acquire);
            start <= address && address < place.end.load(Acquire) && place.start.load(Acquire) == start
        })?;
        Some(place.log.load(Acquire))
    }
}
