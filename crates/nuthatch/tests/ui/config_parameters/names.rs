use nuthatch::config_parameter;

#[config_parameter]
fn without_a_name() -> &'static str {
    "a value"
}

#[config_parameter(password, backend = "sql")]
fn without_quotes() -> &'static str {
    "a value"
}

#[config_parameter("password", secret)]
fn of_no_backend() -> &'static str {
    "a value"
}

#[config_parameter("memo_size")]
fn of_no_location() -> &'static str {
    "2 GB"
}

#[config_parameter("filesystem", backend = "zarr")]
fn no_option() -> &'static str {
    "s3://lake"
}

#[config_parameter("root.sql.password")]
fn in_one_name() -> &'static str {
    "a value"
}

fn main() {}
