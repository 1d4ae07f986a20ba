//! The names of tables, views and columns: readable, unique, and cut by us before the database
//! cuts them.

use std::collections::HashSet;

use data_encoding::BASE32_NOPAD;
use object_store::path::Path;

use crate::dialect::Dialect;

/// The column that numbers the rows, from 0; a view leaves it out.
pub(crate) const ROW: &str = "#row";
/// The column that says what a row's visible values cannot: see `exact`.
pub(crate) const EXACT: &str = "#exact";
/// The column that MySQL tells text keys apart by.
pub(crate) const KEY_HASH: &str = "#key";

/// How many characters of the key stand in a view's name: 80 bits.
const KEY: usize = 16;
/// The characters of a ULID.
const GENERATION: usize = 26;

/// Where the table of one generation lies, and the view that stands for its entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// PostgreSQL alone has one.
    pub(crate) schema: Option<String>,
    /// Carries the generation, so no two are alike.
    pub(crate) table: String,
    /// Carries the key.
    pub(crate) view: String,
}

impl Names {
    /// From the path of a generation's folder:
    /// `<namespace>/<function>/data/<hh>/<arguments>~<key>/<generation>`.
    ///
    /// Any other path gives names too, from its hash.
    pub(crate) fn of(prefix: &Path, dialect: Dialect, schema: &str, hashed: bool) -> Self {
        let path = prefix.as_ref();
        let parts: Vec<&str> = path.split('/').collect();
        let (namespace, readable, key, generation) = match parts[..] {
            [namespace, function, "data", _, entry, generation] => {
                let (arguments, key) = entry.rsplit_once('~').unwrap_or((entry, ""));
                let function = function.rsplit('.').next().unwrap_or(function);
                let readable = match arguments {
                    "_" => function.to_owned(),
                    arguments => format!("{function}_{arguments}"),
                };
                (Some(namespace).filter(|name| *name != "_"), readable, key, generation)
            }
            _ => (None, path.replace('/', "_"), "", ""),
        };
        let parent = path.rsplit_once('/').map_or(path, |(parent, _)| parent);
        let key = if is_id(key, KEY) { key[..KEY].to_owned() } else { hash(parent, KEY) };
        let generation = match is_id(generation, GENERATION) && generation.len() == GENERATION {
            true => generation.to_owned(),
            false => hash(path, GENERATION),
        };
        let readable = if hashed { "t".to_owned() } else { readable };
        let (schema, readable) = match (dialect, namespace) {
            (Dialect::Postgres, None) => (Some(schema.to_owned()), readable),
            (Dialect::Postgres, Some(namespace)) => (Some(schema_of(namespace)), readable),
            (_, None) => (None, readable),
            (_, Some(namespace)) => (None, format!("{namespace}.{readable}")),
        };
        let named = |id: &str| {
            let room = dialect.longest_name() - id.len() - 1;
            format!("{}~{id}", cut(&readable, room))
        };
        Self { schema, table: named(&generation), view: named(&key) }
    }
}

/// A column's name for each field: legal in the database, told apart from all others, and equal
/// to the field's wherever that is possible.
pub(crate) fn columns<'a>(
    fields: impl IntoIterator<Item = &'a str>,
    dialect: Dialect,
) -> Vec<String> {
    let mut taken = Taken::new(dialect);
    let mut names = Vec::new();
    for own in [ROW, EXACT, KEY_HASH] {
        taken.insert(own);
    }
    for field in fields {
        let legal = legal(field, dialect);
        let mut name = match legal == field && fits(&legal, dialect) {
            true => legal.clone(),
            // What was cut or replaced may be what told it apart from another.
            false => with_suffix(&legal, &hash(field, 8), dialect),
        };
        let mut number = 1;
        while taken.holds(&name) {
            number += 1;
            name = with_suffix(&legal, &number.to_string(), dialect);
        }
        taken.insert(&name);
        names.push(name);
    }
    names
}

/// Names as a database compares them.
struct Taken {
    dialect: Dialect,
    folded: HashSet<String>,
    /// MySQL takes letters for equal that differ in accents; which, is its collation's to say.
    foreign: Vec<String>,
}

impl Taken {
    fn new(dialect: Dialect) -> Self {
        Self { dialect, folded: HashSet::new(), foreign: Vec::new() }
    }

    fn fold(&self, name: &str) -> String {
        match self.dialect {
            Dialect::Postgres => name.to_owned(),
            Dialect::Sqlite => name.to_ascii_lowercase(),
            Dialect::MySql => name.to_lowercase(),
        }
    }

    fn holds(&self, name: &str) -> bool {
        let folded = self.fold(name);
        if self.folded.contains(&folded) {
            return true;
        }
        if self.dialect != Dialect::MySql {
            return false;
        }
        let near = |other: &String| may_be_equal(&folded, other);
        self.foreign.iter().any(near) || !folded.is_ascii() && self.folded.iter().any(near)
    }

    fn insert(&mut self, name: &str) {
        let folded = self.fold(name);
        if self.dialect == Dialect::MySql && !folded.is_ascii() {
            self.foreign.push(folded.clone());
        }
        self.folded.insert(folded);
    }
}

/// Whether two names are equal if every letter beyond ASCII may stand for any other.
fn may_be_equal(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.chars(), other.chars());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b || !a.is_ascii() || !b.is_ascii() => {}
            _ => return false,
        }
    }
}

/// Without what the database takes in no name.
fn legal(name: &str, dialect: Dialect) -> String {
    let mut legal = name.replace('\0', "_");
    if dialect == Dialect::MySql {
        legal = legal.chars().map(|c| if c.len_utf8() > 3 { '_' } else { c }).collect();
        legal.truncate(legal.trim_end().len());
    }
    if legal.is_empty() {
        legal.push('_');
    }
    legal
}

