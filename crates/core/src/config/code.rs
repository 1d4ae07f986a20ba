//! What code sets, kept apart by the crate that says it.

use toml::Value;

use super::asked::ConfigParameter;
use super::document::{Item, Node};
use super::embedded::{Brought, Embedded, outdated};
use super::layer::Layer;
use super::origin::{Origin, Wrong};
use super::reader;
use super::scope::{Scope, Standing};
use crate::error::Result;

/// What code has set, the strongest layer, and what was compiled in.
///
/// A dependency's parameters are kept for that crate's own functions, and set nothing of the
/// program's.
#[derive(Debug, Clone, Default)]
pub struct Code {
    pub(crate) crates: Vec<CrateLayer>,
    /// How often parameters were set.
    pub(crate) revision: u64,
}

/// What one crate says.
#[derive(Debug, Clone)]
pub(crate) struct CrateLayer {
    pub(crate) scope: Scope,
    pub(crate) standing: Standing,
    /// What its code has set.
    pub(crate) layer: Layer,
    /// What its functions give when it is needed; weaker than what its code has set.
    pub(crate) asked: Vec<&'static ConfigParameter>,
    /// What it was compiled with.
    pub(crate) brought: Option<Brought>,
    /// What is to be said of that.
    pub(crate) notes: Vec<String>,
    described: bool,
}

impl CrateLayer {
    /// All that its code says.
    pub(crate) fn said(&self) -> Result<Layer, Wrong> {
        let mut said = Layer::default();
        for (at, parameter) in self.asked.iter().enumerate() {
            let place = |of: &ConfigParameter| (of.location, of.backend, of.name);
            if let Some(other) = self.asked[..at].iter().find(|o| place(o) == place(parameter)) {
                let why = format!("is given by `{}()` too; keep one of the two", other.function);
                return Err(parameter.wrong(why));
            }
            said = parameter.layer()?.combine(said);
        }
        Ok(self.layer.clone().combine(said))
    }
}

impl Code {
    /// Nothing set.
    #[must_use]
    pub const fn new() -> Self {
        Self { crates: Vec::new(), revision: 0 }
    }

    /// Sets the parameter of that dotted name: `filesystem`, `local.filesystem`,
    /// `root.zarr.filesystem`. A table sets all that it holds. What is set last counts.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) where no parameter has that name, or where it takes
    /// something else; nothing is set then.
    pub fn set(&mut self, scope: Scope, name: &str, value: Value) -> Result<()> {
        Ok(self.add(scope, &[(name, value)])?)
    }

    pub(crate) fn add(&mut self, scope: Scope, values: &[(&str, Value)]) -> Result<(), Wrong> {
        let Scope { package, file, line, .. } = scope;
        let origin = Origin::Code { package, file, line };
        let mut all = Layer::default();
        for (name, value) in values {
            let item = item(name, value.clone(), &origin);
            all = reader::layer(vec![item], None)?.combine(all);
        }
        let known = self.of(scope);
        known.layer = all.combine(std::mem::take(&mut known.layer));
        self.revision += 1;
        Ok(())
    }

    /// Makes known a function that gives an option of its crate's locations.
    pub(crate) fn declare(&mut self, parameter: &'static ConfigParameter) {
        let known = self.of(parameter.scope);
        if !known.asked.contains(&parameter) {
            known.asked.push(parameter);
        }
    }

    /// Makes known a crate that has cached functions, with the configuration it was compiled with.
    /// Whether this may change the settings.
    pub fn describe(&mut self, scope: Scope, embedded: Option<Embedded>) -> bool {
        let known = self.crates.iter().position(|known| known.scope.is_same_crate(&scope));
        let before = known.map(|known| self.crates[known].standing.is_own());
        let known = self.of(scope);
        let is_own = known.standing.is_own();
        let moved = before.is_some_and(|before| before != is_own);
        // One of its targets may have been compiled without it.
        if known.described && (known.brought.is_some() || embedded.is_none()) {
            return moved;
        }
        known.described = true;
        known.brought = embedded.as_ref().map(Brought::new);
        known.notes = outdated(&scope, embedded.as_ref()).into_iter().collect();
        let unpackaged = embedded.and_then(|embedded| embedded.unpackaged).filter(|_| is_own);
        known.notes.extend(unpackaged.map(|why| format!("{}: {why}", scope.package)));
        moved || known.brought.is_some() || !known.notes.is_empty()
    }

    /// What is known of a crate, made where nothing is yet.
    fn of(&mut self, scope: Scope) -> &mut CrateLayer {
        let known = self.crates.iter().position(|known| known.scope.is_same_crate(&scope));
        let known = known.unwrap_or_else(|| {
            self.crates.push(CrateLayer {
                scope,
                standing: scope.standing(),
                layer: Layer::default(),
                asked: Vec::new(),
                brought: None,
                notes: Vec::new(),
                described: false,
            });
            self.crates.len() - 1
        });
        let known = &mut self.crates[known];
        known.standing = known.standing.max(scope.standing());
        known
    }
}

/// `root.zarr.filesystem = value` as the tree that a file would hold.
fn item(name: &str, value: Value, origin: &Origin) -> Item {
    let item = |key: &str, node| Item { key: key.to_owned(), origin: origin.clone(), node };
    // No parameter is deeper, and the tree is walked by recursion.
    let mut keys: Vec<&str> = name.splitn(8, '.').collect();
    let last = keys.pop().unwrap_or_default();
    let inner = item(last, Node::from_value(value, origin));
    keys.into_iter().rev().fold(inner, |inner, key| item(key, Node::Table(vec![inner])))
}
