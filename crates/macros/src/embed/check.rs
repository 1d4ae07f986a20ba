//! What may not be compiled in.

use std::path::Path;

use toml::de::{DeTable, DeValue};

/// The words by which the name of an option looks like that of a secret. The settings are masked by
/// the same (`secrets.rs` of core); a test compares the two.
pub(crate) const WORDS: [&str; 8] = [
    "key",
    "secret",
    "token",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "connection_string",
];

/// Refuses a file that is no TOML, or holds what looks like a secret: whoever has the program would
/// have that too.
pub(crate) fn check(path: &Path, text: &str) -> Result<(), String> {
    let line = |offset: usize| {
        let before = text.as_bytes().iter().take(offset);
        format!("{}:{}", path.display(), before.filter(|byte| **byte == b'\n').count() + 1)
    };
    // Not the error's own display, which quotes the line.
    let document = DeTable::parse(text).map_err(|error| {
        let at = line(error.span().map_or(0, |span| span.start));
        format!("{at} is not valid TOML ({}); correct the line", error.message())
    })?;
    let is_manifest = path.file_name().is_some_and(|name| name == "Cargo.toml");
    let heads: &[&[&str]] = match is_manifest {
        true => &[&["package", "metadata", "nuthatch"], &["workspace", "metadata", "nuthatch"]],
        false => &[&["nuthatch"], &["tool", "nuthatch"]],
    };
    for head in heads {
        let inner = head.iter().try_fold(document.get_ref(), |table, key| {
            let (_, value) = table.iter().find(|(known, _)| known.get_ref() == key)?;
            value.get_ref().as_table()
        });
        if let Some((name, offset)) = inner.and_then(secret) {
            return Err(format!(
                "{} holds `{name}`, which looks like a secret, and `#[cache]` compiles this file \
                 into the program, for everybody to read; give it by a `NUTHATCH_…` variable, in \
                 ~/.nuthatch.toml, or by `#[config_parameter(…, secret)]`",
                line(offset)
            ));
        }
    }
    Ok(())
}

/// The first key, with dots, that looks like a secret, and where it stands.
fn secret(table: &DeTable<'_>) -> Option<(String, usize)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries.into_iter().find_map(|(key, value)| {
        let (name, offset) = (key.get_ref(), key.span().start);
        match value.get_ref() {
            DeValue::Table(inner) => {
                secret(inner).map(|(inner, offset)| (format!("{name}.{inner}"), offset))
            }
            DeValue::String(text) if names_password(text) => Some((name.to_string(), offset)),
            _ => looks_secret(name).then(|| (name.to_string(), offset)),
        }
    })
}

fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    WORDS.iter().any(|word| name.contains(word))
}

/// `scheme://user:password@host`, or a signed URL.
fn names_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let signed = rest.split_once('?').is_some_and(|(_, query)| {
        query.split('&').any(|pair| {
            let name = pair.split_once('=').map_or(pair, |(name, _)| name);
            looks_secret(name)
                || ["sig", "signature"].contains(&name)
                || name.to_ascii_lowercase().ends_with("-signature")
        })
    });
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let user = host.rsplit_once('@').map(|(user, _)| user);
    signed || user.is_some_and(|user| user.contains(':'))
}
