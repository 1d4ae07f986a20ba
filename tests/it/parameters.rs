//! `#[config_parameter]`: asked for once, when needed, and told nowhere.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use nuthatch::backend::{Backend, Backends, Basic, Source, Target, Written};
use nuthatch::prelude::*;
use nuthatch::{Cacheable, Secret, config_parameter};
use tracing_subscriber::fmt::MakeWriter;

use crate::files;
use crate::lake::Lake;

const SECRET: &str = "hunter2-of-the-vault";

/// A value that is kept where a password, and a pin, are asked for.
#[derive(Debug, Clone, PartialEq)]
struct Note(String);

impl Cacheable for Note {
    fn backends() -> Backends<Self> {
        &[&Vault("vault"), &Vault("failing"), &Vault("panicking"), &Vault("circular")]
    }

    fn duplicate(&self) -> Option<Self> {
        Some(self.clone())
    }
}

#[derive(Debug)]
struct Vault(&'static str);

/// Says all that it has been given, as a careless backend would.
fn opened(shown: &dyn std::fmt::Debug, options: &toml::Table) -> nuthatch::Result<()> {
    let given = |name: &str| options.get(name).and_then(toml::Value::as_str) == Some(SECRET);
    match given("password") && given("pin") && options.get("port") == Some(&5432.into()) {
        true => Ok(()),
        false => Err(nuthatch::Error::other(format!("the vault stays closed: {shown:?}"))),
    }
}

impl Backend<Note> for Vault {
    fn name(&self) -> &'static str {
        self.0
    }

    fn type_shape(&self) -> Option<String> {
        Backend::<String>::type_shape(&Basic)
    }

    fn write<'a>(
        &'a self,
        note: &'a Note,
        target: &'a Target,
    ) -> BoxFuture<'a, nuthatch::Result<Written>> {
        Box::pin(async move {
            opened(target, &target.options)?;
            Basic.write(&note.0, target).await
        })
    }

    fn read<'a>(&'a self, source: &'a Source) -> BoxFuture<'a, nuthatch::Result<Note>> {
        Box::pin(async move {
            opened(source, &source.options)?;
            Ok(Note(Basic.read(source).await?))
        })
    }

    fn weigh(&self, note: &Note) -> u64 {
        note.0.len() as u64
    }
}

static ASKED: AtomicU32 = AtomicU32::new(0);

#[config_parameter("password", location = "root", backend = "vault", secret)]
async fn password() -> Result<Secret<String>, std::io::Error> {
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    ASKED.fetch_add(1, Ordering::SeqCst);
    Ok(Secret::new(SECRET.to_owned()))
}

#[config_parameter("pin", backend = "vault", secret)]
fn pin() -> &'static str {
    ASKED.fetch_add(1, Ordering::SeqCst);
    SECRET
}

#[config_parameter("port", backend = "vault")]
fn port() -> i64 {
    5432
}

#[config_parameter("pin", backend = "failing", secret)]
fn failing() -> Result<String, String> {
    ASKED.fetch_add(1, Ordering::SeqCst);
    Err(format!("{SECRET} is too long"))
}

#[config_parameter("pin", backend = "panicking", secret)]
async fn panicking() -> String {
    ASKED.fetch_add(1, Ordering::SeqCst);
    // Not by `panic!`, whose hook would print it.
    std::panic::resume_unwind(Box::new(SECRET))
}

#[config_parameter("pin", backend = "circular", secret)]
fn circular() -> String {
    ASKED.fetch_add(1, Ordering::SeqCst);
    noted_circularly(1).unwrap().0
}

#[cache]
fn noted(number: u32) -> nuthatch::Result<Note> {
    Ok(Note(format!("note {number}")))
}

#[cache]
fn counted(number: u32) -> nuthatch::Result<u32> {
    Ok(number)
}

#[cache(backend = "failing")]
fn noted_failingly(number: u32) -> nuthatch::Result<Note> {
    Ok(Note(format!("note {number}")))
}

