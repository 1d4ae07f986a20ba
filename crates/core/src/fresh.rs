//! Names that nobody has had before.

use std::time::SystemTime;

use rand::TryRngCore as _;
use rand::rngs::OsRng;
use ulid::Ulid;

/// The next name. Chance is the system's: the generator that a thread has is gone where the thread
/// is ending, and a destructor may call what is cached.
pub(crate) fn ulid() -> Ulid {
    Ulid::from_datetime_with_source(SystemTime::now(), &mut OsRng.unwrap_err())
}
