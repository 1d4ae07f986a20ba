use nuthatch::CacheKey;
use serde::Serialize;

#[derive(CacheKey, Serialize)]
struct Query {
    station: u32,
    #[serde(skip)]
    limit: usize,
    #[serde(default, skip_serializing)]
    unit: String,
}

fn main() {}
