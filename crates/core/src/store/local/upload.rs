//! Multipart uploads: parts are written at their offsets into one temporary file.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::FutureExt;
use object_store::path::Path;
use object_store::{
    MultipartUpload, PutMode, PutMultipartOptions, PutPayload, PutResult, Result, UploadPart,
};

use super::write::{Temporary, refuse_attributes};
use super::{LocalFiles, failure};

/// An upload in progress. Dropping it removes what was written.
#[derive(Debug)]
pub(super) struct Upload {
    store: LocalFiles,
    /// `None` once the upload was completed or aborted.
    temporary: Option<Temporary>,
    parts: Arc<Parts>,
    /// Where the next part begins.
    offset: u64,
}

/// What the futures of the parts share.
#[derive(Debug)]
struct Parts {
    location: Path,
    target: PathBuf,
    file: File,
    written: AtomicU64,
}

impl Upload {
    pub(super) fn begin(
        store: &LocalFiles,
        location: &Path,
        options: &PutMultipartOptions,
    ) -> Result<Self> {
        refuse_attributes(&options.attributes)?;
        let target = store.file_to_write(location)?;
        let temporary = store.temporary(location, &target)?;
        let file = temporary
            .file
            .try_clone()
            .map_err(|error| failure::writing("write", location, &target, &error))?;
        let parts = Parts { location: location.clone(), target, file, written: AtomicU64::new(0) };
        Ok(Self {
            store: store.clone(),
            temporary: Some(temporary),
            parts: Arc::new(parts),
            offset: 0,
        })
    }

    fn take(&mut self) -> Result<Temporary> {
        let location = &self.parts.location;
        self.temporary.take().ok_or_else(|| {
            failure::generic(format!("the upload of {location} was completed or aborted before"))
        })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let offset = self.offset;
        self.offset += data.content_length() as u64;
        let parts = Arc::clone(&self.parts);
        async move { parts.write(&data, offset) }.boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let temporary = self.take()?;
        let location = &self.parts.location;
        let written = self.parts.written.load(Ordering::Acquire);
        if written != self.offset {
            // The file would have holes that read as zeros.
            let missing = self.offset - written;
            let why = format!(
                "cannot complete {location}: {missing} bytes of its parts were not written"
            );
            return Err(failure::generic(why));
        }
        let e_tag = temporary.seal(location)?;
        self.store.publish(temporary, location, &self.parts.target, &PutMode::Overwrite)?;
        Ok(PutResult { e_tag: Some(e_tag), version: None })
    }

    async fn abort(&mut self) -> Result<()> {
        self.take().map(drop)
    }
}

impl Parts {
    fn write(&self, data: &PutPayload, mut offset: u64) -> Result<()> {
        for chunk in data {
            write_all_at(&self.file, chunk, offset)
                .map_err(|error| failure::writing("write", &self.location, &self.target, &error))?;
            offset += chunk.len() as u64;
        }
        self.written.fetch_add(data.content_length() as u64, Ordering::Release);
        Ok(())
    }
}

#[cfg(unix)]
fn write_all_at(file: &File, data: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, data, offset)
}

#[cfg(windows)]
fn write_all_at(file: &File, mut data: &[u8], mut offset: u64) -> io::Result<()> {
    while !data.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, data, offset)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        data = data.get(written..).unwrap_or_default();
        offset += written as u64;
    }
    Ok(())
}
