//! Wrapping every store that this process opens, so that tests count, fail and delay requests.

use std::sync::{Arc, PoisonError, RwLock};

use object_store::ObjectStore;

type Interceptor = Box<dyn Fn(&str, Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> + Send + Sync>;

static INTERCEPTOR: RwLock<Option<Interceptor>> = RwLock::new(None);

/// Hands every store that is opened from now on to `interceptor`, with its URL, and uses what it
/// returns.
///
/// ```
/// use std::sync::Arc;
/// use nuthatch_core::store::{Counting, intercept};
///
/// intercept(|_url, store| Arc::new(Counting::new(store)));
/// ```
pub fn intercept(
    interceptor: impl Fn(&str, Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> + Send + Sync + 'static,
) {
    let mut current = INTERCEPTOR.write().unwrap_or_else(PoisonError::into_inner);
    *current = Some(Box::new(interceptor));
}

pub(super) fn intercepted(url: &str, store: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
    match &*INTERCEPTOR.read().unwrap_or_else(PoisonError::into_inner) {
        Some(interceptor) => interceptor(url, store),
        None => store,
    }
}
