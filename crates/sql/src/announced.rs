//! What a generation's folder says of its table, for whoever removes it without the manifest.

use nuthatch_core::backend::Elsewhere;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::names::Names;
use crate::options::Options;

/// As members of an object. No credentials are among them.
pub(crate) fn said(names: &Names, options: &Options) -> Map<String, Value> {
    let Names { schema, table, view } = names;
    let said = [
        ("database", Value::from(options.shown())),
        ("schema", schema.as_deref().into()),
        ("table", table.as_str().into()),
        ("view", view.as_str().into()),
    ];
    said.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// From such members.
///
/// # Errors
///
/// One is missing; the table lies in another database than the options lead to, where one of the
/// same name would be another table; or the names are not those of this generation: what is said is
/// data, and must not be able to point a removal elsewhere.
pub(crate) fn read(doomed: &Elsewhere, options: &Options) -> Result<Names, Failure> {
    let text = |name: &str| doomed.announced.get(name).and_then(Value::as_str).map(str::to_owned);
    let needed = |name: &str| {
        text(name)
            .ok_or_else(|| Failure::Damaged(format!("what is said of its table names no {name}")))
    };
    let database = needed("database")?;
    if database != options.shown() {
        let led = options.shown();
        let why = format!("the table lies in {database}, and the options lead to {led}");
        return Err(Failure::Database(sqlx::Error::Configuration(why.into())));
    }
    let names = Names { schema: text("schema"), table: needed("table")?, view: needed("view")? };
    let own = Names::of(&doomed.prefix, options.dialect, &options.schema, options.hashed_names);
    if !is_of(&names.table, &own.table) || !is_of(&names.view, &own.view) {
        let (table, view) = (names.table, names.view);
        let why = format!("the table {table:?} and the view {view:?} are of another generation");
        return Err(Failure::Damaged(why));
    }
    Ok(names)
}

/// Whether two names end in the same identifier, whatever people read before it.
fn is_of(name: &str, own: &str) -> bool {
    let id = |name: &str| name.rsplit_once('~').map(|(_, id)| id.to_owned());
    id(name).is_some() && id(name) == id(own)
}
