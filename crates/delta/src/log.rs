//! The log of a table, written by `deltalake`.
//!
//! All of it runs on nuthatch's runtime, which `deltalake` needs, and through nuthatch's store. It
//! writes no checkpoints and removes nothing: a table has few versions, and what a reader may still
//! use is not `deltalake`'s to know.

use std::collections::HashMap;
use std::sync::Arc;

use deltalake::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake::kernel::{Action, Add, Protocol, StructType, new_metadata};
use deltalake::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake::protocol::{DeltaOperation, MergePredicate, SaveMode};
use deltalake::table::state::DeltaTableState;
use deltalake::{DeltaTableError, TableProperty};
use futures::TryStreamExt;
use nuthatch_core::backend::Shown;
use nuthatch_core::{Error, Result, runtime};
use nuthatch_table::failure::store_error;
use object_store::ObjectStore;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use serde_json::json;
use url::Url;

/// The folder of a table, below the prefix of its generation.
pub(crate) const FOLDER: &str = "value.delta";

/// The folder of the log, below that of the table.
const LOG: &str = "_delta_log";

/// What a table says of files that are no longer used, to programs that would remove them: entries
/// may pin an older version than the last.
const KEPT: &str = "interval 5200 weeks";

/// How often a version is tried that another writer has taken.
const ATTEMPTS: usize = 16;

/// The name of a version's object, below the prefix of the generation.
pub(crate) fn version_name(version: u64) -> String {
    format!("{FOLDER}/{LOG}/{version:020}.json")
}

/// Whether an object, named below the prefix, is part of the log.
pub(crate) fn is_log(name: &str) -> bool {
    name.strip_prefix(FOLDER)
        .and_then(|name| name.strip_prefix('/'))
        .is_some_and(|name| name.strip_prefix(LOG).is_some_and(|name| name.starts_with('/')))
}

/// The log of one table.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    store: Arc<dyn ObjectStore>,
    table: Path,
    shown: Shown,
}

impl Log {
    /// `store` is the whole store, and `prefix` that of the generation.
    pub(crate) fn new(store: Arc<dyn ObjectStore>, prefix: &Path, shown: &Shown) -> Self {
        Self { store, table: prefix.clone().join(FOLDER), shown: shown.clone() }
    }

    /// Writes version 0.
    pub(crate) async fn create(
        &self,
        schema: StructType,
        naive_times: bool,
        partition_by: Vec<String>,
        adds: Vec<Add>,
    ) -> Result<u64> {
        let log = self.opened()?;
        self.run(async move {
            let properties = [
                (TableProperty::EnableExpiredLogCleanup, "false"),
                (TableProperty::DeletedFileRetentionDuration, KEPT),
            ];
            let properties =
                properties.map(|(name, value)| (name.as_ref().to_owned(), value.to_owned()));
            let metadata = new_metadata(&schema, partition_by, properties)?;
            let protocol = protocol(naive_times)?;
            let mut actions =
                vec![Action::Protocol(protocol.clone()), Action::Metadata(metadata.clone())];
            actions.extend(adds.into_iter().map(Action::Add));
            let location = log.root_url().clone();
            let mode = SaveMode::ErrorIfExists;
            let create = DeltaOperation::Create { mode, location, protocol, metadata };
            let commit = CommitBuilder::from(commit_properties()).with_actions(actions);
            Ok(commit.build(None, log, create).await?.version())
        })
        .await
    }

    /// Writes the next version, in which exactly these files are the table; says which it is.
    ///
    /// Whatever the last version holds is left behind: one that a writer committed to the log and
    /// not to the entry, because it died or lost, is thereby taken back.
    pub(crate) async fn advance(&self, adds: &[Add], merge: &DeltaOperation) -> Result<u64> {
        for _ in 0..ATTEMPTS {
            let (log, adds, merge) = (self.opened()?, adds.to_vec(), merge.clone());
            let next = self.run(next(log, adds, merge)).await?;
            if let Some(version) = next {
                return Ok(version);
            }
        }
        Err(Error::Conflict { object: format!("{}/{FOLDER}/{LOG}", self.shown) })
    }

