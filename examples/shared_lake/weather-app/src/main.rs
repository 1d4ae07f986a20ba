//! A program without any configuration, which depends on a crate that has one.

use nuthatch::prelude::*;

/// The wettest month of an average year: this program's own function, in its own locations.
#[cache]
fn wettest() -> nuthatch::Result<u32> {
    let months = weather_lib::monthly()?;
    let wettest = months.iter().max_by(|a, b| a.rain.total_cmp(&b.rain));
    Ok(wettest.map_or(0, |month| month.number))
}

fn main() -> nuthatch::Result<()> {
    // nuthatch tells what it does through tracing.
    tracing_subscriber::fmt().without_time().with_target(false).with_ansi(false).init();
    for _ in 0..2 {
        println!("{} months", weather_lib::monthly()?.len());
    }
    println!("wettest: {}", wettest()?);
    if std::env::args().any(|word| word == "--config") {
        println!("{}", nuthatch::config::current()?);
    }
    Ok(())
}
