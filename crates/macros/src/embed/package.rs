//! Whether the package of a crate would hold its configuration.

use std::path::Path;

use super::find::{table, text};

/// Why whoever depends on the published crate would not have its configuration.
pub(crate) fn unpackaged(package: &Path, file: &Path) -> Option<String> {
    let manifest = text(&package.join("Cargo.toml")).ok()??;
    let manifest = table(&manifest)?;
    let package_table = manifest.get("package")?;
    if package_table.get("publish").and_then(toml::Value::as_bool) == Some(false) {
        return None;
    }
    let shown = file.display();
    if file.parent() != Some(package) {
        return Some(format!(
            "{shown} is no part of the packaged crate, so whoever depends on the published crate \
             will not find its lake; give the package a nuthatch.toml of its own, or \
             [package.metadata.nuthatch]"
        ));
    }
    if file.file_name().is_some_and(|name| name == "Cargo.toml") {
        let own = package_table.get("metadata").and_then(|metadata| metadata.get("nuthatch"));
        return own.is_none().then(|| {
            format!(
                "[workspace.metadata.nuthatch] in {shown} is left out of the packaged crate, so \
                 whoever depends on the published crate will not find its lake; move it to \
                 [package.metadata.nuthatch]"
            )
        });
    }
    let patterns = |key: &str| -> Option<Vec<String>> {
        let patterns = package_table.get(key)?.as_array()?;
        Some(patterns.iter().filter_map(|p| p.as_str().map(str::to_owned)).collect())
    };
    let matched = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern));
    let (key, remedy) = match (patterns("include"), patterns("exclude")) {
        (Some(include), _) if !include.is_empty() => {
            (!matched(&include)).then_some(("include", "add it there"))
        }
        (_, Some(exclude)) => matched(&exclude).then_some(("exclude", "take it out of there")),
        _ => None,
    }?;
    Some(format!(
        "`{key}` in Cargo.toml leaves {shown} out of the packaged crate, so whoever depends on the \
         published crate will not find its lake; {remedy}"
    ))
}

/// Whether a pattern of Cargo's `include` names the file `nuthatch.toml` of the package's folder.
fn matches(pattern: &str) -> bool {
    let pattern = pattern.strip_prefix("./").or(pattern.strip_prefix('/')).unwrap_or(pattern);
    let pattern = pattern.strip_prefix("**/").unwrap_or(pattern);
    glob(pattern.as_bytes(), b"nuthatch.toml")
}

/// `*` is any text within a folder's name, `?` one character.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            glob(rest, text) || text.split_first().is_some_and(|(_, text)| glob(pattern, text))
        }
        (Some((b'?', rest)), Some((_, text))) => glob(rest, text),
        (Some((one, rest)), Some((other, text))) => one == other && glob(rest, text),
        _ => false,
    }
}
