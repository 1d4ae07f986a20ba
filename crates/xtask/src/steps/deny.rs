//! Licences, sources and bans of all dependencies; advisories where their database can be had.

use std::env;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::context::Context;
use crate::tools;

/// Set it to fetch the database of advisories and check against it.
const FETCH: &str = "NUTHATCH_DENY_ADVISORIES";

pub(super) fn run(context: &Context) -> Result {
    tools::ensure(context, tools::DENY)?;
    check(context, &[], &["bans", "licenses", "sources"])?;
    if env::var_os(FETCH).is_some_and(|value| !value.is_empty()) {
        return check(context, &[], &["advisories"]);
    }
    match databases() {
        Some(folder) if holds_something(&folder) => {
            println!("advisories: checked against the database in {}", folder.display());
            check(context, &["--offline"], &["advisories"])
        }
        _ => {
            println!(
                "advisories: NOT checked, there is no database on this machine; \
                 {FETCH}=1 fetches it, which needs its host in reach"
            );
            Ok(())
        }
    }
}

fn check(context: &Context, options: &[&str], what: &[&str]) -> Result {
    let check = ["check", "--hide-inclusion-graph"];
    let arguments = ["deny"].iter().chain(options).chain(&check).chain(what);
    context.cargo(arguments).run()
}

/// Where cargo-deny keeps the databases that it has fetched.
fn databases() -> Option<PathBuf> {
    let set = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = set.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))?;
    Some(home.join("advisory-dbs"))
}

/// A fetch that failed leaves folders behind, without a file in any of them.
fn holds_something(databases: &Path) -> bool {
    let Ok(found) = databases.read_dir() else { return false };
    found.flatten().any(|database| database.path().join("crates").is_dir())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn only_a_database_with_advisories_counts() {
        let folder = Scratch::new().unwrap();
        assert!(!holds_something(&folder.path().join("absent")));
        assert!(!holds_something(folder.path()));
        fs::create_dir(folder.path().join("db-1")).unwrap();
        assert!(!holds_something(folder.path()));
        fs::create_dir(folder.path().join("db-1/crates")).unwrap();
        assert!(holds_something(folder.path()));
    }
}
