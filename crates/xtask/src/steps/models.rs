//! The models in `models/`: single flight under a model checker.

use crate::Result;
use crate::context::Context;

const MANIFEST: &str = "models/Cargo.toml";

pub(super) fn run(context: &Context) -> Result {
    if !context.places.root.join(MANIFEST).is_file() {
        return Err(format!("{MANIFEST} is missing: there is no model to check").into());
    }
    context.cargo(["test", "--locked", "--manifest-path", MANIFEST]).run()
}
