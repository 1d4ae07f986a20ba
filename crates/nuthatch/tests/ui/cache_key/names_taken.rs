use nuthatch::CacheKey;

#[derive(CacheKey)]
struct Query {
    station: u32,
    #[cache_key(rename = "station")]
    limit: usize,
}

#[derive(CacheKey)]
enum Shape {
    Point,
    #[cache_key(rename = "Point")]
    Circle(f64),
}

fn main() {}
