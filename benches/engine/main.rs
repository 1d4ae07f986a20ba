//! The engine's speed: memory, small values and large ones, each beside a bare library or a peer
//! in the same run. `cargo bench --bench engine` prints the tables; words after `--` choose some.

mod configured;
mod large;
mod memo;
mod small;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result {
    // The lake lies below the target folder, on a disk; `/tmp` may be memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let lake = folder.path().join("lake");
    nuthatch::set_parameter!("filesystem", lake.to_str().ok_or("a path that is no text")?)?;

    let chosen: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let runs = |name: &str| chosen.is_empty() || chosen.iter().any(|word| word == name);
    if runs("memo") {
        print!("{}", memo::run());
    }
    if runs("configured") {
        print!("{}", configured::run(folder.path())?);
    }
    if runs("small") {
        for entries in [10, 1_000, 100_000] {
            print!("{}", small::run(folder.path(), entries)?);
        }
    }
    if runs("large") {
        print!("{}", large::run(folder.path())?);
    }
    Ok(())
}
