//! Wrapping every store that this process opens, so that tests count, fail and delay requests.

use std::sync::{Arc, PoisonError, RwLock};

use object_store::ObjectStore;

type Interceptor = Box<dyn Fn(&str, Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> + Send + Sync>;

static AFAR: RwLock<Vec<String>> = RwLock::new(Vec::new());

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

/// Has every store of this process whose URL begins so be used as one that is not on this machine:
/// its requests run on nuthatch's runtime, and are waited for.
pub fn answer_from_afar(url: &str) {
    AFAR.write().unwrap_or_else(PoisonError::into_inner).push(url.to_owned());
}

pub(super) fn is_afar(url: &str) -> bool {
    let afar = AFAR.read().unwrap_or_else(PoisonError::into_inner);
    afar.iter().any(|begun| url.starts_with(begun.as_str()))
}

pub(super) fn intercepted(url: &str, store: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
    match &*INTERCEPTOR.read().unwrap_or_else(PoisonError::into_inner) {
        Some(interceptor) => interceptor(url, store),
        None => store,
    }
}
