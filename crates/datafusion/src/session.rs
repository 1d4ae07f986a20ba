//! The session of frames that are recalled: one for the process, which the program may replace.

use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock, Weak};

use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::object_store::ObjectStore;
use datafusion::prelude::SessionContext;
use nuthatch_core::store;

static SESSION: LazyLock<RwLock<SessionContext>> =
    LazyLock::new(|| RwLock::new(SessionContext::new()));

/// All that were introduced to whichever session, and that somebody has.
static INTRODUCED: Mutex<Vec<Weak<dyn ObjectStore>>> = Mutex::new(Vec::new());

/// The session that recalled frames belong to, with the defaults of DataFusion until
/// [`set_session`] replaces it. Clones share it.
///
/// It knows the stores that nuthatch has opened so far: it reads objects below `memory://NAME`. Of
/// a bucket that was opened with other options it knows the store that was opened last. Recalled
/// frames read from the store of their own location, whatever the session knows.
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
    introduce(session, store::by_url());
}

/// Makes stores known by their URLs, in the place of those that were before; those that a session
/// has from others stay.
fn introduce(session: &SessionContext, stores: Vec<(String, Arc<dyn ObjectStore>)>) {
    let runtime = session.runtime_env();
    let mut introduced = INTRODUCED.lock().unwrap_or_else(PoisonError::into_inner);
    introduced.retain(|ours| ours.strong_count() > 0);
    for (url, store) in stores {
        // A name that is no host in a URL is one that no query can name either.
        let Ok(url) = ObjectStoreUrl::parse(&url) else { continue };
        let known = runtime.object_store(&url).ok();
        let is = |one: &Arc<dyn ObjectStore>| known.as_ref().is_some_and(|it| Arc::ptr_eq(one, it));
        let is_ours = introduced.iter().filter_map(Weak::upgrade).any(|ours| is(&ours));
        if is(&store) || (known.is_some() && !is_ours) {
            continue;
        }
        introduced.push(Arc::downgrade(&store));
        runtime.register_object_store(url.as_ref(), store);
    }
}

#[cfg(test)]
mod tests {
    use datafusion::object_store::memory::InMemory;

    use super::*;

    fn store() -> Arc<dyn ObjectStore> {
        Arc::new(InMemory::new())
    }

    fn known(session: &SessionContext, url: &str) -> Arc<dyn ObjectStore> {
        let url = ObjectStoreUrl::parse(url).expect("a URL");
        session.runtime_env().object_store(&url).expect("it is known")
    }

    #[test]
    fn a_bucket_that_is_opened_anew_is_read_as_it_was_opened_last() {
        let sessions = [SessionContext::new(), SessionContext::new()];
        let (old, new) = (store(), store());
        for store in [&old, &new, &new] {
            for session in &sessions {
                introduce(session, vec![("s3://opened".to_owned(), Arc::clone(store))]);
                assert!(Arc::ptr_eq(&known(session, "s3://opened"), store));
            }
        }
    }

    #[test]
    fn a_store_that_the_session_has_of_its_own_stays() {
        let session = SessionContext::new();
        let own = store();
        let url = ObjectStoreUrl::parse("s3://own").expect("a URL");
        session.runtime_env().register_object_store(url.as_ref(), Arc::clone(&own));
        let other = store();
        introduce(&session, vec![("s3://another".to_owned(), Arc::clone(&other))]);
        for _ in 0..2 {
            introduce(&session, vec![("s3://own".to_owned(), store())]);
            assert!(Arc::ptr_eq(&known(&session, "s3://own"), &own));
        }
    }
}
