//! The first thing that a newcomer runs: computed once, then recalled, from a home folder that
//! has never seen nuthatch; and the tour after it, which counts by itself what it computes.

use std::fs;
use std::path::Path;

use crate::Result;
use crate::context::Context;
use crate::scratch::Scratch;

/// The cached functions of the example, nested in each other.
const FUNCTIONS: usize = 3;

pub(super) fn run(context: &Context) -> Result {
    let home = Scratch::new()?;
    let first = quickstart(context, home.path())?;
    if first.computed != FUNCTIONS {
        return Err(format!("the first run should compute {FUNCTIONS}: {first:?}").into());
    }
    let second = quickstart(context, home.path())?;
    if second != (Told { computed: 0, recalled: FUNCTIONS }) {
        return Err(format!("the second run should recall {FUNCTIONS}: {second:?}").into());
    }
    context.cargo(["run", "--example", "tour"]).home(home.path()).run()
}

fn quickstart(context: &Context, home: &Path) -> Result<Told> {
    let printed = context.cargo(["run", "--example", "quickstart"]).home(home).output()?;
    print!("{printed}");
    must_show_an_entry(&printed, home)?;
    Ok(count(&printed))
}

/// The path that is printed is that of a manifest below the home folder, for `cat` to show.
fn must_show_an_entry(printed: &str, home: &Path) -> Result {
    let path = entry(printed).ok_or("no line says which file to `cat`")?;
    let manifest =
        fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let is_local = Path::new(path).starts_with(home.join(".nuthatch/caches"));
    match is_local && manifest.contains("quickstart::wettest") {
        true => Ok(()),
        false => {
            Err(format!("{path} should be an entry of `wettest` below {}", home.display()).into())
        }
    }
}

/// What stands between the quotes of `cat '…'`.
fn entry(printed: &str) -> Option<&str> {
    printed.split_once("cat '")?.1.split_once('\'').map(|(path, _)| path)
}

/// How many lines said what happened to a function.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    computed: usize,
    recalled: usize,
}

fn count(printed: &str) -> Told {
    let lines_with = |wanted| printed.lines().filter(|line| has_word(line, wanted)).count();
    Told { computed: lines_with("computed"), recalled: lines_with("recalled") }
}

fn has_word(line: &str, wanted: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric()).any(|word| word == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_by_whole_words() {
        let printed = "\
daily     computed in 3.1 ms
monthly   computed in 1 ms, recalled daily
wettest: recalled from local
recomputed nothing; uncomputed
";
        assert_eq!(count(printed), Told { computed: 2, recalled: 2 });
        assert_eq!(count(""), Told { computed: 0, recalled: 0 });
    }

    #[test]
    fn an_entry_is_shown_that_is_there_and_of_the_function() {
        let home = Scratch::new().unwrap();
        let caches = home.path().join(".nuthatch/caches");
        fs::create_dir_all(&caches).unwrap();
        let shown = |path: &Path| format!("# What is stored\n  cat '{}'\n", path.display());
        let (inside, outside) = (caches.join("a.json"), home.path().join("a.json"));
        assert!(must_show_an_entry(&shown(&inside), home.path()).is_err(), "it is not there");
        for path in [&inside, &outside] {
            fs::write(path, "{\"function\":\"examples::quickstart::wettest\"}").unwrap();
        }
        assert!(must_show_an_entry(&shown(&inside), home.path()).is_ok());
        assert!(must_show_an_entry(&shown(&outside), home.path()).is_err());
        assert!(must_show_an_entry("# nothing\n", home.path()).is_err());
        fs::write(&inside, "{}").unwrap();
        assert!(must_show_an_entry(&shown(&inside), home.path()).is_err(), "it is another file");
    }
}
