//! What nuthatch, and everything below it, tells through `tracing`.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

/// Every event of this process, each as a line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<(Level, String)>>>);

impl Told {
    pub(crate) fn listen() -> Self {
        let told = Self::default();
        tracing::subscriber::set_global_default(Registry::default().with(told.clone())).unwrap();
        told
    }

    /// The warnings and errors of nuthatch since the last call.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let told = std::mem::take(&mut *self.0.lock().unwrap());
        let warnings = told.into_iter().filter(|(level, _)| *level <= Level::WARN);
        warnings.map(|(_, line)| line).collect()
    }

    /// Everything since the last call, at every level.
    pub(crate) fn all(&self) -> String {
        let told = std::mem::take(&mut *self.0.lock().unwrap());
        told.into_iter().map(|(_, line)| line + "\n").collect()
    }
}

impl<S: Subscriber> Layer<S> for Told {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        self.0.lock().unwrap().push((*event.metadata().level(), line.0));
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}
