//! A password that a function gives opens a real database, and is written and told nowhere in a whole
//! run: not in a file, an event of any level, an error, a setting or a table.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow::array::{Int64Array, RecordBatch};
use nuthatch::prelude::*;
use nuthatch::{Secret, config_parameter};

use crate::database::Database;
use crate::told::Told;

const SECRET: &str = "hunter2-of-the-vault";

static ASKED: AtomicU32 = AtomicU32::new(0);
static RUNS: AtomicU32 = AtomicU32::new(0);

/// Of the local location, which no other test here has in a database.
#[config_parameter("password", location = "local", backend = "sql", secret)]
async fn password() -> Result<Secret<String>, std::io::Error> {
    ASKED.fetch_add(1, Ordering::SeqCst);
    Ok(Secret::new(SECRET.to_owned()))
}

#[cache(backend = "sql")]
fn asked(n: i64) -> nuthatch::Result<RecordBatch> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let column = Arc::new(Int64Array::from(vec![n])) as _;
    Ok(RecordBatch::try_from_iter([("n", column)]).unwrap())
}

fn call(n: i64, mode: CacheMode) -> RecordBatch {
    let batch = asked::call(n).cache_mode(mode).run().unwrap();
    assert_eq!(batch.num_rows(), 1);
    batch
}

/// A person of the database's own, whose password the vault holds, and the local location in it.
fn person(database: &Database) -> String {
    let name = format!("vault_{}", std::process::id());
    database.sql(&format!("CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'"));
    database.sql(&format!("GRANT CREATE, USAGE ON SCHEMA public TO {name}"));
    let url = database.url();
    let (_, host) = url.rsplit_once('@').unwrap();
    let folder = database.folder.path().join("local");
    nuthatch::set_parameter!("local.filesystem", folder.to_str().unwrap()).unwrap();
    nuthatch::set_parameter!("local.sql.url", format!("postgresql://{name}@{host}")).unwrap();
    name
}

#[test]
fn a_password_that_a_function_gives_opens_postgres_and_is_told_nowhere() {
    let database = Database::postgres();
    let name = person(&database);
    let told = Told::listen();
    let _ = nuthatch::config().unwrap().to_string();
    assert_eq!(ASKED.load(Ordering::SeqCst), 0, "nothing has needed it yet");

    let (computed, recalled) = (call(1, CacheMode::Local), call(1, CacheMode::Offline));
    assert_eq!(computed, recalled);
    call(1, CacheMode::LocalOverwrite);
    let again = asked::call(1).recompute(true).cache_mode(CacheMode::LocalOverwrite).run();
    again.unwrap();
    call(2, CacheMode::Local);
    let counts = (RUNS.load(Ordering::SeqCst), ASKED.load(Ordering::SeqCst));
    assert_eq!(counts, (3, 1), "two computed, one of them twice; asked for once");
    let owned =
        database.sql(&format!("SELECT count(*) FROM pg_tables WHERE tableowner = '{name}'"));
    assert_ne!(owned, ["0"], "the person with that password has made the tables");

    // The database changes its mind: whatever it says of it is said without the password.
    database.sql(&format!("ALTER ROLE {name} PASSWORD 'another'"));
    let terminate = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{name}'"
    );
    database.sql(&terminate);
    nuthatch::set_parameter!("local.sql.max_connections", "3").unwrap();
    let closed = asked::call(1).cache_mode(CacheMode::LocalApi).run();
    let closed = closed.expect_err("the password is another one now");
    call(3, CacheMode::Local);

    let settings = nuthatch::config().unwrap();
    assert!(settings.to_string().contains("local.sql.password = ***"), "{settings}");
    let events = told.all();
    assert!(events.contains("password authentication failed"), "{events}");
    let rows = database.sql("SELECT string_agg(t::text, ' ') FROM pg_tables t");
    let everything = [
        ("events", events),
        ("files", database.files()),
        ("error", format!("{closed} {closed:?}")),
        ("settings", format!("{settings} {settings:?}")),
        ("tables", format!("{rows:?}")),
    ];
    for (what, text) in everything {
        assert!(!text.contains(SECRET), "{what}: {text}");
    }
    database.sql(&format!("DROP OWNED BY {name} CASCADE"));
    database.sql(&format!("DROP ROLE {name}"));
}
