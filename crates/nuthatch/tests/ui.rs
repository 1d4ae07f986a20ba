//! Every mistake in `#[cache]` is told at the word that caused it, with the fix: one folder for each
//! kind of mistake. `TRYBUILD=overwrite` writes the messages anew.

#[test]
fn mistakes_are_told_where_they_are_made() {
    trybuild::TestCases::new().compile_fail("tests/ui/*/*.rs");
}
