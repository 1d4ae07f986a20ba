//! The suite that every backend runs.

use nuthatch_core::backend::conformance::Suite;

use super::*;

#[test]
fn the_backend_behaves_as_every_backend_does() {
    let all = weather(40);
    let (stored, new) = (all.slice(0, 30), all.slice(20, 20));
    let suite = Suite::new(&Delta, |one: &RecordBatch, other| one == other)
        .value(weather(0))
        .value(weather(1000))
        .upsert(&["number"], stored, new, all);
    block_on(suite.run());
}

#[test]
fn so_it_does_with_several_files_of_several_batches() {
    let options = "row_group_rows = 90\npart_bytes = 2000".parse().expect("it is TOML");
    let batches = vec![weather(100), weather(0), weather(7), weather(200)];
    let suite = Suite::new(&Delta, |one: &Vec<RecordBatch>, other| one == other).value(batches);
    block_on(suite.options(options).run());
}

#[test]
fn so_it_does_with_partitions() {
    let options = "partition_by = ['station']".parse().expect("it is TOML");
    let suite = Suite::new(&Delta, |one: &RecordBatch, other| sorted(one) == sorted(other));
    block_on(suite.value(weather(50)).options(options).run());
}
