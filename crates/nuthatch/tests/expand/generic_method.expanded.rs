impl<'a, T: CacheKey> Table<'a, T> {
    /// The rows of a kind, for each region.
    #[must_use]
    fn rows<const N: usize>(
        &self,
        regions: Vec<&str>,
        kind: &impl CacheKey,
        progress: &mut Progress,
    ) -> Vec<[f64; N]> {
        Self::rows_call::<N, _>(self, regions, kind, progress).run()
    }
    #[doc(hidden)]
    #[allow(dead_code, non_upper_case_globals)]
    pub(self) const rows_cannot_be_cached_in_a_trait__cache_a_free_function_and_call_it: () = ();
    #[doc(hidden)]
    #[tracing::instrument]
    fn rows_original<const N: usize>(
        &self,
        mut regions: Vec<&str>,
        kind: &impl CacheKey,
        progress: &mut Progress,
    ) -> Vec<[f64; N]> {
        regions.sort_unstable();
        self.read(&regions, kind, progress)
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::all, clippy::pedantic)]
    fn rows_call<'call, 'call_1: 'call, const N: usize, Impl1: CacheKey + 'call>(
        &'call self,
        regions: Vec<&'call_1 str>,
        kind: &'call Impl1,
        progress: &'call mut Progress,
    ) -> ::nuthatch::__private::Call<
        'call,
        Vec<[f64; N]>,
        impl ::core::future::Future<Output = Vec<[f64; N]>>,
        impl ::nuthatch::__private::Returns<Vec<[f64; N]>, Body = Vec<[f64; N]>>,
    >
    where
        Self: 'call,
    {
        static FUNCTION: ::nuthatch::__private::Function = ::nuthatch::__private::Function::new(::nuthatch::__private::Definition {
            package: ::core::env!("CARGO_PKG_NAME"),
            package_version: ::core::env!("CARGO_PKG_VERSION"),
            manifest_dir: ::core::env!("CARGO_MANIFEST_DIR"),
            module: ::core::module_path!(),
            ident: "rows",
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            fingerprint: "c3cd982b8197db443141071061c87748",
            arguments: &[
                ::nuthatch::__private::Argument {
                    name: "kind",
                    in_key: true,
                },
                ::nuthatch::__private::Argument {
                    name: "regions",
                    in_key: true,
                },
            ],
            name: ::core::option::Option::Some("Table::rows"),
            in_impl: true,
            sync: true,
            backend_options: &[
                ("chunk", ::nuthatch::__private::OptionValue::Integer(3)),
                ("codec", ::nuthatch::__private::OptionValue::Str("zstd")),
                ("exact", ::nuthatch::__private::OptionValue::Bool(true)),
                (
                    "levels",
                    ::nuthatch::__private::OptionValue::List(
                        &[
                            ::nuthatch::__private::OptionValue::Float(0.5),
                            ::nuthatch::__private::OptionValue::Integer(-1),
                        ],
                    ),
                ),
            ],
            ..::nuthatch::__private::Definition::DEFAULT
        });
        let mut arguments = ::nuthatch::__private::Arguments::new(
            &FUNCTION,
            ::core::any::type_name::<Self>,
        );
        arguments.impl_parameters();
        arguments.const_parameter("N", &N);
        arguments.type_parameter::<Impl1>("impl kind");
        ::nuthatch::__private::argument!(arguments, kind);
        ::nuthatch::__private::argument!(arguments, regions);
        let disabled: bool = {
            let regions = &regions;
            regions.is_empty()
        };
        ::nuthatch::__private::Call::new(
                arguments,
                ::nuthatch::__private::returns!(Vec < [f64; N] >),
                async move { Self::rows_original::<N>(self, regions, kind, progress) },
            )
            .cache_disabled_if(disabled)
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::all, clippy::pedantic)]
    fn rows_key<'call, 'call_1: 'call, const N: usize, Impl1: CacheKey + 'call>(
        &'call self,
        regions: Vec<&'call_1 str>,
        kind: &'call Impl1,
        progress: &'call mut Progress,
    ) -> ::nuthatch::__private::KeyResult
    where
        Self: 'call,
    {
        Self::rows_call::<N, Impl1>(self, regions, kind, progress).key()
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::all, clippy::pedantic)]
    fn rows_entry<'call, 'call_1: 'call, const N: usize, Impl1: CacheKey + 'call>(
        &'call self,
        regions: Vec<&'call_1 str>,
        kind: &'call Impl1,
        progress: &'call mut Progress,
    ) -> ::nuthatch::__private::Query<
        'call,
        ::core::option::Option<::nuthatch::__private::Manifest>,
    >
    where
        Self: 'call,
    {
        Self::rows_call::<N, Impl1>(self, regions, kind, progress).entry()
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::all, clippy::pedantic)]
    fn rows_uri<'call, 'call_1: 'call, const N: usize, Impl1: CacheKey + 'call>(
        &'call self,
        regions: Vec<&'call_1 str>,
        kind: &'call Impl1,
        progress: &'call mut Progress,
    ) -> ::nuthatch::__private::Query<
        'call,
        ::core::option::Option<::std::string::String>,
    >
    where
        Self: 'call,
    {
        Self::rows_call::<N, Impl1>(self, regions, kind, progress).uri()
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::all, clippy::pedantic)]
    fn rows_forget<'call, 'call_1: 'call, const N: usize, Impl1: CacheKey + 'call>(
        &'call self,
        regions: Vec<&'call_1 str>,
        kind: &'call Impl1,
        progress: &'call mut Progress,
    ) -> ::nuthatch::__private::Query<'call, bool>
    where
        Self: 'call,
    {
        Self::rows_call::<N, Impl1>(self, regions, kind, progress).forget()
    }
}
