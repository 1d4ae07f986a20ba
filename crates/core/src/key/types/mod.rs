//! The keys of std's types, each equal to what serde writes for the type where it writes all of
//! it. Where serde has nothing, gives up, or blurs two values into one, the comment says so.

mod collections;
mod hold;
mod net;
mod paths;
mod scalars;
mod times;

#[cfg(feature = "chrono")]
mod chrono;
#[cfg(feature = "uuid")]
mod uuid;
