//! The features of the face: each alone, none, the default ones, and all together. Features only
//! add, so that these stand for the combinations between them. The tests of compile errors run here:
//! what the compiler says depends on what else is there, and all other steps have all features on.

use crate::Result;
use crate::context::Context;
use crate::metadata::{self, Package};
use crate::scratch::Scratch;

const FACE: &str = "nuthatch";
/// The features that the tests of compile errors are about; those of the others need none of them.
const TOLD: [&[&str]; 2] = [&[], &["--features", "parquet"]];

pub(super) fn run(context: &Context) -> Result {
    let packages = metadata::read(context, "Cargo.toml")?;
    let face = metadata::find(&packages, FACE)?;
    for choice in choices(&face.features) {
        let arguments = ["clippy"].into_iter().chain(selection(face));
        let arguments = arguments.chain(choice.iter().map(String::as_str));
        context.cargo(arguments.chain(["--", "-D", "warnings"])).run()?;
    }
    let home = Scratch::new()?;
    for features in TOLD {
        let told = ["test", "-p", &face.name, "--test", "ui"];
        let told = told.into_iter().chain(features.iter().copied());
        context.cargo(told).home(home.path()).run()?;
    }
    Ok(())
}

/// The face, and those below it that are always built: their warnings are seen as well.
fn selection(face: &Package) -> impl Iterator<Item = &str> {
    let needed = face.needs.iter().flat_map(|name| ["-p", name]);
    ["--lib", "-p", &face.name].into_iter().chain(needed)
}

fn choices(features: &[String]) -> Vec<Vec<String>> {
    let none = "--no-default-features".to_owned();
    let named = features.iter().filter(|feature| *feature != "default");
    let alone = named
        .map(|feature| vec![none.clone(), "--features".to_owned(), format!("{FACE}/{feature}")]);
    let mut choices = vec![vec![none.clone()], Vec::new()];
    choices.extend(alone);
    choices.push(vec!["--all-features".to_owned()]);
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_default_each_alone_and_all_are_chosen() {
        let features = ["chrono", "default", "macros"].map(str::to_owned);
        let choices: Vec<_> = choices(&features).iter().map(|words| words.join(" ")).collect();
        let expected = [
            "--no-default-features",
            "",
            "--no-default-features --features nuthatch/chrono",
            "--no-default-features --features nuthatch/macros",
            "--all-features",
        ];
        assert_eq!(choices, expected);
    }

    #[test]
    fn what_the_face_always_needs_is_selected_with_it() {
        let face = Package {
            name: "nuthatch".to_owned(),
            folder: "/p".into(),
            features: Vec::new(),
            targets: Vec::new(),
            needs: vec!["nuthatch-core".to_owned()],
        };
        let words: Vec<_> = selection(&face).collect();
        assert_eq!(words.join(" "), "--lib -p nuthatch -p nuthatch-core");
    }
}
