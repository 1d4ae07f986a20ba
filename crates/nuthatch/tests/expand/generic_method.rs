impl<'a, T: CacheKey> Table<'a, T> {
    /// The rows of a kind, for each region.
    #[cache(
        in_impl,
        name = "Table::rows",
        skip(self, progress),
        cache_disable_if = regions.is_empty(),
        backend_options(chunk = 3, codec = "zstd", exact = true, levels = [0.5, -1])
    )]
    #[must_use]
    #[tracing::instrument]
    fn rows<const N: usize>(
        &self,
        mut regions: Vec<&str>,
        kind: &impl CacheKey,
        progress: &mut Progress,
    ) -> Vec<[f64; N]> {
        regions.sort_unstable();
        self.read(&regions, kind, progress)
    }
}