    fn opened(&self) -> Result<LogStoreRef> {
        let store = PrefixStore::new(Arc::clone(&self.store), self.table.clone());
        let store: Arc<dyn ObjectStore> = Arc::new(store);
        // Nothing is looked for at this address, for the store is given. Listings of `file` are
        // sorted before they are used, and those of nuthatch's stores are in no order.
        let address = Url::parse("file:///").map_err(Error::other)?;
        Ok(default_logstore(Arc::clone(&store), store, &address, &StorageConfig::default()))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, DeltaTableError>> + Send + 'static,
    ) -> Result<T> {
        runtime::spawn(work).await?.map_err(|error| self.failed(error))
    }

    /// What is the store's is told as such.
    fn failed(&self, error: DeltaTableError) -> Error {
        let log = format!("{FOLDER}/{LOG}");
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(cause) = source {
            if cause.is::<object_store::Error>() {
                break;
            }
            source = cause.source();
        }
        match source {
            Some(cause) => {
                let cause = object_store::Error::Generic {
                    store: "the location's",
                    source: cause.to_string().into(),
                };
                store_error("write or read", &log, &self.shown, cause)
            }
            None => Error::other(format!("the log {}/{log}: {error}", self.shown)),
        }
    }
}

/// What a program must know to read and write the table. `deltalake` tells it by itself, but not of
/// times within maps.
fn protocol(naive_times: bool) -> Result<Protocol, DeltaTableError> {
    let needed = match naive_times {
        false => json!({ "minReaderVersion": 1, "minWriterVersion": 2 }),
        true => json!({
            "minReaderVersion": 3,
            "minWriterVersion": 7,
            "readerFeatures": ["timestampNtz"],
            "writerFeatures": ["timestampNtz"],
        }),
    };
    Ok(serde_json::from_value(needed)?)
}

/// None where another writer was first.
async fn next(
    log: LogStoreRef,
    adds: Vec<Add>,
    merge: DeltaOperation,
) -> Result<Option<u64>, DeltaTableError> {
    let head = DeltaTableState::try_new(&*log, None).await?;
    let files = head.snapshot().file_views(&*log, None);
    let mut active: HashMap<String, _> = files
        .map_ok(|file| (file.path().into_owned(), file.remove_action(true)))
        .try_collect()
        .await?;
    let mut actions = Vec::new();
    for add in adds {
        if active.remove(&add.path).is_none() {
            actions.push(Action::Add(add));
        }
    }
    actions.extend(active.into_values().map(Action::Remove));
    if actions.is_empty() {
        return Ok(Some(head.version()));
    }
    let commit = CommitBuilder::from(commit_properties()).with_actions(actions);
    match commit.build(Some(&head), log, merge).await {
        Ok(done) => Ok(Some(done.version())),
        Err(DeltaTableError::VersionAlreadyExists(_)) => Ok(None),
        Err(DeltaTableError::Transaction {
            source:
                TransactionError::MaxCommitAttempts(_) | TransactionError::VersionAlreadyExists(_),
        }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the log says of a merge.
pub(crate) fn merge_by(keys: &[&str]) -> DeltaOperation {
    let quoted = |key: &&str| {
        let key = key.replace('`', "``");
        format!("target.`{key}` = source.`{key}`")
    };
    let predicate = keys.iter().map(quoted).collect::<Vec<_>>().join(" AND ");
    let action = |action: &str| MergePredicate { action_type: action.to_owned(), predicate: None };
    DeltaOperation::Merge {
        predicate: None,
        merge_predicate: Some(predicate),
        matched_predicates: vec![action("update")],
        not_matched_predicates: vec![action("insert")],
        not_matched_by_source_predicates: Vec::new(),
    }
}

/// A version that another writer has taken is tried again by this crate, with other actions.
fn commit_properties() -> CommitProperties {
    CommitProperties::default()
        .with_max_retries(0)
        .with_create_checkpoint(false)
        .with_cleanup_expired_logs(Some(false))
}
