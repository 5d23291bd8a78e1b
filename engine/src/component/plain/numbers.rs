//! The numbers by which things of one kind are referred to in a component, when some are added in between.

#[derive(Default)]
pub(super) struct Numbers {
    /// By the number that each had before.
    now: Vec<u32>,
    next: u32,
}

impl Numbers {
    /// One that was there before.
    pub fn note(&mut self) {
        self.now.push(self.next);
        self.next += 1;
    }

    /// The number that the next of them had.
    pub fn before(&self) -> u32 {
        self.now.len() as u32
    }

    /// One that was not; its number.
    pub fn add(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// What the number is now; one that nothing has, when nothing had it before.
    pub fn get(&self, before: u32) -> u32 {
        self.now.get(before as usize).copied().unwrap_or(u32::MAX)
    }
}
