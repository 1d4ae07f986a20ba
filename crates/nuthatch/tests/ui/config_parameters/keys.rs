use nuthatch::config_parameter;

#[config_parameter("password", backends = "sql")]
fn misspelt() -> &'static str {
    "a value"
}

#[config_parameter("password", backend = "sql", secret = true)]
fn with_a_value() -> &'static str {
    "a value"
}

#[config_parameter("password", backend = sql)]
fn without_quotes() -> &'static str {
    "a value"
}

#[config_parameter("password", backend = "sql", location = "root", location = "local")]
fn twice() -> &'static str {
    "a value"
}

#[config_parameter("password", backend = "s q l", location = "roof")]
fn two_mistakes() -> &'static str {
    "a value"
}

fn main() {}
