//! What the examples share.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Prints nuthatch's events, one line an outcome: what it says to people, without the fields and
/// spans around it, which are for machines.
pub fn show_outcomes() {
    let message = debug_fn(|line, field, value| match field.name() {
        "message" => write!(line, "{value:?}"),
        "error" => write!(line, ": {value:?}"),
        _ => Ok(()),
    });
    tracing_subscriber::fmt()
        .with_writer(std::io::stdout)
        // Results from memory are told at this level, as there may be millions of them.
        .with_max_level(LevelFilter::DEBUG)
        .fmt_fields(message)
        .event_format(FieldsOnly)
        .init();
}

struct FieldsOnly;

impl<S, N> FormatEvent<S, N> for FieldsOnly
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // Other libraries have much to say at this level.
        if event.metadata().target() != "nuthatch" {
            return Ok(());
        }
        context.field_format().format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}
