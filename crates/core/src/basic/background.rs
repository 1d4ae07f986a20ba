//! Work beside the thread that encodes or decodes.

use std::future::Future;

use tokio::runtime::Handle;

use crate::error::Result;
use crate::runtime::{self, Spawned};

/// Runs work that takes the thread for long, and waits for other threads.
///
/// Where the store waits for a network, the caller may be one of the few threads that drive it:
/// it gives its place to another one meanwhile.
pub(super) fn blocking<O>(immediate: bool, work: impl FnOnce() -> O) -> O {
    match immediate {
        true => work(),
        false => runtime::block_on(async { work() }),
    }
}

/// Runs work on a thread that may block, inside nuthatch's runtime.
pub(super) fn spawn<O: Send + 'static>(
    work: impl FnOnce() -> O + Send + 'static,
) -> Result<Spawned<O>> {
    Ok(Spawned::Running(runtime::handle()?.spawn_blocking(work)))
}

/// Waits for a future, inside of [`spawn`].
pub(super) fn wait<F: Future>(future: F) -> F::Output {
    Handle::current().block_on(future)
}