#[cache(backend = "panicking")]
fn noted_panicking(number: u32) -> nuthatch::Result<Note> {
    Ok(Note(format!("note {number}")))
}

#[cache(backend = "circular")]
fn noted_circularly(number: u32) -> nuthatch::Result<Note> {
    Ok(Note(format!("note {number}")))
}

fn asked() -> u32 {
    ASKED.swap(0, Ordering::SeqCst)
}

#[test]
fn each_function_is_asked_once_and_only_when_its_backend_is_used() {
    let lake = Lake::new();
    counted(1).unwrap();
    let _ = nuthatch::config().unwrap().to_string();
    assert_eq!(asked(), 0, "nothing needs the vault yet");
    std::thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || noted(number).unwrap());
        }
    });
    assert_eq!(asked(), 2, "the password and the pin");
    nuthatch::reset_stats();
    for number in 0..8 {
        assert_eq!(noted(number).unwrap(), Note(format!("note {number}")));
    }
    lake.configure_all();
    assert_eq!(noted(3).unwrap(), Note("note 3".to_owned()));
    assert_eq!((nuthatch::stats().root_hits, nuthatch::stats().computed(), asked()), (9, 0, 0));
}

#[test]
fn a_function_that_fails_panics_or_needs_itself_is_told_and_the_value_returned() {
    let lake = Lake::new();
    let heard = Heard::listen();
    type Noted = fn(u32) -> nuthatch::Result<Note>;
    for (noted, name, why) in [
        (noted_failingly as Noted, "failing", "the function failed"),
        (noted_panicking, "panicking", "the function panicked"),
        (noted_circularly, "circular", "calls a cached function that needs its value"),
    ] {
        for number in 1..3 {
            assert_eq!(noted(number).unwrap(), Note(format!("note {number}")));
        }
        assert_eq!(asked(), 1, "{name}");
        let told = heard.take();
        let parameter = format!("`root.{name}.pin`, given by `{name}()`");
        assert!(told.contains(&parameter) && told.contains(why), "{told}");
        assert!(told.contains("it/parameters.rs") && !told.contains(SECRET), "{told}");
    }
    assert!(!format!("{:?}", files::under(&lake.path("root"))).contains(SECRET));
}

#[test]
fn no_file_log_line_error_or_debug_of_a_whole_run_has_the_secret() {
    let lake = Lake::new();
    let heard = Heard::listen();
    noted(1).unwrap();
    noted(1).unwrap();
    noted::call(1).recompute(true).cache_mode(CacheMode::Overwrite).run().unwrap();
    noted::call(2).cache_mode(CacheMode::Local).run().unwrap();
    let manifest = noted::entry(1).run().unwrap().unwrap();
    // With another pin the vault stays closed, and says so with all that it has.
    nuthatch::set_parameter!("root.vault.port", 1).unwrap();
    let closed = noted::call(1).strict(true).run().unwrap_err();
    assert!(closed.to_string().contains("the vault stays closed"), "{closed}");
    noted(4).unwrap();
    let settings = nuthatch::config().unwrap();
    assert!(settings.to_string().contains("root.vault.pin = ***"), "{settings}");
    let mut everything = vec![
        ("log", heard.take()),
        ("error", format!("{closed} {closed:?}")),
        ("settings", format!("{settings} {settings:?}")),
        ("manifest", format!("{manifest:?}")),
        ("uri", noted::uri(1).run().unwrap().unwrap()),
    ];
    assert!(everything[0].1.contains("the vault stays closed"), "{}", everything[0].1);
    let mut found = 0;
    for location in ["root", "local", "mirror"] {
        for (path, bytes) in files::under(&lake.path(location)) {
            found += 1;
            everything.push(("path", path));
            everything.push(("file", String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    assert!(found > 2);
    for (what, text) in everything {
        assert!(!text.contains(SECRET), "{what}: {text}");
    }
}

/// Everything that is logged, at every level.
#[derive(Clone)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    fn listen() -> Self {
        let heard = Self(Arc::default());
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(heard.clone())
            .init();
        heard
    }

    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl std::io::Write for Heard {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Heard {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
