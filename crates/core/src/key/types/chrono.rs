//! The feature `chrono`: the texts that chrono writes with serde.
//!
//! A `DateTime` is its local time and its offset, not its instant: noon in Rome and eleven in
//! London are two values, since a function can tell them apart. What a zone is called is not in
//! the text: `Europe/Berlin` and `Europe/Paris` with the same offset are one value. Pass the zone
//! as an argument where it matters, and `DateTime<Utc>` where only the instant does.

use chrono::{
    DateTime, FixedOffset, Month, NaiveDate, NaiveDateTime, NaiveTime, Offset, SecondsFormat,
    TimeDelta, TimeZone, Weekday,
};

use crate::key::{CacheKey, KeyEncoder, KeyError};

/// Where the offset has seconds (local mean times), RFC 3339 would round them off, and so two
/// instants into one; they are written out here.
impl<Tz: TimeZone> CacheKey for DateTime<Tz> {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        let offset = self.offset().fix();
        // chrono panics where the local time is out of its range.
        let Some(local) = self.naive_utc().checked_add_offset(offset) else {
            return Err(KeyError::refused("its local time is out of chrono's range"));
        };
        if offset.local_minus_utc() % 60 != 0 {
            return out.text(&format_args!("{local:?}{offset}"));
        }
        out.str(&self.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

macro_rules! debug_texts {
    ($($type:ty),*) => {$(
        impl CacheKey for $type {
            fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
                out.text(&format_args!("{self:?}"))
            }
        }
    )*};
}

debug_texts!(NaiveDate, NaiveTime, NaiveDateTime, Weekday, FixedOffset);

impl CacheKey for Month {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        out.str(self.name())
    }
}

/// Whole seconds, rounded down, and the nanoseconds above them.
impl CacheKey for TimeDelta {
    fn encode_key(&self, out: &mut KeyEncoder) -> Result<(), KeyError> {
        match (self.num_seconds(), self.subsec_nanos()) {
            (secs, nanos @ ..0) => (secs - 1, nanos + 1_000_000_000).encode_key(out),
            parts => parts.encode_key(out),
        }
    }
}
