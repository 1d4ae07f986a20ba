//! The first thing that a newcomer runs: computed once, then recalled, from a home folder that
//! has never seen nuthatch.

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
    Ok(())
}

fn quickstart(context: &Context, home: &Path) -> Result<Told> {
    let printed = context.cargo(["run", "--example", "quickstart"]).home(home).output()?;
    print!("{printed}");
    Ok(count(&printed))
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
}
