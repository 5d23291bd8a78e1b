//! How what a guest waits for tells its event loop: a waker that calls back, once for each time the guest was left.

use std::ffi::c_void;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Wake;

/// Called when a waiting guest may go on; from any thread, never after its instance is deleted. It must not call back.
pub type mayfly_wake_t = extern "C" fn(data: *mut c_void);

const WAITING: u8 = 0; // nobody polls: a ring is to be passed on
const POLLED: u8 = 1;
const RANG: u8 = 2; // while it was polled, or it was passed on already

pub(crate) struct Bell {
    state: AtomicU8,
    target: Mutex<Option<Target>>,
}

struct Target {
    wake: mayfly_wake_t,
    data: *mut c_void,
}
unsafe impl Send for Target {}

impl Bell {
    pub fn new(wake: mayfly_wake_t, data: *mut c_void) -> Arc<Self> {
        Arc::new(Self { state: AtomicU8::new(POLLED), target: Mutex::new(Some(Target { wake, data })) })
    }

    pub fn poll_begins(&self) {
        self.state.store(POLLED, Ordering::SeqCst);
    }

    /// Whether it rang while the guest was polled: then it is to be polled again. Otherwise the next ring is passed on.
    pub fn poll_ends(&self) -> bool {
        self.state.compare_exchange(POLLED, WAITING, Ordering::SeqCst, Ordering::SeqCst).is_err()
    }

    /// From here on nobody is called.
    pub fn silence(&self) {
        *self.target.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(RANG, Ordering::SeqCst) != WAITING {
            return;
        }
        let target = self.target.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(target) = target.as_ref() {
            (target.wake)(target.data);
        }
    }
}
