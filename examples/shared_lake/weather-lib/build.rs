//! With a build script, even one that says nothing, Cargo has an eye on every file of the package:
//! the crate is built anew when its `nuthatch.toml` appears.

fn main() {}
