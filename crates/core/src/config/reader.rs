//! From a tree of keys to a layer: every key is known, of the right type, and said once.

use std::path::Path;
use std::sync::Arc;

use toml::Value;

use super::document::{Item, Node};
use super::layer::{BackendLayer, Filesystem, Layer, LocationLayer, Options, Said, put};
use super::nearest::{is_slip, nearest};
use super::origin::{Origin, Tracked, Wrong};
use super::parameters::{BACKENDS, GLOBALS, LOCATIONS, PLACE, global};
use super::values::{Kind, expected};

/// Reads what stands under the head of a file, or one line of code.
///
/// `base` is what relative paths are relative to; the working directory where it is `None`.
pub(crate) fn layer(items: Vec<Item>, base: Option<&Arc<Path>>) -> Result<Layer, Wrong> {
    let mut reader = Reader { base, layer: Layer::default() };
    for item in items {
        reader.top(item)?;
    }
    Ok(reader.layer)
}

/// What may stand right under the head.
pub(crate) fn top_level_keys() -> impl Iterator<Item = &'static str> {
    let globals = GLOBALS.iter().map(|parameter| parameter.name);
    globals.chain(location_keys()).chain(LOCATIONS)
}

/// Whether this is the name of a location.
pub(crate) fn is_location(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mirror = name.strip_prefix("mirror-");
    LOCATIONS.contains(&name)
        || mirror.is_some_and(|name| !name.is_empty() && name.chars().all(legal))
}

fn location_keys() -> impl Iterator<Item = &'static str> {
    PLACE.iter().map(|parameter| parameter.name).chain(BACKENDS)
}

struct Reader<'a> {
    base: Option<&'a Arc<Path>>,
    layer: Layer,
}

impl Reader<'_> {
    fn top(&mut self, item: Item) -> Result<(), Wrong> {
        let Item { key, origin, node } = item;
        if global(&key).is_some() {
            self.layer.globals.set(&key, &node.into_value(), &origin)?;
            return Ok(());
        }
        if is_location(&key) {
            let Node::Table(items) = node else {
                let why = format!("`{key}` is a location; give it a table with a `filesystem`");
                return Err(Wrong::new(why, origin));
            };
            let base = self.base;
            let location = self.layer.location(&key);
            location.named.get_or_insert_with(|| origin.clone());
            return items.into_iter().try_for_each(|item| in_location(location, &key, item, base));
        }
        if location_keys().any(|known| known == key) {
            let root = self.layer.location("root");
            root.named.get_or_insert_with(|| origin.clone());
            return in_location(root, "root", Item { key, origin, node }, self.base);
        }
        Err(unknown_at_top(&key, &node, &origin))
    }
}

fn in_location(
    location: &mut LocationLayer,
    name: &str,
    item: Item,
    base: Option<&Arc<Path>>,
) -> Result<(), Wrong> {
    let Item { key, origin, node } = item;
    let shown = format!("{name}.{key}");
    match (key.as_str(), node) {
        ("filesystem", node) => {
            put(&mut location.filesystem, &shown, filesystem(&shown, node, &origin, base)?, &origin)
        }
        ("filesystem_options", node) => {
            options(&mut location.filesystem_options, &shown, node, &origin)
        }
        (key, Node::Table(items)) => {
            if is_location(key) || is_slip(key, "filesystem_options") {
                return Err(unknown(&shown, key, location_keys(), &origin));
            }
            let backend = location.backends.entry(key.to_owned()).or_default();
            items.into_iter().try_for_each(|item| in_backend(backend, &shown, item, base))
        }
        (key, _) if BACKENDS.contains(&key) => {
            let why = format!("`{shown}` is a backend; give it a table: [nuthatch.{shown}]");
            Err(Wrong::new(why, origin))
        }
        (key, _) if global(key).is_some() => {
            let why = format!("`{key}` belongs to no location; put it right under [nuthatch]");
            Err(Wrong::new(why, origin))
        }
        (key, _) => Err(unknown(&shown, key, location_keys(), &origin)),
    }
}

