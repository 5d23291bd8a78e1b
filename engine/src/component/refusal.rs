//! Why a call of a component has no result, where that is not a trap.

use std::fmt;

/// What it was, beside the text of the error.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum mayfly_refusal_t {
    /// None of these.
    None = 0,
    /// The request is not JSON; the guest has not run.
    BadJson = 1,
    /// It is not the JSON that the function takes; the guest has not run.
    BadArgument = 2,
    /// The function returned `err`: the text is its payload as JSON, empty when there is none.
    Err = 3,
    /// The result is larger than a response may be.
    TooLarge = 4,
    /// What it returned is not of its own type.
    BadResult = 5,
    /// A handler of HTTP requests returned without an answer.
    NoResponse = 6,
    /// It answered with an error code, or with a body that is not whole.
    BadResponse = 7,
}

#[derive(Debug)]
pub(crate) struct Refusal {
    pub kind: mayfly_refusal_t,
    pub text: String,
}

impl Refusal {
    pub fn new(kind: mayfly_refusal_t, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}
