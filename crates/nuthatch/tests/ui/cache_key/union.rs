use nuthatch::CacheKey;

#[derive(CacheKey)]
union Bits {
    float: f32,
    integer: u32,
}

fn main() {}
