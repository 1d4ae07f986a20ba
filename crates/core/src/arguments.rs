//! The arguments of one call, encoded: what the macro records, and the keys made from it.

use std::fmt;

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::function::{Function, Identity};
use crate::key::{self, CacheKey, Generic, Key, KeyEncoder, KeyError, KeyParts, Level};

/// The recorded arguments of one call in their canonical encoding, sorted by name, after the
/// function's generic parameters.
///
/// `#[cache]` writes the calls of these methods.
#[derive(Clone)]
pub struct Arguments {
    function: &'static Function,
    enclosing: fn() -> &'static str,
    encoder: KeyEncoder,
    /// Where each generic parameter and then each argument ends in the encoder's bytes.
    ends: SmallVec<[u32; 8]>,
    generics: SmallVec<[GenericParameter; 2]>,
    failed: Option<Box<(&'static str, KeyError)>>,
    /// The key bytes of the processors.
    processors: Option<Box<[Vec<u8>]>>,
}

/// A generic parameter's name, and its type's name where it is a type.
type GenericParameter = (&'static str, Option<&'static str>);

impl Arguments {
    /// No arguments yet. `enclosing` names the companion's type, or `Self` in an `impl`.
    #[inline]
    #[must_use]
    pub fn new(function: &'static Function, enclosing: fn() -> &'static str) -> Self {
        Self {
            function,
            enclosing,
            encoder: KeyEncoder::new(),
            ends: SmallVec::new(),
            generics: SmallVec::new(),
            failed: None,
            processors: None,
        }
    }

    /// Records the parameters of a method's `impl`, which stand nowhere else: without them, the
    /// method of `Grid<f32>` would read the results of that of `Grid<f64>`.
    pub fn impl_parameters(&mut self) {
        let enclosing = (self.enclosing)();
        if enclosing.contains('<') {
            self.named_type("Self", enclosing);
        }
    }

    /// Records a type parameter, by its type's name.
    pub fn type_parameter<T: ?Sized>(&mut self, name: &'static str) {
        self.named_type(name, std::any::type_name::<T>());
    }

    fn named_type(&mut self, name: &'static str, of_type: &'static str) {
        self.generics.push((name, Some(of_type)));
        self.record(|out| out.str(of_type));
    }

    /// Records a const parameter, by its value.
    pub fn const_parameter<T: CacheKey>(&mut self, name: &'static str, value: &T) {
        self.generics.push((name, None));
        self.record(|out| value.encode_key(out));
    }

    /// Records the next argument.
    #[inline]
    pub fn record(&mut self, encode: impl FnOnce(&mut KeyEncoder) -> Result<(), KeyError>) {
        if let Err(error) = encode(&mut self.encoder) {
            self.fail(error);
        }
        self.ends.push(u32::try_from(self.encoder.as_bytes().len()).unwrap_or(u32::MAX));
    }

    /// Records the processors, after all arguments.
    pub(crate) fn processed_by(&mut self, keys: Vec<Vec<u8>>) {
        for key in &keys {
            self.record(|out| out.bytes(key));
        }
        self.processors = Some(keys.into());
    }

    /// Whether the call has processors.
    pub(crate) fn is_processed(&self) -> bool {
        self.processors.is_some()
    }

    #[cold]
    fn fail(&mut self, error: KeyError) {
        let index = self.ends.len();
        let name = match self.generics.get(index) {
            Some((name, _)) => *name,
            None => {
                let arguments = self.function.definition().arguments;
                arguments.get(index - self.generics.len()).map_or("?", |argument| argument.name)
            }
        };
        self.failed.get_or_insert_with(|| Box::new((name, error)));
    }

    pub(crate) fn function(&self) -> &'static Function {
        self.function
    }

    pub(crate) fn identity(&self) -> Result<&'static Identity> {
        self.function.identity(self.enclosing)
    }

    /// The canonical bytes of everything recorded: what the memo is keyed by.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.encoder.as_bytes()
    }

    /// The argument that cannot be a key, and why.
    pub(crate) fn failed(&self) -> Option<(&'static str, &KeyError)> {
        self.failed.as_deref().map(|(name, error)| (*name, error))
    }

    /// The key of the entry on one level.
    pub(crate) fn key(&self, level: Level, namespace: Option<&str>) -> Result<Key> {
        let identity = self.identity()?;
        if let Some((argument, why)) = self.failed() {
            let message = format!("argument `{argument}` cannot be a key: {why}");
            return Err(Error::Usage { function: identity.to_string(), message });
        }
        let generics: SmallVec<[(&str, Generic<'_>); 4]> = self
            .generics()
            .map(|(name, of_type, value)| match of_type {
                Some(of_type) => (name, Generic::Type(of_type)),
                None => (name, Generic::Const(value)),
            })
            .collect();
        let arguments: SmallVec<[(&str, &[u8]); 8]> = self
            .values()
            .filter(|(_, in_key, _)| *in_key || level == Level::Processed)
            .map(|(name, _, value)| (name, value))
            .collect();
        let processors: SmallVec<[&[u8]; 2]> = match level {
            Level::Processed => self.processors.iter().flatten().map(Vec::as_slice).collect(),
            Level::Whole => SmallVec::new(),
        };
        let parts = KeyParts {
            identity: identity.path(),
            generics: &generics,
            namespace,
            version: self.function.definition().version,
            level,
            arguments: &arguments,
            processors: &processors,
        };
        Ok(parts.key())
    }

    /// Each argument's name and readable value: of one level, for manifests and paths.
    pub(crate) fn readable(&self, level: Level) -> Vec<(String, String)> {
        let readable = |(name, value): (&str, _)| (name.to_owned(), key::readable(value));
        self.readable_of(level).map(readable).collect()
    }

    /// The same as the names of objects have them: `year=2012,month=3`.
    pub(crate) fn readable_path(&self, level: Level) -> String {
        let mut path = String::new();
        for (name, value) in self.readable_of(level) {
            let comma = if path.is_empty() { "" } else { "," };
            path.extend([comma, name, "=", &key::readable(value)]);
        }
        path
    }

    /// The call as people write it: `daily(year = 2012)`.
    pub(crate) fn shown(&self) -> String {
        let name = self.function.definition().ident;
        let arguments: Vec<String> = self
            .values()
            .map(|(name, _, value)| format!("{name} = {}", key::readable(value)))
            .collect();
        format!("{name}({})", arguments.join(", "))
    }

    /// What is readable of one level, as it was encoded.
    fn readable_of(&self, level: Level) -> impl Iterator<Item = (&'static str, &[u8])> {
        let generics = self.generics().map(|(name, _, value)| (name, value));
        let values = self
            .values()
            .filter(move |(_, in_key, _)| *in_key || level == Level::Processed)
            .map(|(name, _, value)| (name, value));
        generics.chain(values)
    }

    fn generics(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>, &[u8])> {
        self.generics
            .iter()
            .zip(self.pieces())
            .map(|((name, of_type), value)| (*name, *of_type, value))
    }

    fn values(&self) -> impl Iterator<Item = (&'static str, bool, &[u8])> {
        let arguments = self.function.definition().arguments;
        let pieces = self.pieces().skip(self.generics.len());
        arguments
            .iter()
            .zip(pieces)
            .map(|(argument, value)| (argument.name, argument.in_key, value))
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let bytes = self.encoder.as_bytes();
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let piece = bytes.get(start..end as usize).unwrap_or_default();
            start = end as usize;
            piece
        })
    }
}

impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}
