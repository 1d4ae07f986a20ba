use nuthatch::CacheKey;

struct Pool;

#[derive(CacheKey)]
struct Query {
    station: u32,
    pool: Pool,
}

#[derive(CacheKey)]
enum Started {
    At(std::time::Instant),
}

fn main() {}
