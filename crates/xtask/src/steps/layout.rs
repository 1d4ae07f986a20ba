//! What no compiler sees: a target file that is not listed (it never runs), a command in the
//! papers that does not exist, a decision that its index leaves out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::arguments;
use crate::context::Context;
use crate::metadata::{self, Package};

/// The members that list their targets.
const LISTING: [&str; 3] = ["nuthatch-examples", "nuthatch-tests", "nuthatch-benches"];

const QUICKSTART: &str = "cargo run --example quickstart";
const TEST: &str = "cargo xtask test";

/// Which commands stand where, as they are typed.
const COMMANDS: [(&str, &[&str]); 3] = [
    ("README.md", &[QUICKSTART, TEST]),
    ("CONTRIBUTING.md", &[QUICKSTART, TEST]),
    (".ci/run", &[TEST]),
];

pub(super) fn run(context: &Context) -> Result {
    let root = &context.places.root;
    let packages = metadata::read(context, "Cargo.toml")?;
    let mut mistakes = Vec::new();
    for name in LISTING {
        mistakes.extend(unlisted(metadata::find(&packages, name)?)?);
    }
    for (paper, commands) in COMMANDS {
        mistakes.extend(check_paper(paper, &read(&root.join(paper))?, commands));
    }
    mistakes.extend(unindexed(&root.join("docs/decisions"))?);
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes.join("\n  ").into()) }
}

/// The files that look like a target, or like a module of one, and are not.
fn unlisted(package: &Package) -> Result<Vec<String>> {
    let listed: BTreeSet<&Path> =
        package.targets.iter().map(|target| target.source.as_path()).collect();
    let mut mistakes = Vec::new();
    for path in target_files(&package.folder)? {
        if !listed.contains(path.as_path()) {
            mistakes.push(format!("{} is not listed in its Cargo.toml", path.display()));
        } else if path.ends_with("main.rs") {
            mistakes.extend(undeclared(&path)?);
        }
    }
    Ok(mistakes)
}

/// `name.rs` and `name/main.rs` beside the Cargo.toml; not the package's own library, and not
/// what belongs to another package in a folder below.
fn target_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in entries(folder)? {
        let main = path.join("main.rs");
        if is_source(&path) {
            files.push(path);
        } else if main.is_file() && !path.ends_with("src") && !path.join("Cargo.toml").exists() {
            files.push(main);
        }
    }
    Ok(files)
}

/// The modules beside a `main.rs` that it does not declare: their tests would never run.
fn undeclared(main: &Path) -> Result<Vec<String>> {
    let text = read(main)?;
    let folder = main.parent().unwrap_or(main);
    let modules = entries(folder)?
        .into_iter()
        .filter(|path| (is_source(path) && path != main) || path.join("mod.rs").is_file());
    let undeclared = modules.filter(|path| !declares(&text, path));
    Ok(undeclared.map(|path| format!("{} is no module of main.rs", path.display())).collect())
}

fn declares(text: &str, module: &Path) -> bool {
    let name = module.file_stem().unwrap_or_default().to_string_lossy();
    text.lines().any(|line| {
        let line = line.trim();
        line.strip_suffix(';').and_then(|line| line.rsplit_once("mod ")).is_some_and(
            |(before, declared)| {
                declared == name && (before.is_empty() || before.starts_with("pub"))
            },
        )
    })
}

/// Each of `commands` stands in the paper, and each `cargo xtask …` in it exists.
fn check_paper(paper: &str, text: &str, commands: &[&str]) -> Vec<String> {
    let absent = commands.iter().filter(|command| !text.contains(*command));
    let mut mistakes: Vec<_> =
        absent.map(|command| format!("{paper} does not name `{command}`")).collect();
    for words in xtask_commands(text) {
        if let Err(error) = arguments::parse(words.iter().map(|word| (*word).to_owned())) {
            mistakes.push(format!("{paper}: `cargo xtask {}`: {error}", words.join(" ")));
        }
    }
    mistakes
}

/// The words after each `cargo xtask`, up to the end of the code that it stands in.
fn xtask_commands(text: &str) -> Vec<Vec<&str>> {
    let uses = text.split("cargo xtask ").skip(1);
    let code = uses.map(|rest| rest.split(['`', '\n', '#', '"', '<', '|']).next().unwrap_or(rest));
    code.map(|code| code.split_whitespace().collect()).collect()
}

/// The pages in the folder that its README does not link to.
fn unindexed(folder: &Path) -> Result<Vec<String>> {
    let index = read(&folder.join("README.md"))?;
    let pages = entries(folder)?.into_iter().filter(|page| {
        let name = page.file_name().unwrap_or_default().to_string_lossy();
        name != "README.md" && !index.contains(&format!("({name})"))
    });
    Ok(pages.map(|page| format!("{} is not in the index", page.display())).collect())
}

fn is_source(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|extension| extension == "rs")
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut paths: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String> {
    Ok(fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?)
}

#[cfg(test)]
mod tests;
