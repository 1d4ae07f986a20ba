//! A folder or an object removed, and counted.

use std::time::SystemTime;

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, Result};

/// What lies below a folder.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Folder {
    pub(super) objects: u64,
    pub(super) bytes: u64,
    pub(super) newest: Option<SystemTime>,
}

/// Counts what lies below a folder now.
pub(super) async fn look(store: &dyn ObjectStore, folder: &Path) -> Result<Folder> {
    let mut listing = store.list(Some(folder));
    let mut found = Folder::default();
    while let Some(object) = listing.next().await {
        let object = object?;
        found.objects += 1;
        found.bytes += object.size;
        found.newest = found.newest.max(Some(object.last_modified.into()));
    }
    Ok(found)
}

/// Deletes what lies below a folder, all that can be.
///
/// # Errors
///
/// The first that went wrong, after the rest was tried.
pub(super) async fn delete_below(store: &dyn ObjectStore, folder: &Path) -> Result<()> {
    let objects = store.list(Some(folder)).map_ok(|object| object.location).boxed();
    let mut deleted = store.delete_stream(objects);
    let mut failed = None;
    while let Some(deleted) = deleted.next().await {
        match deleted {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => {
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Deletes one object. That it is gone already is as well.
pub(super) async fn delete(store: &dyn ObjectStore, path: &Path) -> Result<()> {
    match store.delete(path).await {
        Err(object_store::Error::NotFound { .. }) => Ok(()),
        deleted => deleted,
    }
}
