//! What a file or a line of code says, as one kind of tree whose every key knows its origin.

use std::path::Path;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Value};

use super::asked::ConfigParameter;
use super::nearest::nearest;
use super::origin::{Origin, Wrong};

/// A key with what it holds.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) key: String,
    pub(crate) origin: Origin,
    pub(crate) node: Node,
}

/// What a key holds.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    /// In the order of the text.
    Table(Vec<Item>),
    Value(Value),
    /// What a function gives when it is needed.
    Asked(&'static ConfigParameter),
}

impl Node {
    pub(crate) fn from_value(value: Value, origin: &Origin) -> Self {
        let Value::Table(table) = value else { return Self::Value(value) };
        let item = |(key, value)| Item {
            key,
            origin: origin.clone(),
            node: Self::from_value(value, origin),
        };
        Self::Table(table.into_iter().map(item).collect())
    }

    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Value(value) => value,
            // No such node is put where a value is read.
            Self::Asked(parameter) => Value::String(format!("{}()", parameter.function)),
            Self::Table(items) => {
                let entries = items.into_iter().map(|item| (item.key, item.node.into_value()));
                Value::Table(entries.collect())
            }
        }
    }
}

/// What stands under `[nuthatch]` or `[tool.nuthatch]`.
pub(crate) fn nuthatch_toml(path: &Path, text: &str) -> Result<Vec<Item>, Wrong> {
    let mut heads = Vec::new();
    for item in parse(path, text)? {
        match (item.key.as_str(), item.node) {
            ("nuthatch", node) => {
                heads.push(Head { name: "[nuthatch]", origin: item.origin, node })
            }
            ("tool", Node::Table(tools)) => {
                let ours = tools.into_iter().filter(|tool| tool.key == "nuthatch");
                heads.extend(ours.map(|Item { origin, node, .. }| Head {
                    name: "[tool.nuthatch]",
                    origin,
                    node,
                }));
            }
            (key, _) => return Err(outside(key, &item.origin)),
        }
    }
    Ok(only(heads)?.unwrap_or_default())
}

/// What stands under `[package.metadata.nuthatch]` or `[workspace.metadata.nuthatch]`, if anything.
pub(crate) fn cargo_toml(path: &Path, text: &str) -> Result<Option<Vec<Item>>, Wrong> {
    // Most manifests say nothing of nuthatch, and need no parsing.
    if !(text.contains("metadata") && text.contains("nuthatch")) {
        return Ok(None);
    }
    let mut heads = Vec::new();
    for item in parse(path, text)? {
        let name = match item.key.as_str() {
            "package" => "[package.metadata.nuthatch]",
            "workspace" => "[workspace.metadata.nuthatch]",
            _ => continue,
        };
        let ours = child(item, "metadata").and_then(|metadata| child(metadata, "nuthatch"));
        heads.extend(ours.map(|Item { origin, node, .. }| Head { name, origin, node }));
    }
    only(heads)
}

/// A table that may hold the configuration.
struct Head {
    name: &'static str,
    origin: Origin,
    node: Node,
}

fn child(item: Item, key: &str) -> Option<Item> {
    let Node::Table(items) = item.node else { return None };
    items.into_iter().find(|item| item.key == key)
}

fn only(mut heads: Vec<Head>) -> Result<Option<Vec<Item>>, Wrong> {
    let Some(head) = heads.pop() else { return Ok(None) };
    if let Some(other) = heads.pop() {
        let message =
            format!("{} and {} both hold a configuration; keep one", other.name, head.name);
        return Err(Wrong::new(message, head.origin));
    }
    match head.node {
        Node::Table(items) => Ok(Some(items)),
        _ => Err(Wrong::new(format!("{} must be a table", head.name), head.origin)),
    }
}

fn outside(key: &str, origin: &Origin) -> Wrong {
    let known = super::reader::top_level_keys().any(|known| known == key);
    let message = match nearest(key, ["nuthatch", "tool"]) {
        _ if known => format!("`{key}` stands outside `[nuthatch]`; put it under that head"),
        Some(near) => {
            format!("unknown key `{key}`; the nearest known one is `{near}`, the head of the file")
        }
        None => format!("unknown key `{key}`"),
    };
    Wrong::new(message, origin)
}

fn parse(path: &Path, text: &str) -> Result<Vec<Item>, Wrong> {
    let lines = Lines::new(path, text);
    let document = DeTable::parse(text).map_err(|error| {
        // Not the error's own display, which quotes the line: it may hold a secret.
        let message = format!("this is not valid TOML ({}); correct the line", error.message());
        Wrong::new(message, lines.origin(error.span().map_or(0, |span| span.start)))
    })?;
    table(document.into_inner(), &lines)
}

/// Tells the line of an offset.
struct Lines {
    path: Arc<Path>,
    starts: Vec<usize>,
}

impl Lines {
    fn new(path: &Path, text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { path: path.into(), starts: breaks.map(|(at, _)| at + 1).collect() }
    }

    fn origin(&self, offset: usize) -> Origin {
        let line = self.starts.partition_point(|start| *start <= offset) + 1;
        Origin::File { path: self.path.clone(), line }
    }
}

fn table(table: DeTable<'_>, lines: &Lines) -> Result<Vec<Item>, Wrong> {
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries.into_iter().map(|(key, value)| item(key, value, lines)).collect()
}

fn item(
    key: Spanned<std::borrow::Cow<'_, str>>,
    value: Spanned<DeValue<'_>>,
    lines: &Lines,
) -> Result<Item, Wrong> {
    let origin = lines.origin(key.span().start);
    let key = key.into_inner().into_owned();
    let node = match value.into_inner() {
        DeValue::Table(inner) => Node::Table(table(inner, lines)?),
        other => {
            Node::Value(plain(other).map_err(|why| Wrong::new(format!("`{key}` {why}"), &origin))?)
        }
    };
    Ok(Item { key, origin, node })
}

fn plain(value: DeValue<'_>) -> Result<Value, &'static str> {
    Ok(match value {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(Value::Integer)
            .map_err(|_| "is an integer of more than 64 bits; write it as text")?,
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .map(Value::Float)
            .map_err(|_| "is no number; write it as text")?,
        DeValue::Boolean(flag) => Value::Boolean(flag),
        DeValue::Datetime(at) => Value::Datetime(at),
        DeValue::Array(items) => {
            let items = items.into_iter().map(|item| plain(item.into_inner()));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => {
            let mut entries = toml::Table::new();
            for (key, value) in table {
                entries.insert(key.into_inner().into_owned(), plain(value.into_inner())?);
            }
            Value::Table(entries)
        }
    })
}
