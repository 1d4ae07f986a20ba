//! The example of a backend of one's own does what it says.

#[path = "../../examples/ipc.rs"]
mod ipc;

#[test]
fn the_example_passes_the_suite_of_all_backends() {
    ipc::main().unwrap();
}
