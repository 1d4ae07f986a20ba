//! The layer of `NUTHATCH_…` variables.

use std::ffi::{OsStr, OsString};

use super::document::Node;
use super::layer::{Layer, Said, put};
use super::nearest::{is_slip, nearest};
use super::origin::{Origin, Wrong};
use super::parameters::{
    ALLOW_INSTALLED, BACKENDS, GLOBALS, LOCATIONS, PLACE, PREFIX, Parameter, global, variable_form,
};
use super::reader;
use super::values::{Kind, flag};

/// What the variables say.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    pub(crate) layer: Layer,
    /// See [`ALLOW_INSTALLED`].
    pub(crate) allow_installed: bool,
}

/// Reads the variables. `others` are the layers whose mirrors and backends a variable may name.
pub(crate) fn environment<'a>(
    variables: &[(OsString, OsString)],
    others: impl IntoIterator<Item = &'a Layer>,
) -> Result<Environment, Wrong> {
    let ours = ours(variables)?;
    let mut names = Names::default();
    others.into_iter().for_each(|layer| names.learn(layer));
    for (name, _) in &ours {
        names.declare_mirror(name);
    }
    let mut environment = Environment::default();
    for (name, text) in ours {
        environment.set(name, text, &names)?;
    }
    Ok(environment)
}

impl Environment {
    fn set(&mut self, name: &str, text: &str, names: &Names) -> Result<(), Wrong> {
        let origin = Origin::Variable(name.to_owned());
        match names.meaning(name)? {
            Meaning::AllowInstalled => {
                let allow = flag(&Kind::Flag.value_of(text));
                self.allow_installed =
                    allow.map_err(|why| Wrong::new(format!("the variable {why}"), &origin))?;
            }
            Meaning::Global(parameter) => {
                let value = parameter.kind.value_of(text);
                self.layer.globals.set(parameter.name, &value, &origin)?;
            }
            Meaning::Place { location, backend, key } => {
                self.set_in(&location, backend.as_deref(), key, text, &origin)?;
            }
        }
        Ok(())
    }

    fn set_in(
        &mut self,
        location: &str,
        backend: Option<&str>,
        key: String,
        text: &str,
        origin: &Origin,
    ) -> Result<(), Wrong> {
        let shown: String = [Some(location), backend, Some(&key)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(".");
        let place = self.layer.location(location);
        place.named.get_or_insert_with(|| origin.clone());
        let (filesystem, options, own) = match backend {
            None => (&mut place.filesystem, &mut place.filesystem_options, None),
            Some(name) => {
                let backend = place.backends.entry(name.to_owned()).or_default();
                let own = Some(&mut backend.options);
                (&mut backend.filesystem, &mut backend.filesystem_options, own)
            }
        };
        match (PLACE.iter().find(|parameter| parameter.name == key), own) {
            (Some(Parameter { kind: Kind::Options, .. }), _) => {
                let node = Node::from_value(Kind::Options.value_of(text), origin);
                reader::options(options, &shown, node, origin)
            }
            (None, Some(own)) => {
                let said = Said::Value(Kind::Text.value_of(text));
                reader::backend_option(own, &shown, key, said, origin)
            }
            _ => {
                let node = Node::Value(Kind::Text.value_of(text));
                let value = reader::filesystem(&shown, node, origin, None)?;
                put(filesystem, &shown, value, origin)
            }
        }
    }
}

/// Our variables that are set, sorted by name: an environment has no order.
fn ours(variables: &[(OsString, OsString)]) -> Result<Vec<(&str, &str)>, Wrong> {
    let is_ours = |name: &OsStr| name.as_encoded_bytes().starts_with(PREFIX.as_bytes());
    let mut ours = Vec::new();
    for (name, value) in variables.iter().filter(|(name, _)| is_ours(name)) {
        let not_text = |what: &str| {
            let message =
                format!("{what} of the variable is not UTF-8; set it to text, or unset it");
            Wrong::new(message, name.to_string_lossy())
        };
        let name = name.to_str().ok_or_else(|| not_text("the name"))?;
        let value = value.to_str().ok_or_else(|| not_text("the value"))?;
        if !value.is_empty() {
            ours.push((name, value));
        }
    }
    ours.sort_unstable_by_key(|(name, _)| (name.len(), *name));
    Ok(ours)
}

/// What a variable sets.
enum Meaning {
    AllowInstalled,
    Global(&'static Parameter),
    Place { location: String, backend: Option<String>, key: String },
}

/// The locations and backends that a variable may name.
#[derive(Debug)]
struct Names {
    locations: Vec<String>,
    backends: Vec<String>,
}

impl Default for Names {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self { locations: owned(&LOCATIONS), backends: owned(&BACKENDS) }
    }
}

impl Names {
    fn learn(&mut self, layer: &Layer) {
        for (name, location) in layer.locations() {
            add(&mut self.locations, name);
            location.backends.keys().for_each(|backend| add(&mut self.backends, backend));
        }
    }

