//! One budget of bytes for all linear memories and tables of an instance together.

use wasmtime::{Result, ResourceLimiter};

/// What one table element costs: a pointer.
const TABLE_ELEMENT_BYTES: usize = size_of::<usize>();

pub(crate) struct Limiter {
    limit: usize,
    used: usize,
    peak: usize,
    denied: bool,
}

impl Limiter {
    pub fn new(limit: usize) -> Self {
        Self { limit, used: 0, peak: 0, denied: false }
    }

    pub fn used(&self) -> usize {
        self.used
    }

    pub fn peak(&self) -> usize {
        self.peak
    }

    /// How many more there may be.
    pub fn left(&self) -> usize {
        self.limit - self.used
    }

    /// Whether the guest ever asked for more than it may have.
    pub fn denied(&self) -> bool {
        self.denied
    }

    fn grow(&mut self, bytes: usize) -> bool {
        if bytes > self.left() {
            self.denied = true;
            return false;
        }
        self.used += bytes;
        self.peak = self.peak.max(self.used);
        true
    }
}

impl ResourceLimiter for Limiter {
    // Asked before the engine compares with the maximum that the module declares: what that refuses costs nothing.
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        Ok(beyond(desired, maximum) || self.grow(desired - current))
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        Ok(beyond(desired, maximum) || self.grow((desired - current).saturating_mul(TABLE_ELEMENT_BYTES)))
    }
}

fn beyond(desired: usize, maximum: Option<usize>) -> bool {
    maximum.is_some_and(|maximum| desired > maximum)
}
