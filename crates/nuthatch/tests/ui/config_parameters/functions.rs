use nuthatch::config_parameter;

#[config_parameter("password", backend = "sql")]
fn with_an_argument(user: &str) -> String {
    user.to_owned()
}

#[config_parameter("password", backend = "sql")]
fn generic<T: Default + ToString>() -> String {
    T::default().to_string()
}

#[config_parameter("password", backend = "sql")]
unsafe fn unsound() -> String {
    String::new()
}

#[config_parameter("password", backend = "sql")]
async fn without_a_value() {}

#[config_parameter("password", backend = "sql")]
struct Password;

fn main() {}
