//! Room behind a memory: a guest whose memory grows with each request would never be put back, as no memory shrinks. So the
//! size that it sees is a number of its own, which growing raises: a mutable global that is put back like any other. The
//! memory itself grows when that is not enough; for an instance that is to be put back it has grown beforehand, by as much as
//! requests have needed. A guest that reaches beyond its size, into what another request would have grown by, finds
//! zeros there, instead of a trap.

use crate::facts::Facts;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use wasm_encoder::{BlockType, ConstExpr, Function, GlobalType, Instruction, ValType};
use wasmparser::Operator;

pub(crate) const PAGE: usize = 65536;
/// Who grows by more is made anew.
const MOST_PAGES: usize = 128;

/// By how many pages the memory of a program's instances grows.
#[derive(Default)]
pub(crate) struct Growth(AtomicU32);

impl Growth {
    /// The room that an instance is to have which may have `bytes` more; in pages.
    pub fn pages(&self, bytes: usize) -> u32 {
        let pages = self.0.load(Relaxed);
        if pages as usize * PAGE <= bytes { pages } else { 0 }
    }

    /// One that had room for `bytes` has grown by `more`, beyond that.
    pub fn note(&self, bytes: usize, more: usize) {
        let pages = (bytes + more) / PAGE;
        if more > 0 && pages <= MOST_PAGES {
            self.0.fetch_max(pages as u32, Relaxed);
        }
    }
}

/// What is added to a module, by number.
pub(crate) struct Room {
    /// The global that has the size, in pages, as an i32.
    pub size: u32,
    /// `func(pages: i32) -> i32`, which takes the place of memory.grow.
    grow: u32,
    pub grow_type: u32,
    at_first: u32,
}

impl Room {
    /// None for a module that has no memory of its own, or never asks for more.
    pub fn of(facts: &Facts) -> Option<Self> {
        let is_plain = facts.has_memory && !facts.memory.memory64 && facts.memory.page_size_log2.is_none();
        (is_plain && facts.grows).then(|| Self {
            size: facts.globals(),
            grow: facts.functions,
            grow_type: facts.types,
            at_first: facts.memory.minimum as u32,
        })
    }

    pub fn global(&self) -> (GlobalType, ConstExpr) {
        let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        (ty, ConstExpr::i32_const(self.at_first as i32))
    }

    /// What stands for an operator that is about the size.
    pub fn instead_of(&self, operator: &Operator) -> Option<Instruction<'static>> {
        match operator {
            Operator::MemorySize { .. } => Some(Instruction::GlobalGet(self.size)),
            Operator::MemoryGrow { .. } => Some(Instruction::Call(self.grow)),
            _ => None,
        }
    }

    pub fn grow_function(&self) -> Function {
        let (pages, larger) = (0, 1);
        let mut grow = Function::new([(1, ValType::I32)]);
        grow.instructions()
            .local_get(pages)
            .global_get(self.size)
            .i32_add()
            .local_tee(larger)
            .local_get(pages)
            .i32_lt_u() // it wrapped around
            .if_(BlockType::Empty)
            .i32_const(-1)
            .return_()
            .end()
            .local_get(larger)
            .memory_size(0)
            .i32_gt_u()
            .if_(BlockType::Empty)
            .local_get(larger)
            .memory_size(0)
            .i32_sub()
            .memory_grow(0)
            .i32_const(-1)
            .i32_eq()
            .if_(BlockType::Empty)
            .i32_const(-1)
            .return_()
            .end()
            .end()
            .global_get(self.size)
            .local_get(larger)
            .global_set(self.size)
            .end();
        grow
    }
}
