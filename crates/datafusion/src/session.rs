//! The session of frames that are recalled: one for the process, which the program may replace.

use std::sync::{LazyLock, PoisonError, RwLock};

use datafusion::prelude::SessionContext;

static SESSION: LazyLock<RwLock<SessionContext>> =
    LazyLock::new(|| RwLock::new(SessionContext::new()));

/// The session that recalled frames belong to, with the defaults of DataFusion until
/// [`set_session`] replaces it. Clones share it.
#[must_use]
pub fn session() -> SessionContext {
    SESSION.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Replaces the session. Frames that were recalled before keep theirs.
///
/// ```
/// use nuthatch_datafusion::datafusion::prelude::{SessionConfig, SessionContext};
///
/// let config = SessionConfig::new().with_target_partitions(2);
/// nuthatch_datafusion::set_session(SessionContext::new_with_config(config));
/// assert_eq!(nuthatch_datafusion::session().copied_config().target_partitions(), 2);
/// ```
pub fn set_session(session: SessionContext) {
    *SESSION.write().unwrap_or_else(PoisonError::into_inner) = session;
}
