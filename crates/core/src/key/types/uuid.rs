//! The feature `uuid`.

use uuid::Uuid;

use crate::key::{CacheKey, KeyEncoder, KeyError};

/// The hyphenated lower-case text, as serde has it.
impl CacheKey for Uuid {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.str(self.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}
