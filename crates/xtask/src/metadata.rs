//! What cargo knows of packages, their features and their targets.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Result;
use crate::context::Context;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// The folder of its Cargo.toml.
    pub(crate) folder: PathBuf,
    /// The features that it declares, `default` among them.
    pub(crate) features: Vec<String>,
    pub(crate) targets: Vec<Target>,
    /// The packages of the same workspace that it cannot do without.
    pub(crate) needs: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) name: String,
    /// `lib`, `bin`, `example`, `test`, `bench`, …
    pub(crate) kinds: Vec<String>,
    pub(crate) source: PathBuf,
}

/// The members of the workspace of this Cargo.toml, which is given relative to the root.
pub(crate) fn read(context: &Context, manifest: &str) -> Result<Vec<Package>> {
    let arguments = ["metadata", "--no-deps", "--format-version", "1", "--manifest-path"];
    parse(&context.cargo(arguments.into_iter().chain([manifest])).output()?)
}

/// The member of this name.
pub(crate) fn find<'a>(packages: &'a [Package], name: &str) -> Result<&'a Package> {
    let found = packages.iter().find(|package| package.name == name);
    Ok(found.ok_or_else(|| format!("the workspace has no package `{name}`"))?)
}

fn parse(json: &str) -> Result<Vec<Package>> {
    let metadata: Value = serde_json::from_str(json)?;
    list(&metadata, "packages")?.iter().map(parse_package).collect()
}

fn parse_package(package: &Value) -> Result<Package> {
    let manifest = text(package, "manifest_path")?;
    let folder = Path::new(manifest).parent().ok_or("a manifest without a folder")?;
    let features = package["features"].as_object().ok_or_else(|| missing("features"))?;
    let needed = list(package, "dependencies")?.iter().filter(|dependency| {
        dependency["path"].is_string()
            && dependency["kind"].is_null()
            && dependency["optional"] == Value::Bool(false)
    });
    Ok(Package {
        name: text(package, "name")?.to_owned(),
        folder: folder.to_owned(),
        features: features.keys().cloned().collect(),
        targets: list(package, "targets")?.iter().map(parse_target).collect::<Result<_>>()?,
        needs: needed
            .map(|dependency| Ok(text(dependency, "name")?.to_owned()))
            .collect::<Result<_>>()?,
    })
}

fn parse_target(target: &Value) -> Result<Target> {
    let kinds = list(target, "kind")?.iter().filter_map(Value::as_str);
    Ok(Target {
        name: text(target, "name")?.to_owned(),
        kinds: kinds.map(str::to_owned).collect(),
        source: text(target, "src_path")?.into(),
    })
}

fn list<'a>(value: &'a Value, name: &str) -> Result<&'a [Value]> {
    Ok(value[name].as_array().ok_or_else(|| missing(name))?)
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    Ok(value[name].as_str().ok_or_else(|| missing(name))?)
}

fn missing(name: &str) -> String {
    format!("cargo's metadata has no `{name}` where it is expected")
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{ "packages": [ {
        "name": "nuthatch",
        "manifest_path": "/p/crates/nuthatch/Cargo.toml",
        "features": { "default": ["macros"], "macros": ["dep:nuthatch-macros"] },
        "dependencies": [
            { "name": "nuthatch-core", "path": "/p/crates/core", "kind": null, "optional": false },
            { "name": "nuthatch-macros", "path": "/p/crates/macros", "kind": null, "optional": true },
            { "name": "nuthatch-help", "path": "/p/crates/help", "kind": "dev", "optional": false },
            { "name": "serde", "kind": null, "optional": false }
        ],
        "targets": [ { "name": "nuthatch", "kind": ["lib"], "src_path": "/p/crates/nuthatch/src/lib.rs" } ]
    } ] }"#;

    #[test]
    fn packages_are_read_with_features_targets_and_needs() {
        let packages = parse(METADATA).unwrap();
        let nuthatch = find(&packages, "nuthatch").unwrap();
        assert_eq!(nuthatch.folder, Path::new("/p/crates/nuthatch"));
        assert_eq!(nuthatch.features, ["default", "macros"]);
        assert_eq!(nuthatch.needs, ["nuthatch-core"]);
        assert_eq!(nuthatch.targets[0].kinds, ["lib"]);
        assert_eq!(nuthatch.targets[0].source, Path::new("/p/crates/nuthatch/src/lib.rs"));
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(find(&[], "nuthatch").unwrap_err().to_string().contains("`nuthatch`"));
        assert!(parse("{}").unwrap_err().to_string().contains("`packages`"));
        let lost = METADATA.replace("src_path", "elsewhere");
        assert!(parse(&lost).unwrap_err().to_string().contains("`src_path`"));
        assert!(parse("not json").is_err());
    }
}
