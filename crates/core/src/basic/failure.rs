//! Why a value could not be encoded or decoded.

use std::fmt;

/// What serde is told of a failure. One word long, since every step of an encoder returns one.
#[derive(Debug)]
pub(crate) struct Failure(Box<Message>);

#[derive(Debug)]
struct Message(String);

/// How deep values may be nested, so that no value overflows the stack of who decodes it. Every
/// `Some`, sequence, map, tuple, struct and variant is a level.
pub(super) const MAX_DEPTH: u32 = 256;

impl Failure {
    #[cold]
    pub(super) fn new(message: impl fmt::Display) -> Self {
        Self(Box::new(Message(message.to_string())))
    }

    /// Whoever takes or gives the blocks has failed, and knows why.
    #[cold]
    pub(super) fn stopped() -> Self {
        Self::new("the store has failed")
    }

    #[cold]
    pub(super) fn too_deep() -> Self {
        Self::new(format!("it is nested deeper than {MAX_DEPTH} levels"))
    }

    #[cold]
    pub(super) fn cut_short() -> Self {
        Self::new("the bytes end in the middle of the value")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.0)
    }
}

impl std::error::Error for Failure {}

impl serde::ser::Error for Failure {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self::new(message)
    }
}

impl serde::de::Error for Failure {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self::new(message)
    }
}
