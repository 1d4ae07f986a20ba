//! The suite that every backend runs.

use super::*;
use crate::backend::conformance::Suite;

#[test]
fn the_backend_behaves_as_every_backend_does() {
    let suite = Suite::new(&Basic, |one: &Vec<(String, f64)>, other| one == other)
        .value(Vec::new())
        .value(vec![("Bergen".to_owned(), 12.5), ("Ås".to_owned(), -0.0)])
        .value((0..20_000).map(|n| (n.to_string(), f64::from(n))).collect());
    crate::runtime::block_on(suite.run());
}
