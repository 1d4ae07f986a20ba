use nuthatch::CacheKey;

#[derive(CacheKey)]
#[cache_key(bound = "")]
struct Query<T> {
    station: T,
}

fn main() {}
