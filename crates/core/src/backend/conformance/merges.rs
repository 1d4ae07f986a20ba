//! New rows in stored values: in a generation of their own, or in that of the stored ones.

use std::collections::BTreeMap;

use bytes::Bytes;
use object_store::path::Path;

use super::{Suite, Upsert, objects, source};
use crate::backend::{Source, Target, Written};

impl<T: Send + Sync + 'static> Suite<'_, T> {
    pub(super) async fn merged(
        &self,
        base: &Target,
        onto: &Target,
        alone: &Target,
        upsert: &Upsert<'_, T>,
    ) {
        assert!(self.backend.can_upsert(), "the backend says that it cannot upsert");
        let Upsert { keys, stored, new, merged } = upsert;
        let base = self.round_trip(base, stored).await;
        let before = objects(&*base.store).await;
        let written = self.backend.upsert(new, keys, Some(&base), onto).await;
        let written = written.unwrap_or_else(|error| panic!("new rows cannot be merged: {error}"));
        if written.in_base {
            self.merged_in_base(&base, onto, written, upsert, &before).await;
        } else {
            self.expect(&base, stored, "after new rows were merged into another generation").await;
            self.expect(&source(self.backend, onto, written), merged, "after a merge").await;
        }
        let written = self.backend.upsert(new, keys, None, alone).await;
        let written = written.unwrap_or_else(|error| panic!("nothing to merge into: {error}"));
        self.expect(&source(self.backend, alone, written), new, "merged into nothing").await;
    }

    /// A merge that has changed the generation of its base: all of it lies there, who reads by the
    /// manifest of before sees what was there or what is, and whoever died before the new manifest
    /// was written leaves nothing in the way of the next.
    async fn merged_in_base(
        &self,
        base: &Source,
        onto: &Target,
        written: Written,
        upsert: &Upsert<'_, T>,
        before: &BTreeMap<Path, Bytes>,
    ) {
        let Upsert { keys, stored, new, merged } = upsert;
        let here = Target { prefix: base.prefix.clone(), ..onto.clone() };
        for (path, content) in objects(&*base.store).await {
            let is_its_own = path.prefix_matches(&base.prefix);
            let is_known = before.get(&path) == Some(&content);
            assert!(is_its_own || is_known, "a merge in its base has changed {path} beside it");
        }
        self.expect(&source(self.backend, &here, written), merged, "after a merge in its base")
            .await;
        match self.backend.read(base).await {
            Ok(read) => {
                let is_whole = (self.same)(&read, stored) || (self.same)(&read, merged);
                assert!(is_whole, "by the manifest of before a merge, a mixture is read");
            }
            Err(error) => panic!("by the manifest of before a merge, nothing is read: {error}"),
        }
        let again = self.backend.upsert(new, keys, Some(base), onto).await;
        let again = again.unwrap_or_else(|error| {
            panic!("what was merged without a manifest is in the way of the next merge: {error}")
        });
        let place = if again.in_base { &here } else { onto };
        self.expect(&source(self.backend, place, again), merged, "after a merge that was lost")
            .await;
    }
}
