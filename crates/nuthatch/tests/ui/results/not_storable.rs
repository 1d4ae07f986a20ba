use nuthatch::prelude::*;

struct Summary {
    rain: f64,
}

#[cache]
fn summary(year: i64) -> nuthatch::Result<Summary> {
    Ok(Summary { rain: year as f64 })
}

#[cache]
async fn connection(host: &str) -> Option<std::net::TcpStream> {
    std::net::TcpStream::connect(host).ok()
}

fn main() {
    let _ = summary(2012).map(|summary| summary.rain);
    let _ = connection("localhost:80");
}
