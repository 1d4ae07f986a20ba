/// The sea surface temperature, smoothed over a window of months.
pub async fn smoothed(
    start_time: &str,
    end_time: &str,
    window: usize,
) -> nuthatch::Result<Dataset> {
    smoothed::call(start_time, end_time, window).local().await
}
#[doc(hidden)]
#[allow(dead_code, non_camel_case_types, missing_debug_implementations)]
pub struct smoothed {}
impl smoothed {
    pub async fn original(
        start_time: &str,
        end_time: &str,
        window: usize,
    ) -> nuthatch::Result<Dataset> {
        rolling_mean(&sst().await?, "time", window)
    }
}
#[allow(dead_code, clippy::all, clippy::pedantic)]
impl smoothed {
    pub fn call<'call>(
        start_time: &'call str,
        end_time: &'call str,
        window: usize,
    ) -> ::nuthatch::__private::Call<
        'call,
        nuthatch::Result<Dataset>,
        impl ::core::future::Future<Output = nuthatch::Result<Dataset>>,
        impl ::nuthatch::__private::Returns<
            nuthatch::Result<Dataset>,
            Body = nuthatch::Result<Dataset>,
        >,
    > {
        static FUNCTION: ::nuthatch::__private::Function = ::nuthatch::__private::Function::new(::nuthatch::__private::Definition {
            package: ::core::env!("CARGO_PKG_NAME"),
            package_version: ::core::env!("CARGO_PKG_VERSION"),
            manifest_dir: ::core::env!("CARGO_MANIFEST_DIR"),
            module: ::core::module_path!(),
            ident: "smoothed",
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            fingerprint: "a783e5cb925ac115c0c2c716aa81143f",
            arguments: &[
                ::nuthatch::__private::Argument {
                    name: "end_time",
                    in_key: false,
                },
                ::nuthatch::__private::Argument {
                    name: "start_time",
                    in_key: false,
                },
                ::nuthatch::__private::Argument {
                    name: "window",
                    in_key: true,
                },
            ],
            version: ::core::option::Option::Some("0.1.0"),
            ..::nuthatch::__private::Definition::DEFAULT
        });
        let mut arguments = ::nuthatch::__private::Arguments::new(
            &FUNCTION,
            ::core::any::type_name::<Self>,
        );
        ::nuthatch::__private::argument!(arguments, end_time);
        ::nuthatch::__private::argument!(arguments, start_time);
        ::nuthatch::__private::argument!(arguments, window);
        ::nuthatch::__private::Call::new(
            arguments,
            ::nuthatch::__private::returns!(
                nuthatch::Result < Dataset >, array, default
            ),
            Self::original(start_time, end_time, window),
        )
    }
    pub fn key<'call>(
        start_time: &'call str,
        end_time: &'call str,
        window: usize,
    ) -> ::nuthatch::__private::KeyResult {
        Self::call(start_time, end_time, window).key()
    }
    pub fn entry<'call>(
        start_time: &'call str,
        end_time: &'call str,
        window: usize,
    ) -> ::nuthatch::__private::Query<
        'call,
        ::core::option::Option<::nuthatch::__private::Manifest>,
    > {
        Self::call(start_time, end_time, window).entry()
    }
    pub fn uri<'call>(
        start_time: &'call str,
        end_time: &'call str,
        window: usize,
    ) -> ::nuthatch::__private::Query<
        'call,
        ::core::option::Option<::std::string::String>,
    > {
        Self::call(start_time, end_time, window).uri()
    }
    pub fn forget<'call>(
        start_time: &'call str,
        end_time: &'call str,
        window: usize,
    ) -> ::nuthatch::__private::Query<'call, bool> {
        Self::call(start_time, end_time, window).forget()
    }
}
