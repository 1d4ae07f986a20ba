//! What is shown in place of a secret.

use std::fmt;
use std::ops::Deref;

use toml::Value;
use zeroize::Zeroize;

use super::asked::ConfigParameter;

/// What stands for a secret wherever settings are shown.
pub(crate) const MASK: &str = "***";

/// The words by which the name of an option looks like that of a secret. `#[cache]` compiles in no
/// file with one of them (`check.rs` of the macros, whose tests compare the two lists).
const WORDS: [&str; 8] = [
    "key",
    "secret",
    "token",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "connection_string",
];

/// Whether an option of this name holds, by the look of it or by what a function says, a secret.
pub(crate) fn looks_secret(name: &str) -> bool {
    if ConfigParameter::all().any(|parameter| parameter.hides(name)) {
        return true;
    }
    let name = name.to_ascii_lowercase().replace('-', "_");
    WORDS.iter().any(|word| name.contains(word))
}

/// The value of the option `name` as TOML, without the secrets in it.
pub(crate) fn shown_option(name: &str, value: &Value) -> String {
    masked(name, value).to_string()
}

/// `value` as TOML text, without the credentials of a URL.
pub(crate) fn shown_text(value: &str) -> String {
    Value::String(masked_url(value)).to_string()
}

/// A URL without the user and password before its host, and without its query, which may be
/// signed. `abfs://container@account` names no user.
pub(crate) fn masked_url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, _)| (rest, "?***"));
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = match host.rsplit_once('@') {
        Some((_, host)) if !scheme.starts_with("abfs") => format!("{MASK}@{host}"),
        _ => host.to_owned(),
    };
    format!("{scheme}://{host}{path}{query}")
}

/// Overwrites all text of a value with zeros.
pub(super) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| wipe(value)),
        Value::Integer(number) => number.zeroize(),
        Value::Float(number) => number.zeroize(),
        Value::Boolean(flag) => flag.zeroize(),
        Value::Datetime(_) => {}
    }
}

/// Options with secrets among them, wiped when they are dropped.
#[derive(Clone, PartialEq)]
pub(crate) struct Wiped(pub(crate) toml::Table);

impl Deref for Wiped {
    type Target = toml::Table;

    fn deref(&self) -> &toml::Table {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|(_, value)| wipe(value));
    }
}

impl fmt::Debug for Wiped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Masked(&self.0).fmt(f)
    }
}

/// `Debug` of a table of options without the secrets in it.
pub(crate) struct Masked<'a>(pub(crate) &'a toml::Table);

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(name, value)| (name, masked(name, value))))
            .finish()
    }
}

fn masked(name: &str, value: &Value) -> Value {
    match value {
        _ if looks_secret(name) => Value::String(MASK.to_owned()),
        Value::String(text) => Value::String(masked_url(text)),
        Value::Array(items) => Value::Array(items.iter().map(|item| masked(name, item)).collect()),
        Value::Table(table) => {
            let entries = table.iter().map(|(name, value)| (name.clone(), masked(name, value)));
            Value::Table(entries.collect())
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_text_and_numbers_of_a_value_are_wiped() {
        let text = "password = 'hunter2'\npin = 1234\n[deep]\nlist = ['a', { token = 'b', on = true, x = 1.5 }]";
        let mut table: toml::Table = toml::from_str(text).unwrap();
        table.iter_mut().for_each(|(_, value)| wipe(value));
        // Text is zeros over all that was allocated for it, and then empty.
        let wiped =
            "password = ''\npin = 0\n[deep]\nlist = ['', { token = '', on = false, x = 0.0 }]";
        assert_eq!(table, toml::from_str(wiped).unwrap());
    }
}
