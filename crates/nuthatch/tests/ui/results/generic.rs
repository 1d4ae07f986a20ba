use nuthatch::prelude::*;

#[cache]
fn read<T: Default + Send + Sync + 'static>(path: &str) -> T {
    let _ = path;
    T::default()
}

fn main() {
    let _: i64 = read("a");
}