    /// `NUTHATCH_MIRROR_<NAME>_FILESYSTEM` is all that it takes to have a mirror.
    fn declare_mirror(&mut self, variable: &str) {
        if self.place(variable).is_ok_and(|place| place.is_some()) {
            return;
        }
        let name = variable.strip_prefix("NUTHATCH_MIRROR_");
        let name = name.and_then(|rest| rest.strip_suffix("_FILESYSTEM"));
        if let Some(name) = name.filter(|name| *name == variable_form(name) && !name.is_empty()) {
            let name = name.to_ascii_lowercase().replace('_', "-");
            add(&mut self.locations, &format!("mirror-{name}"));
        }
    }

    fn meaning(&self, variable: &str) -> Result<Meaning, Wrong> {
        if variable == ALLOW_INSTALLED {
            return Ok(Meaning::AllowInstalled);
        }
        let rest = variable.strip_prefix(PREFIX).unwrap_or(variable);
        if let Some(known) = GLOBALS.iter().find(|known| variable_form(known.name) == rest) {
            return Ok(Meaning::Global(known));
        }
        self.place(variable)?.ok_or_else(|| self.unknown(variable))
    }

    /// The longest location that the variable begins with, else the root.
    fn place(&self, variable: &str) -> Result<Option<Meaning>, Wrong> {
        let rest = variable.strip_prefix(PREFIX).unwrap_or(variable);
        for (location, rest) in split(&self.locations, rest, variable)? {
            if let Some(meaning) = self.in_location(location, rest, variable)? {
                return Ok(Some(meaning));
            }
        }
        self.in_location("root", rest, variable)
    }

    fn in_location(
        &self,
        location: &str,
        rest: &str,
        variable: &str,
    ) -> Result<Option<Meaning>, Wrong> {
        let place = |backend: Option<&str>, key: &str| {
            let (location, backend) = (location.to_owned(), backend.map(str::to_owned));
            Some(Meaning::Place { location, backend, key: key.to_owned() })
        };
        if let Some(key) = PLACE.iter().find(|known| variable_form(known.name) == rest) {
            return Ok(place(None, key.name));
        }
        let Some((backend, rest)) = split(&self.backends, rest, variable)?.into_iter().next()
        else {
            return Ok(None);
        };
        let key = rest.to_ascii_lowercase();
        let upper = *rest == *variable_form(rest) && !rest.is_empty();
        let slip = PLACE.iter().any(|known| is_slip(&key, known.name)) || global(&key).is_some();
        Ok(if upper && !slip { place(Some(backend), &key) } else { None })
    }

    fn unknown(&self, variable: &str) -> Wrong {
        let mut known: Vec<String> = vec![ALLOW_INSTALLED.to_owned()];
        known.extend(GLOBALS.iter().map(|known| format!("{PREFIX}{}", variable_form(known.name))));
        let holders = |names: &[String]| -> Vec<String> {
            let named = names.iter().map(|name| format!("{}_", variable_form(name)));
            std::iter::once(String::new()).chain(named).collect()
        };
        let backends = holders(&self.backends);
        for location in holders(&self.locations) {
            for backend in &backends {
                let key = |key: &Parameter| variable_form(key.name);
                known
                    .extend(PLACE.iter().map(|k| format!("{PREFIX}{location}{backend}{}", key(k))));
            }
        }
        let near = nearest(variable, known.iter().map(String::as_str)).unwrap_or_default();
        let message = format!(
            "no parameter has this variable; the nearest known one is `{near}` (a backend or \
             mirror of your own must be named in a nuthatch.toml before a variable can set it)"
        );
        Wrong::new(message, variable)
    }
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

/// The names that `text` begins with, and what follows; the longest first.
fn split<'a, 'b>(
    names: &'a [String],
    text: &'b str,
    variable: &str,
) -> Result<Vec<(&'a str, &'b str)>, Wrong> {
    let after = |name: &String| text.strip_prefix(&variable_form(name))?.strip_prefix('_');
    let mut found: Vec<(&str, &str)> =
        names.iter().filter_map(|name| Some((name.as_str(), after(name)?))).collect();
    found.sort_by_key(|(_, rest)| rest.len());
    for pair in found.windows(2) {
        if let [(one, rest), (other, same)] = pair
            && rest.len() == same.len()
        {
            let message = format!("the variable names both `{one}` and `{other}`; rename one");
            return Err(Wrong::new(message, variable));
        }
    }
    Ok(found)
}
