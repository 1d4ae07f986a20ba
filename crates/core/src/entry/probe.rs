//! The probe: does a store honour conditions, or does it answer 200 and ignore them?

use bytes::Bytes;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStoreExt, PutMode, PutPayload, UpdateVersion};

use super::layout;
use super::location::Location;
use crate::error::Result;
use crate::fresh;

/// How often a probe that was disturbed is made anew.
const ATTEMPTS: usize = 3;

/// Which conditions a store honours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Honoured {
    pub(super) create: bool,
    pub(super) update: bool,
}

/// Puts an object of its own twice as new and twice as an update, and deletes it.
///
/// What is asked of a reply is only whether the store did what must not be done: a refusal of
/// what should have gone through may be a retried request whose first reply was lost, so it
/// proves nothing, and the probe is made again under another name.
pub(super) async fn probe(location: &Location) -> Result<Honoured> {
    let mut honoured = Honoured { create: true, update: false };
    for attempt in 1..=ATTEMPTS {
        let path = layout::probe(fresh::ulid())?;
        let answer = probe_once(location, &path).await;
        if let Err(error) = location.store().delete(&path).await {
            tracing::debug!(target: "nuthatch", %path, %error, "a probe object stays behind");
        }
        match answer {
            Ok(Answer::Sure(sure)) => return Ok(sure),
            Ok(Answer::Disturbed(seen)) => honoured = seen,
            Err(error) if attempt < ATTEMPTS && location.may_pass(&error) => {}
            Err(error) => return Err(location.store_error(format!("probe with {path}"), error)),
        }
    }
    Ok(honoured)
}

enum Answer {
    Sure(Honoured),
    /// The update that should have gone through was refused.
    Disturbed(Honoured),
}

async fn probe_once(location: &Location, path: &Path) -> object_store::Result<Answer> {
    let neither = Honoured { create: false, update: false };
    // Under a fresh name, `AlreadyExists` can only be about the object that this request made.
    match put(location, path, PutMode::Create).await {
        Ok(()) | Err(object_store::Error::AlreadyExists { .. }) => {}
        Err(error) if is_unsupported(&error) => return Ok(Answer::Sure(neither)),
        Err(error) => return Err(error),
    }
    match put(location, path, PutMode::Create).await {
        Ok(()) => return Ok(Answer::Sure(neither)),
        Err(error) if is_refusal(&error) => {}
        Err(error) if is_unsupported(&error) => return Ok(Answer::Sure(neither)),
        Err(error) => return Err(error),
    }
    let create_alone = Honoured { create: true, update: false };
    let meta = location.store().get_opts(path, GetOptions::default()).await?.meta;
    if meta.e_tag.is_none() && meta.version.is_none() {
        return Ok(Answer::Sure(create_alone));
    }
    let seen = UpdateVersion { e_tag: meta.e_tag, version: meta.version };
    match put(location, path, PutMode::Update(seen.clone())).await {
        Ok(()) => {}
        Err(error) if is_refusal(&error) => return Ok(Answer::Disturbed(create_alone)),
        Err(error) if is_unsupported(&error) => return Ok(Answer::Sure(create_alone)),
        Err(error) => return Err(error),
    }
    match put(location, path, PutMode::Update(seen)).await {
        Ok(()) => Ok(Answer::Sure(create_alone)),
        Err(error) if is_refusal(&error) => {
            Ok(Answer::Sure(Honoured { create: true, update: true }))
        }
        Err(error) if is_unsupported(&error) => Ok(Answer::Sure(create_alone)),
        Err(error) => Err(error),
    }
}

/// Every put has other bytes, for an etag may be a hash of them.
async fn put(location: &Location, path: &Path, mode: PutMode) -> object_store::Result<()> {
    let bytes = Bytes::from(fresh::ulid().to_string());
    location.store().put_opts(path, PutPayload::from(bytes), mode.into()).await.map(|_| ())
}

/// Whether a store says that the condition of a put does not hold.
pub(super) fn is_refusal(error: &object_store::Error) -> bool {
    use object_store::Error::{AlreadyExists, NotFound, NotModified, Precondition};
    matches!(
        error,
        AlreadyExists { .. } | Precondition { .. } | NotModified { .. } | NotFound { .. }
    )
}

fn is_unsupported(error: &object_store::Error) -> bool {
    use object_store::Error::{NotImplemented, NotSupported};
    matches!(error, NotImplemented { .. } | NotSupported { .. })
}
