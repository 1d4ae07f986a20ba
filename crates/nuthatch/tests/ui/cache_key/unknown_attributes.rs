use nuthatch::CacheKey;

#[derive(CacheKey)]
#[cache_key(skip)]
#[cache_key(name = "query")]
struct Query {
    #[cache_key(ignore)]
    station: u32,
    #[cache_key(crate = nuthatch)]
    limit: usize,
}

#[derive(CacheKey)]
enum Shape {
    #[cache_key(skip)]
    Point,
    Circle(#[cache_key(rename = "radius")] f64),
}

fn main() {}
