//! What the owner of the lake runs: computes what the crate's functions give, and stores it.

fn main() -> nuthatch::Result<()> {
    let months = weather_lib::monthly()?;
    let entry = weather_lib::monthly::entry().run()?;
    println!("{} months, in the lake: {}", months.len(), entry.is_some());
    Ok(())
}