fn length(name: &str, dialect: Dialect) -> usize {
    match dialect {
        Dialect::MySql => name.chars().count(),
        _ => name.len(),
    }
}

fn fits(name: &str, dialect: Dialect) -> bool {
    length(name, dialect) <= dialect.longest_name()
}

fn with_suffix(name: &str, suffix: &str, dialect: Dialect) -> String {
    let room = dialect.longest_name() - suffix.len() - 1;
    let mut kept = name.to_owned();
    while length(&kept, dialect) > room {
        kept.pop();
    }
    format!("{kept}~{suffix}")
}

/// Schemas that begin with `pg_` are the database's own.
fn schema_of(namespace: &str) -> String {
    let named = match namespace.starts_with("pg_") {
        true => format!("_{namespace}"),
        false => namespace.to_owned(),
    };
    match fits(&named, Dialect::Postgres) {
        true => named,
        false => with_suffix(&named, &hash(namespace, 8), Dialect::Postgres),
    }
}

/// At most `room` bytes, at a character's end.
fn cut(text: &str, room: usize) -> &str {
    if text.len() <= room {
        return text;
    }
    let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

fn is_id(text: &str, least: usize) -> bool {
    text.len() >= least && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn hash(text: &str, characters: usize) -> String {
    let mut encoded = BASE32_NOPAD.encode(blake3::hash(text.as_bytes()).as_bytes());
    encoded.truncate(characters);
    encoded.make_ascii_lowercase();
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENERATION: &str = "01m83m2xaakwk6vaw7thq64nqt";
    const KEY: &str = "36qtfr7kd4n5vpxou5xomvh3zh";

    fn names(namespace: &str, function: &str, arguments: &str, dialect: Dialect) -> Names {
        let path = format!("{namespace}/{function}/data/36/{arguments}~{KEY}/{GENERATION}");
        Names::of(&Path::parse(path).unwrap(), dialect, "public", false)
    }

    #[test]
    fn a_table_says_what_it_holds_and_which_generation() {
        let names = names("_", "lake.weather.daily", "month=3", Dialect::Postgres);
        assert_eq!(names.schema.as_deref(), Some("public"));
        assert_eq!(names.table, format!("daily_month=3~{GENERATION}"));
        assert_eq!(names.view, "daily_month=3~36qtfr7kd4n5vpxo");
    }

    #[test]
    fn a_namespace_is_a_schema_or_a_prefix() {
        let postgres = names("trial", "lake.daily", "_", Dialect::Postgres);
        assert_eq!(postgres.schema.as_deref(), Some("trial"));
        assert_eq!(postgres.table, format!("daily~{GENERATION}"));
        let own = names("pg_toast", "lake.daily", "_", Dialect::Postgres);
        assert_eq!(own.schema.as_deref(), Some("_pg_toast"));
        for dialect in [Dialect::MySql, Dialect::Sqlite] {
            let names = names("trial", "lake.daily", "_", dialect);
            assert_eq!(names.schema, None);
            assert_eq!(names.table, format!("trial.daily~{GENERATION}"));
        }
    }

    #[test]
    fn long_names_are_cut_and_keep_what_tells_them_apart() {
        let arguments = "a".repeat(64);
        let namespace = "n".repeat(64);
        for dialect in [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite] {
            let names = names(&namespace, "lake.daily", &arguments, dialect);
            for name in [Some(&names.table), Some(&names.view), names.schema.as_ref()] {
                assert!(name.is_none_or(|name| name.len() <= dialect.longest_name()), "{names:?}");
            }
            assert!(names.table.ends_with(&format!("~{GENERATION}")));
        }
    }

    #[test]
    fn hashed_names_show_nothing() {
        let path = format!("_/f/data/36/secret=1~{KEY}/{GENERATION}");
        let names = Names::of(&Path::parse(path).unwrap(), Dialect::Sqlite, "", true);
        assert_eq!(names.table, format!("t~{GENERATION}"));
    }

    #[test]
    fn columns_keep_their_names_where_the_database_can() {
        let fields = ["select", "a b", "quo\"te", "früh", "日付", "back`tick"];
        for dialect in [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite] {
            assert_eq!(columns(fields, dialect), fields);
        }
    }

    #[test]
    fn columns_that_a_database_takes_for_equal_are_told_apart() {
        assert_eq!(
            columns(["a", "a", "A", "#row"], Dialect::Postgres),
            ["a", "a~2", "A", "#row~2"]
        );
        assert_eq!(columns(["a", "A", "é", "e"], Dialect::Sqlite), ["a", "A~2", "é", "e"]);
        assert_eq!(columns(["e", "é", "E"], Dialect::MySql), ["e", "é~2", "E~3"]);
        assert_eq!(columns(["", ""], Dialect::Sqlite).len(), 2);
    }

    #[test]
    fn no_column_is_left_to_the_database_to_cut() {
        let long = [format!("{}1", "ü".repeat(70)), format!("{}2", "ü".repeat(70))];
        for dialect in [Dialect::Postgres, Dialect::MySql] {
            let names = columns(long.iter().map(String::as_str), dialect);
            assert!(names.iter().all(|name| fits(name, dialect)), "{names:?}");
            assert_ne!(names[0], names[1]);
        }
        let names = columns(["🦆", "🐦"], Dialect::MySql);
        assert!(names.iter().all(|name| name.starts_with("_~")) && names[0] != names[1]);
    }
}
