//! Durations and points in time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::key::{CacheKey, KeyEncoder, KeyError};

impl CacheKey for Duration {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        time(out, ("secs", self.as_secs().into()), ("nanos", self.subsec_nanos()))
    }
}

/// Seconds and nanoseconds since 1970. Before 1970, where serde gives up, the seconds are
/// negative and the nanoseconds count upwards from there.
impl CacheKey for SystemTime {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        let (secs, nanos) = match self.duration_since(UNIX_EPOCH) {
            Ok(after) => (i128::from(after.as_secs()), after.subsec_nanos()),
            Err(before) => {
                let before = before.duration();
                match (-i128::from(before.as_secs()), before.subsec_nanos()) {
                    (secs, 0) => (secs, 0),
                    (secs, nanos) => (secs - 1, 1_000_000_000 - nanos),
                }
            }
        };
        time(out, ("secs_since_epoch", secs), ("nanos_since_epoch", nanos))
    }
}

fn time(
    out: &mut KeyEncoder,
    (secs_name, secs): (&str, i128),
    (nanos_name, nanos): (&str, u32),
) -> Result<(), KeyError> {
    out.map(|out| {
        out.str(secs_name)?;
        out.signed(secs)?;
        out.str(nanos_name)?;
        nanos.encode_key(out)
    })
}
