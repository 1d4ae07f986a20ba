use nuthatch::config_parameter;

struct Password(String);

#[config_parameter("password", backend = "sql", secret)]
fn of_its_own() -> Password {
    Password(String::new())
}

#[config_parameter("password", backend = "sql", location = "local", secret)]
async fn perhaps_none() -> Option<String> {
    None
}

fn main() {
    let _ = Password(String::new()).0;
}