fn in_backend(
    backend: &mut BackendLayer,
    place: &str,
    item: Item,
    base: Option<&Arc<Path>>,
) -> Result<(), Wrong> {
    let Item { key, origin, node } = item;
    let shown = format!("{place}.{key}");
    match key.as_str() {
        "filesystem" => {
            put(&mut backend.filesystem, &shown, filesystem(&shown, node, &origin, base)?, &origin)
        }
        "filesystem_options" => options(&mut backend.filesystem_options, &shown, node, &origin),
        _ => {
            let said = match node {
                Node::Asked(parameter) => Said::Asked(parameter),
                node => Said::Value(node.into_value()),
            };
            backend_option(&mut backend.options, &shown, key, said, &origin)
        }
    }
}

/// Puts an option of a backend's own, whose names core does not know, unless it is a slip of one
/// that core does.
pub(crate) fn backend_option(
    options: &mut Options,
    shown: &str,
    key: String,
    value: Said,
    origin: &Origin,
) -> Result<(), Wrong> {
    if let Some(meant) = PLACE.iter().find(|parameter| is_slip(&key, parameter.name)) {
        return Err(unknown(shown, &key, [meant.name], origin));
    }
    insert(options, shown, key, value, origin)
}

/// Reads the text of a `filesystem`.
pub(crate) fn filesystem(
    shown: &str,
    node: Node,
    origin: &Origin,
    base: Option<&Arc<Path>>,
) -> Result<Filesystem, Wrong> {
    match node.into_value() {
        Value::String(text) if !text.trim().is_empty() => {
            Ok(Filesystem { text, base: base.cloned() })
        }
        Value::String(_) => {
            Err(Wrong::new(format!("`{shown}` is empty; give it a URL or a path"), origin))
        }
        other => Err(Wrong::new(format!("`{shown}` {}", expected(Kind::Text, &other)), origin)),
    }
}

/// Reads a table of options; what a store's builder takes is text, numbers and booleans.
pub(crate) fn options(
    options: &mut Options,
    shown: &str,
    node: Node,
    origin: &Origin,
) -> Result<(), Wrong> {
    let items = match node {
        Node::Table(items) => items,
        Node::Asked(parameter) => {
            return insert(options, shown, String::new(), Said::Asked(parameter), origin);
        }
        // Without the value: it may be a secret.
        Node::Value(_) => {
            let why = format!("`{shown}` must be a table: {shown} = {{ region = \"eu-west-1\" }}");
            return Err(Wrong::new(why, origin));
        }
    };
    for Item { key, origin, node } in items {
        let shown = format!("{shown}.{key}");
        let value = match node {
            Node::Value(value) if !value.is_array() => Said::Value(value),
            Node::Asked(parameter) => Said::Asked(parameter),
            _ => {
                let why = format!("`{shown}` must be text, a number, true or false");
                return Err(Wrong::new(why, origin));
            }
        };
        insert(options, &shown, key, value, &origin)?;
    }
    Ok(())
}

fn insert(
    options: &mut Options,
    shown: &str,
    key: String,
    value: Said,
    origin: &Origin,
) -> Result<(), Wrong> {
    let mut place = options.0.remove(&key);
    put(&mut place, shown, value, origin)?;
    options.0.extend(place.map(|option: Tracked<Said>| (key, option)));
    Ok(())
}

fn unknown_at_top(key: &str, node: &Node, origin: &Origin) -> Wrong {
    let wrong = unknown(key, key, top_level_keys().chain(BACKENDS), origin);
    let more = match node {
        _ if key.starts_with("mirror") => {
            "; mirrors are named `mirror` or `mirror-NAME`".to_owned()
        }
        Node::Table(_) => {
            format!("; a backend of your own stands in a location, as [nuthatch.root.{key}]")
        }
        _ => String::new(),
    };
    Wrong { message: wrong.message + &more, ..wrong }
}

fn unknown(
    shown: &str,
    key: &str,
    candidates: impl IntoIterator<Item = &'static str>,
    origin: &Origin,
) -> Wrong {
    let near = nearest(key, candidates).map(|near| format!("; the nearest known one is `{near}`"));
    Wrong::new(format!("unknown key `{shown}`{}", near.unwrap_or_default()), origin)
}
