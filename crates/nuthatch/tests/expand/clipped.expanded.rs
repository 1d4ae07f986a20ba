/// The sea surface temperature, clipped to what is asked for.
async fn clipped(
    start_time: &str,
    end_time: &str,
    step: u64,
) -> nuthatch::Result<Dataset> {
    clipped::call(start_time, end_time, step).local().await
}
#[doc(hidden)]
#[allow(dead_code, non_camel_case_types, missing_debug_implementations)]
struct clipped {}
impl clipped {
    async fn original(
        start_time: &str,
        end_time: &str,
        step: u64,
    ) -> nuthatch::Result<Dataset> {
        let _ = &step;
        let _ = &start_time;
        let _ = &end_time;
        { sst().await }
    }
}
#[allow(dead_code, clippy::all, clippy::pedantic)]
impl clipped {
    fn call<'call>(
        start_time: &'call str,
        end_time: &'call str,
        step: u64,
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
            ident: "clipped",
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            fingerprint: "d409208b04eb92c06832346403bd08fd",
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
                    name: "step",
                    in_key: false,
                },
            ],
            ..::nuthatch::__private::Definition::DEFAULT
        });
        let mut arguments = ::nuthatch::__private::Arguments::new(
            &FUNCTION,
            ::core::any::type_name::<Self>,
        );
        ::nuthatch::__private::argument!(arguments, end_time);
        ::nuthatch::__private::argument!(arguments, start_time);
        ::nuthatch::__private::argument!(arguments, step);
        ::nuthatch::__private::Call::new(
            arguments,
            ::nuthatch::__private::Processed::new(
                ::nuthatch::__private::holding_errors(
                    ::nuthatch::__private::returns!(
                        nuthatch::Result < Dataset >, array, default
                    ),
                ),
                (|| -> ::core::result::Result<
                    ::nuthatch::__private::Processors<_>,
                    ::nuthatch::__private::Error,
                > {
                    ::core::result::Result::Ok(
                        ::nuthatch::__private::Processors::new()
                            .with({
                                let step = &step;
                                Every::nth(*step)
                            })
                            .with(
                                ::nuthatch::__private::Timeseries::new(
                                    &["time", "date"],
                                    &start_time,
                                    &end_time,
                                    ::core::option::Option::Some(30u32),
                                )?,
                            ),
                    )
                })(),
            ),
            Self::original(start_time, end_time, step),
        )
    }
    fn key<'call>(
        start_time: &'call str,
        end_time: &'call str,
        step: u64,
    ) -> ::nuthatch::__private::KeyResult {
        Self::call(start_time, end_time, step).key()
    }
    fn entry<'call>(
        start_time: &'call str,
        end_time: &'call str,
        step: u64,
    ) -> ::nuthatch::__private::Query<
        'call,
        ::core::option::Option<::nuthatch::__private::Manifest>,
    > {
        Self::call(start_time, end_time, step).entry()
    }
    fn uri<'call>(
        start_time: &'call str,
        end_time: &'call str,
        step: u64,
    ) -> ::nuthatch::__private::Query<
        'call,
        ::core::option::Option<::std::string::String>,
    > {
        Self::call(start_time, end_time, step).uri()
    }
    fn forget<'call>(
        start_time: &'call str,
        end_time: &'call str,
        step: u64,
    ) -> ::nuthatch::__private::Query<'call, bool> {
        Self::call(start_time, end_time, step).forget()
    }
}
