//! The session of frames that are recalled: one for the process, which the program may replace.

use std::sync::{LazyLock, PoisonError, RwLock};

use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::prelude::SessionContext;
use nuthatch_core::store;

static SESSION: LazyLock<RwLock<SessionContext>> =
    LazyLock::new(|| RwLock::new(SessionContext::new()));

/// The session that recalled frames belong to, with the defaults of DataFusion until
/// [`set_session`] replaces it. Clones share it.
///
/// It knows the stores that nuthatch has opened so far: it reads objects below `memory://NAME`.
#[must_use]
pub fn session() -> SessionContext {
    let session = SESSION.read().unwrap_or_else(PoisonError::into_inner).clone();
    introduce_stores(&session);
    session
}

/// Replaces the session, and makes the stores that nuthatch has opened known to it; those that it
/// has of its own stay. Frames that were recalled before keep their session.
///
/// ```
/// use nuthatch_datafusion::datafusion::prelude::{SessionConfig, SessionContext};
///
/// let config = SessionConfig::new().with_target_partitions(2);
/// nuthatch_datafusion::set_session(SessionContext::new_with_config(config));
/// assert_eq!(nuthatch_datafusion::session().copied_config().target_partitions(), 2);
/// ```
pub fn set_session(session: SessionContext) {
    introduce_stores(&session);
    *SESSION.write().unwrap_or_else(PoisonError::into_inner) = session;
}

fn introduce_stores(session: &SessionContext) {
    let runtime = session.runtime_env();
    for (url, store) in store::by_url() {
        // A name that is no host in a URL is one that no query can name either.
        let Ok(url) = ObjectStoreUrl::parse(&url) else { continue };
        if runtime.object_store(&url).is_err() {
            runtime.register_object_store(url.as_ref(), store);
        }
    }
}
