//! Options that functions give: whose they are, what they beat, and when they are asked for.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use toml::Value;

use super::{DEPENDENCY, OWN, World, origin};
use crate::config::{Ask, ConfigParameter, Embedded, Scope};

static CALLS: AtomicU32 = AtomicU32::new(0);

fn given() -> Result<Value, String> {
    CALLS.fetch_add(1, Ordering::SeqCst);
    Ok("hunter2".into())
}

fn function(
    scope: Scope,
    (location, backend, name): (&'static str, Option<&'static str>, &'static str),
    ask: Ask,
) -> &'static ConfigParameter {
    Box::leak(Box::new(ConfigParameter {
        scope,
        function: "vault",
        location,
        backend,
        name,
        secret: true,
        ask,
        answer: OnceLock::new(),
    }))
}

fn password(scope: Scope, location: &'static str) -> &'static ConfigParameter {
    function(scope, (location, Some("sql"), "password"), Ask::Sync(given))
}

impl World {
    fn declare(mut self, parameter: &'static ConfigParameter) -> Self {
        self.sources.code.declare(parameter);
        self
    }

    /// A dependency with a lake and a mirror, and the program with a root and a mirror.
    fn with_two_lakes() -> Self {
        let mut world = Self::new().project(
            "[nuthatch]\nfilesystem = 's3://mine'\n[nuthatch.mirror]\nfilesystem = 's3://backup'\n\
             [nuthatch.root.sql]\nuser = 'me'",
        );
        let theirs = "[nuthatch]\nfilesystem = 's3://theirs'\n[nuthatch.mirror]\nfilesystem = 's3://m'\n\
                      [nuthatch.root.sql]\nuser = 'them'";
        let path = "/nowhere/weather-lib-0.3.0/nuthatch.toml";
        let embedded = Embedded { path, text: theirs, unpackaged: None };
        world.sources.code.describe(DEPENDENCY, Some(embedded));
        world
    }
}

#[test]
fn a_dependencys_function_serves_its_own_locations_and_the_programs_none_of_them() {
    for (scope, own, theirs) in [(OWN, true, false), (DEPENDENCY, false, true)] {
        for location in ["root", "mirror"] {
            let settings = World::with_two_lakes().declare(password(scope, location)).resolve();
            let shown = settings.to_string();
            let (mine, others) = shown.split_once("# for the functions of weather-lib").unwrap();
            let line = format!("{location}.sql.password = ***");
            assert_eq!(mine.contains(&line), own, "{shown}");
            assert_eq!(others.contains(&line), theirs, "{shown}");
            let of_program = settings.root.iter().chain(&settings.mirrors);
            let asked = |settings: &crate::config::LocationSettings| {
                settings
                    .backends
                    .get("sql")
                    .is_some_and(|sql| !sql.options_asked.functions.is_empty())
            };
            assert_eq!(of_program.filter(|place| asked(place)).count(), usize::from(own));
            let theirs_asked = settings.mirrors_of(&DEPENDENCY).iter().filter(|place| asked(place));
            assert_eq!(theirs_asked.count(), usize::from(theirs));
        }
    }
    let local = World::with_two_lakes().declare(password(DEPENDENCY, "local")).resolve();
    assert!(!local.to_string().contains("password"), "{local}");
}

#[test]
fn what_code_sets_is_scoped_in_the_same_way() {
    let mut world = World::with_two_lakes();
    world.sources.code.set(DEPENDENCY, "root.sql.host", "theirs.example".into()).unwrap();
    world.sources.code.set(OWN, "mirror.sql.host", "mine.example".into()).unwrap();
    let settings = world.resolve();
    let option = |place: &crate::config::LocationSettings| {
        place.backends.get("sql").and_then(|sql| sql.options.get("host").cloned())
    };
    assert_eq!(option(settings.root.as_ref().unwrap()), None);
    assert_eq!(option(&settings.mirrors[0]), Some("mine.example".into()));
    let theirs = settings.mirrors_of(&DEPENDENCY);
    assert_eq!(option(&theirs[0]), Some("theirs.example".into()));
    assert_eq!(option(&theirs[1]), None);
}

#[test]
fn a_function_beats_files_and_variables_and_is_beaten_by_code() {
    let asked = || {
        World::new()
            .project("[nuthatch]\nfilesystem = '/lake'\n[nuthatch.root.sql]\npassword = 'file'")
            .env("NUTHATCH_ROOT_SQL_PASSWORD", "variable")
            .declare(password(OWN, "root"))
    };
    let settings = asked().resolve();
    let sql = &settings.root.as_ref().unwrap().backends["sql"];
    assert!(sql.options.is_empty());
    assert_eq!(sql.options_asked.over(&sql.options).unwrap()["password"], "hunter2".into());
    assert_eq!(origin(&settings, "root.sql.password"), "src/main.rs:7 in app");

    let settings = asked().code("root.sql.password", "code").resolve();
    let sql = &settings.root.as_ref().unwrap().backends["sql"];
    assert_eq!(sql.options_asked.over(&sql.options).unwrap()["password"], "code".into());
}

#[test]
fn a_table_of_options_lies_over_what_files_say_and_under_what_code_does() {
    let gives = || Ok(toml::toml! { region = "given" token = "given" bucket = "given" }.into());
    let settings = World::new()
        .project("[nuthatch]\nfilesystem = 's3://lake'\nfilesystem_options = { region = 'file', endpoint = 'file' }")
        .declare(function(OWN, ("root", None, "filesystem_options"), Ask::Sync(gives)))
        .declare(function(OWN, ("root", None, "filesystem_options.bucket"), Ask::Sync(given)))
        .code("root.filesystem_options.token", "code")
        .resolve();
    let root = settings.root.as_ref().unwrap();
    let options = root.asked.over(&root.filesystem_options).unwrap();
    let expected =
        toml::toml! { region = "given" token = "code" bucket = "hunter2" endpoint = "file" };
    assert_eq!(*options, expected);
    let shown = settings.to_string();
    assert!(shown.contains("root.filesystem_options = ***  (src/main.rs:7 in app)"), "{shown}");
    assert!(!format!("{shown}{settings:?}").contains("hunter2"));
}

#[test]
fn nothing_is_asked_to_resolve_and_each_function_once() {
    CALLS.store(0, Ordering::SeqCst);
    let parameter = password(OWN, "root");
    let world = World::new().project("[nuthatch]\nfilesystem = '/lake'").declare(parameter);
    let settings = world.resolve();
    let _ = (settings.to_string(), world.resolve());
    assert!(parameter.answer.get().is_none());
    let sql = &settings.root.as_ref().unwrap().backends["sql"];
    for _ in 0..3 {
        sql.options_asked.over(&sql.options).unwrap();
    }
    assert!(parameter.answer.get().is_some());
}

#[test]
fn a_failure_names_the_parameter_and_not_what_was_said() {
    let asked = |ask| {
        let parameter = function(OWN, ("root", None, "filesystem_options.pin"), ask);
        let error = parameter.value().unwrap_err();
        let again = parameter.value().unwrap_err();
        assert_eq!(error, again);
        crate::Error::from(error).to_string()
    };
    let fails = Ask::Sync(|| Err("no such pin: hunter2".to_owned()));
    let panics = Ask::Sync(|| panic!("hunter2"));
    let panics_later = Ask::Async(|| Box::pin(async { panic!("hunter2") }));
    let gives_a_list = Ask::Sync(|| Ok(vec!["hunter2"].into()));
    for (ask, words) in [
        (fails, "the function failed"),
        (panics, "the function panicked"),
        (panics_later, "the function panicked"),
        (gives_a_list, "must be text"),
    ] {
        let told = asked(ask);
        let name = "`root.filesystem_options.pin`, given by `vault()`";
        assert!(told.contains(name) && told.contains(words), "{told}");
        assert!(told.contains("src/main.rs:7 in app") && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn two_functions_for_one_option_are_a_mistake_of_their_crate() {
    let twice = |scope| {
        World::with_two_lakes().declare(password(scope, "root")).declare(password(scope, "root"))
    };
    assert!(twice(OWN).error().contains("`root.sql.password`, given by `vault()`, is given by"));
    let warnings = twice(DEPENDENCY).resolve().warnings().join("\n");
    assert!(warnings.contains("the mirrors of weather-lib are not used"), "{warnings}");
}
