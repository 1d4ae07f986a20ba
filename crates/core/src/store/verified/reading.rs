//! The read side: a store that shows what was recorded, and checks it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::{Bound, Range};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult,
    MultipartUpload, OBJECT_STORE_COALESCE_DEFAULT, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, coalesce_ranges,
};

use super::super::ROOT;
use super::blocks::Plan;
use super::{Damage, ObjectSums, Sums};
use crate::config::Verify;

/// Shows exactly the objects that [`Sums`] name, and checks every byte of them that it hands out.
///
/// - Other objects do not exist, neither for gets nor in listings; nothing can be written.
/// - A range is read as the whole blocks that it touches. Objects are checked block by block
///   while they stream, one block in memory at a time: bytes are handed out only after the block
///   that they are in.
/// - What was changed, cut short, made longer or lost is an error that [`Damage::find`] finds.
/// - Listings are made of the sums, without a request. They know no times (1970) and no etags.
#[derive(Debug, Clone)]
pub struct Verified {
    inner: Arc<dyn ObjectStore>,
    objects: Arc<BTreeMap<Path, Arc<ObjectSums>>>,
    block: u64,
    verify: Verify,
}

impl Verified {
    /// Checks what is read from `inner` against the sums of what was written below `prefix`.
    #[must_use]
    pub fn new(inner: Arc<dyn ObjectStore>, prefix: Path, sums: Sums) -> Self {
        let Sums { block, objects } = sums;
        let full = |name: String| match prefix.is_root() {
            true => Path::parse(name),
            false => Path::parse(format!("{prefix}/{name}")),
        };
        // `Sums` hold legal paths only, so none is lost here.
        let objects = objects.into_iter().filter_map(|(name, sums)| Some((full(name).ok()?, sums)));
        Self { inner, objects: Arc::new(objects.collect()), block, verify: Verify::Full }
    }

    /// Whether bytes are compared with their sums, as they are unless this says otherwise. Where
    /// they are not, exactly what is asked for is read, and the names and lengths of objects still
    /// count.
    #[must_use]
    pub fn verify(self, verify: Verify) -> Self {
        Self { verify, ..self }
    }

    fn find(&self, location: &Path) -> Result<Arc<ObjectSums>> {
        self.objects.get(location).cloned().ok_or_else(|| Error::NotFound {
            path: location.to_string(),
            source: "the entry's manifest names no such object".into(),
        })
    }

    /// One request, checked as far as its reply goes by itself: the object is there, and as long
    /// as it was.
    async fn request(
        &self,
        location: &Path,
        options: GetOptions,
        sums: &ObjectSums,
    ) -> Result<GetResult> {
        let is_range = options.range.is_some();
        match self.inner.get_opts(location, options).await {
            Ok(result) => self.check_length(location, &result.meta, sums).map(|()| result),
            Err(Error::NotFound { .. }) => Err(Damage::missing(location)),
            // Stores have no common error for a range past the end, which is one that was cut off.
            Err(error) if is_range => match self.inner.head(location).await {
                Ok(meta) => self.check_length(location, &meta, sums).and(Err(error)),
                Err(_) => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    fn check_length(&self, location: &Path, meta: &ObjectMeta, sums: &ObjectSums) -> Result<()> {
        let (found, written) = (meta.size, sums.bytes());
        if found == written {
            return Ok(());
        }
        let why = format!("it is {found} bytes long, and {written} were written");
        Err(Damage::in_block(location, found.min(written) / self.block, why))
    }

    async fn get(&self, location: &Path, mut options: GetOptions) -> Result<GetResult> {
        let sums = self.find(location)?;
        if options.head {
            return self.request(location, options, &sums).await;
        }
        let wanted = match &options.range {
            Some(range) => range
                .as_range(sums.bytes())
                .map_err(|error| Error::Generic { store: "Verified", source: error.into() })?,
            None => 0..sums.bytes(),
        };
        if wanted.is_empty() {
            options.range = None;
            options.head = true;
            let result = self.request(location, options, &sums).await?;
            let payload = GetResultPayload::Stream(stream::empty().boxed());
            return Ok(GetResult { payload, range: wanted, ..result });
        }
        let (location, size, verify) = (location.clone(), self.block, self.verify);
        let plan = Plan { location, sums, size, wanted, verify };
        let widened = plan.widened();
        let whole = widened == (0..plan.sums.bytes());
        options.range = (!whole).then(|| GetRange::Bounded(widened.clone()));
        let result = self.request(&plan.location, options, &plan.sums).await?;
        if result.range != widened {
            let why = format!("bytes {widened:?} were asked for and {:?} came", result.range);
            return Err(Damage::in_block(&plan.location, widened.start / self.block, why));
        }
        let range = plan.wanted.clone();
        let payload = GetResultPayload::Stream(plan.check(result.payload)?);
        Ok(GetResult { payload, range, meta: result.meta, attributes: result.attributes })
    }

    fn list_from(&self, prefix: Option<&Path>, after: Option<&Path>) -> Vec<Result<ObjectMeta>> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.objects
            .range::<Path, _>((start, Bound::Unbounded))
            .filter(|(location, _)| parts_below(location, prefix) > 0)
            .map(|(location, sums)| Ok(meta(location, sums)))
            .collect()
    }
}

/// How many segments `location` has below `prefix`; 0 where it does not lie below it.
fn parts_below(location: &Path, prefix: Option<&Path>) -> usize {
    location.prefix_match(prefix.unwrap_or(&ROOT)).map_or(0, Iterator::count)
}

fn meta(location: &Path, sums: &ObjectSums) -> ObjectMeta {
    ObjectMeta {
        location: location.clone(),
        last_modified: DateTime::UNIX_EPOCH,
        size: sums.bytes(),
        e_tag: None,
        version: None,
    }
}

fn read_only(doing: &str, location: &Path) -> Error {
    let why = format!("cannot {doing} {location}: a stored entry is read only");
    Error::NotSupported { source: why.into() }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified({})", self.inner)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for Verified {
    async fn put_opts(&self, location: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(read_only("write", location))
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(read_only("write", location))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.get(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let get = |range| self.get_range(location, range);
        coalesce_ranges(ranges, get, OBJECT_STORE_COALESCE_DEFAULT).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        locations.map(|location| Err(read_only("delete", &location?))).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::iter(self.list_from(prefix, None)).boxed()
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::iter(self.list_from(prefix, Some(offset))).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut common_prefixes = BTreeSet::new();
        let mut objects = Vec::new();
        for (location, sums) in &*self.objects {
            let depth = parts_below(location, prefix);
            if depth == 1 {
                objects.push(meta(location, sums));
            } else if depth > 1 {
                let ancestors = std::iter::successors(location.parent(), Path::parent);
                common_prefixes.extend(ancestors.take(depth - 1).last());
            }
        }
        Ok(ListResult { common_prefixes: common_prefixes.into_iter().collect(), objects })
    }

    async fn copy_opts(&self, _: &Path, to: &Path, _: CopyOptions) -> Result<()> {
        Err(read_only("write", to))
    }

    async fn rename_opts(&self, from: &Path, _: &Path, _: RenameOptions) -> Result<()> {
        Err(read_only("rename", from))
    }
}
