//! What nuthatch tells through `tracing`, kept for a test to read.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// One event: its level and its fields, the text among them as `message`.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) level: Level,
    pub(crate) fields: BTreeMap<String, String>,
    /// The names of the spans around it, the innermost first.
    pub(crate) spans: Vec<String>,
}

impl Event {
    /// A field's value; empty where there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    pub(crate) fn message(&self) -> &str {
        self.field("message")
    }
}

/// Every event of this process, from all its threads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events(Arc<Mutex<Vec<Event>>>);

impl Events {
    /// Listens from now on.
    pub(crate) fn listen() -> Self {
        let events = Self::default();
        tracing::subscriber::set_global_default(Registry::default().with(events.clone())).unwrap();
        events
    }

    /// What was told since the last call.
    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// The warnings since the last call, each as one text with all its fields.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let warnings = self.take().into_iter().filter(|event| event.level <= Level::WARN);
        warnings.map(|event| format!("{:?}", event.fields)).collect()
    }

    /// The one warning since the last call.
    pub(crate) fn warning(&self) -> String {
        let warnings = self.warnings();
        let [warning] = &warnings[..] else { panic!("expected one warning: {warnings:#?}") };
        warning.clone()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Events {
    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let meta = event.metadata();
        let mut fields = Fields(BTreeMap::from([("target".into(), meta.target().to_owned())]));
        event.record(&mut fields);
        let scope = context.event_scope(event);
        let spans = scope.into_iter().flatten().map(|span| span.name().to_owned()).collect();
        self.0.lock().unwrap().push(Event { level: *meta.level(), fields: fields.0, spans });
    }
}

struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}
