//! The runtime that timers and sockets of components need: entered around every poll and every drop.

use std::sync::OnceLock;
use tokio::runtime::{Builder, EnterGuard, Runtime};

pub(crate) fn enter() -> Option<EnterGuard<'static>> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread().worker_threads(1).thread_name("components").enable_all().build().ok()
    });
    made.as_ref().map(Runtime::enter)
}
