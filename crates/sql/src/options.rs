//! What the configuration and the call say of the database.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nuthatch_core::key::Secret;
use nuthatch_core::{Error, Result};
use toml::Value;
use url::Url;

use crate::dialect::Dialect;

/// The database's file, below the folder of a location. No namespace begins with a dot.
const FILE: &str = ".sql/tables.sqlite";

/// Every option, in the order of the documentation.
const KNOWN: [&str; 19] = [
    "driver",
    "host",
    "port",
    "database",
    "user",
    "username",
    "password",
    "write_user",
    "write_username",
    "write_password",
    "url",
    "schema",
    "hash_table_name",
    "write_index",
    "chunk_size",
    "upsert_in_place",
    "connect_timeout",
    "lock_timeout",
    "max_connections",
];

/// What the query of a `url` may say, by the names of the drivers.
const POSTGRES_QUERY: [&str; 11] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "application_name",
    "options",
];
const MYSQL_QUERY: [&str; 12] = [
    "sslmode",
    "ssl-mode",
    "sslca",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "charset",
    "collation",
    "timezone",
    "time-zone",
];

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret<String>>,
}

/// The options, read and checked. `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) dialect: Dialect,
    /// As it was given: it may hold what no other option does, such as `?sslmode=require`.
    pub(crate) url: Option<Secret<String>>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) database: Option<String>,
    /// SQLite's file.
    pub(crate) file: Option<PathBuf>,
    pub(crate) reader: Login,
    pub(crate) writer: Login,
    pub(crate) schema: String,
    pub(crate) hashed_names: bool,
    pub(crate) shows_index: bool,
    pub(crate) chunk: Option<usize>,
    pub(crate) in_place: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) connections: u32,
}

impl Options {
    /// Reads the options. `folder` is that of the location, where it is one.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for an unknown option, a value of the wrong type, a driver that is not
    /// known or not built in, or SQLite without a place for its file.
    pub(crate) fn read(table: &toml::Table, folder: Option<&Path>) -> Result<Self> {
        let given = Given(table);
        given.all_known()?;
        let url = given.text("url")?.map(|text| Url::parse(&text).map_err(|_| bad_url()));
        let url = url.transpose()?;
        let dialect = dialect(&given, url.as_ref())?;
        let database = given.text("database")?;
        let file = match dialect {
            Dialect::Sqlite => Some(file(url.as_ref(), database.as_deref(), folder)?),
            _ => None,
        };
        if let Some(url) = &url {
            check_query(url, dialect)?;
            dialect
                .check_url(url.as_str())
                .map_err(|why| refused(format!("the option `url`: {why}")))?;
        }
        let reader = reader(&given, url.as_ref())?;
        let writer = Login {
            user: given.either("write_user", "write_username")?.or_else(|| reader.user.clone()),
            password: given.secret("write_password")?.or_else(|| reader.password.clone()),
        };
        let in_url = |part: fn(&Url) -> Option<String>| url.as_ref().and_then(part);
        let path = |url: &Url| decoded(url.path().trim_matches('/'));
        let seconds = |name, default| {
            given.number(name).map(|said| Duration::from_secs(said.unwrap_or(default)))
        };
        Ok(Self {
            dialect,
            host: given.text("host")?.or_else(|| in_url(|url| Some(url.host_str()?.to_owned()))),
            port: given.number("port")?.or_else(|| url.as_ref().and_then(Url::port)),
            database: database.or_else(|| in_url(path).filter(|path| !path.is_empty())),
            file,
            reader,
            writer,
            schema: given.text("schema")?.unwrap_or_else(|| "public".to_owned()),
            hashed_names: given.flag("hash_table_name")?,
            shows_index: given.flag("write_index")?,
            chunk: given.number("chunk_size")?.filter(|rows: &usize| *rows > 0),
            in_place: given.flag("upsert_in_place")?,
            connect_timeout: seconds("connect_timeout", 10)?,
            lock_timeout: seconds("lock_timeout", 5)?,
            connections: given.number("max_connections")?.unwrap_or(4).max(1),
            url: url.map(|url| Secret::new(url.into())),
        })
    }

    /// The database as people know it, without credentials: `postgresql://db.example.org:5432/lake`.
    pub(crate) fn shown(&self) -> String {
        if let Some(file) = &self.file {
            return format!("sqlite://{}", file.display());
        }
        let host = self.host.as_deref().unwrap_or("localhost");
        let port = self.port.map_or(String::new(), |port| format!(":{port}"));
        let database = self.database.as_deref().unwrap_or_default();
        format!("{}://{host}{port}/{database}", self.dialect.name())
    }

    /// A message without the passwords, should a server or a driver have repeated one.
    pub(crate) fn scrubbed(&self, message: String) -> String {
        let passwords = [&self.reader.password, &self.writer.password];
        passwords.into_iter().flatten().fold(message, |message, password| {
            match password.expose().is_empty() {
                true => message,
                false => message.replace(password.expose(), "***"),
            }
        })
    }
}

fn dialect(given: &Given<'_>, url: Option<&Url>) -> Result<Dialect> {
    let named = match given.text("driver")? {
        Some(driver) => Some(driver),
        None => url.map(|url| url.scheme().to_owned()),
    };
    let Some(named) = named else {
        let is_server = given.text("host")?.is_some();
        return available(if is_server { Dialect::Postgres } else { Dialect::Sqlite });
    };
    // SQLAlchemy names the library after a plus sign.
    let name = named.split('+').next().unwrap_or(&named).to_ascii_lowercase();
    available(match name.as_str() {
        "postgres" | "postgresql" => Dialect::Postgres,
        "mysql" | "mariadb" => Dialect::MySql,
        "sqlite" | "sqlite3" => Dialect::Sqlite,
        _ => {
            return Err(refused(format!(
                "the driver {name:?} is not known; known are postgresql, mysql (or mariadb), sqlite"
            )));
        }
    })
}

fn available(dialect: Dialect) -> Result<Dialect> {
    let (built, feature) = match dialect {
        Dialect::Postgres => (cfg!(feature = "postgres"), "sql-postgres"),
        Dialect::MySql => (cfg!(feature = "mysql"), "sql-mysql"),
        Dialect::Sqlite => (cfg!(feature = "sqlite"), "sql-sqlite"),
    };
    match built {
        true => Ok(dialect),
        false => Err(refused(format!(
            "the driver {} needs nuthatch's feature `{feature}`; enable it in Cargo.toml",
            dialect.name()
        ))),
    }
}

fn reader(given: &Given<'_>, url: Option<&Url>) -> Result<Login> {
    let in_url = Login {
        user: url.map(Url::username).filter(|user| !user.is_empty()).and_then(decoded),
        password: url.and_then(Url::password).and_then(decoded).map(Secret::new),
    };
    Ok(Login {
        user: given.either("user", "username")?.or(in_url.user),
        password: given.secret("password")?.or(in_url.password),
    })
}

/// A part of a URL, without the percent signs of what may not stand in one.
fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', "%2B").replace('&', "%26");
    let query = format!("v={text}");
    url::form_urlencoded::parse(query.as_bytes()).next().map(|(_, value)| value.into_owned())
}

/// Refuses what a driver would not understand, or would understand as another option than ours:
/// by name alone, for the value may be a secret, which drivers log.
fn check_query(url: &Url, dialect: Dialect) -> Result<()> {
    let known: &[&str] = match dialect {
        Dialect::Postgres => &POSTGRES_QUERY,
        Dialect::MySql => &MYSQL_QUERY,
        Dialect::Sqlite => &[],
    };
    let mut names = url.query_pairs().map(|(name, _)| name);
    let Some(name) = names.find(|name| !known.contains(&name.as_ref())) else { return Ok(()) };
    if KNOWN.contains(&name.as_ref()) {
        return Err(refused(format!("give `{name}` as an option of its own, not in the `url`")));
    }
    let known = match known {
        [] => "nothing".to_owned(),
        known => known.join(", "),
    };
    Err(refused(format!(
        "the `url` says {name:?}, which is not known for {}; known there is {known}",
        dialect.name()
    )))
}

fn file(url: Option<&Url>, database: Option<&str>, folder: Option<&Path>) -> Result<PathBuf> {
    let named = match (url, database) {
        (_, Some(database)) => Some(PathBuf::from(database)),
        // `sqlite:relative.db` and `sqlite:///absolute.db`.
        (Some(url), None) => {
            let path = url.path();
            let path =
                path.strip_prefix("//").map_or(path, |rest| &path[path.len() - rest.len() - 1..]);
            Some(PathBuf::from(path)).filter(|path| path.as_os_str().len() > 1)
        }
        (None, None) => None,
    };
    match (named, folder) {
        (Some(file), _) if file.is_absolute() => Ok(file),
        (Some(file), Some(folder)) => Ok(folder.join(file)),
        (None, Some(folder)) => Ok(folder.join(FILE)),
        (Some(file), None) => Ok(file),
        (None, None) => Err(refused(
            "SQLite keeps its tables in a file, and this location is no folder; name a file by \
             `database`, or a server by `driver` and `host`"
                .to_owned(),
        )),
    }
}

struct Given<'a>(&'a toml::Table);

impl Given<'_> {
    fn all_known(&self) -> Result<()> {
        let Some(name) = self.0.keys().find(|name| !KNOWN.contains(&name.as_str())) else {
            return Ok(());
        };
        Err(refused(format!(
            "the option {name:?} is not known here; known are {}",
            KNOWN.join(", ")
        )))
    }

    fn text(&self, name: &str) -> Result<Option<String>> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Integer(number)) => Ok(Some(number.to_string())),
            // Without the value: it may be a secret.
            Some(_) => Err(refused(format!("the option `{name}` must be text"))),
        }
    }

    fn either(&self, name: &str, other: &str) -> Result<Option<String>> {
        match (self.text(name)?, self.text(other)?) {
            (Some(one), Some(two)) if one != two => {
                Err(refused(format!("`{name}` and `{other}` mean the same; give one of them")))
            }
            (one, two) => Ok(one.or(two)),
        }
    }

    fn secret(&self, name: &str) -> Result<Option<Secret<String>>> {
        Ok(self.text(name)?.map(Secret::new))
    }

    fn number<N: std::str::FromStr>(&self, name: &str) -> Result<Option<N>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let wrong = |_| refused(format!("the option `{name}` must be a number, and is {text:?}"));
        text.trim().parse().map(Some).map_err(wrong)
    }

    fn flag(&self, name: &str) -> Result<bool> {
        match self.0.get(name) {
            None => Ok(false),
            Some(Value::Boolean(flag)) => Ok(*flag),
            Some(Value::String(text)) if text == "true" || text == "1" => Ok(true),
            Some(Value::String(text)) if text == "false" || text == "0" => Ok(false),
            Some(_) => Err(refused(format!("the option `{name}` is true or false"))),
        }
    }
}

fn bad_url() -> Error {
    refused("the option `url` is no URL, such as postgresql://user@host:5432/database".to_owned())
}

fn refused(message: String) -> Error {
    Error::Config { message, origin: "options of the backend `sql`".to_owned() }
}

#[cfg(test)]
#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Options> {
        Options::read(&toml::from_str(text).unwrap(), Some(Path::new("/lake")))
    }

    #[test]
    fn without_options_sqlite_lies_below_the_location() {
        let options = read("").unwrap();
        assert_eq!(options.dialect, Dialect::Sqlite);
        assert_eq!(options.shown(), "sqlite:///lake/.sql/tables.sqlite");
        assert_eq!(read("database = 'own.db'").unwrap().shown(), "sqlite:///lake/own.db");
        for url in ["sqlite:///data/own.db", "sqlite:/data/own.db"] {
            let options = read(&format!("url = '{url}'")).unwrap();
            assert_eq!(options.shown(), "sqlite:///data/own.db", "{url}");
        }
        let error = Options::read(&toml::Table::new(), None).unwrap_err();
        assert!(error.to_string().contains("name a file by `database`"), "{error}");
    }

    #[test]
    fn drivers_are_known_by_the_names_that_people_use() {
        for (text, dialect) in [
            ("host = 'db'", Dialect::Postgres),
            ("driver = 'postgresql+psycopg2'", Dialect::Postgres),
            ("driver = 'mariadb'", Dialect::MySql),
            ("driver = 'MySQL'", Dialect::MySql),
            ("url = 'postgres://db/lake'", Dialect::Postgres),
        ] {
            assert_eq!(read(text).unwrap().dialect, dialect, "{text}");
        }
        assert!(read("driver = 'oracle'").unwrap_err().to_string().contains("\"oracle\""));
    }

    #[test]
    fn who_writes_is_who_reads_unless_another_is_named() {
        let options = read("host = 'db'\nusername = 'ann'\npassword = 'p'").unwrap();
        assert_eq!(options.writer, options.reader);
        let options = read("host = 'db'\nuser = 'ann'\nwrite_user = 'bob'\nwrite_password = 'q'");
        let options = options.unwrap();
        assert_eq!(options.reader.user.as_deref(), Some("ann"));
        assert_eq!(options.writer.user.as_deref(), Some("bob"));
        let url = read("url = 'mysql://an%40n:p%2Fw+d@db:3307/lake?ssl-mode=REQUIRED'").unwrap();
        assert_eq!(url.reader.user.as_deref(), Some("an@n"));
        assert_eq!(url.reader.password.as_ref().unwrap().expose(), "p/w+d");
        assert_eq!(url.shown(), "mysql://db:3307/lake");
        let url = read("url = 'postgres://db/a%20lake%26+?sslmode=verify-full'").unwrap();
        assert_eq!(url.database.as_deref(), Some("a lake&+"));
    }

    #[test]
    fn numbers_and_flags_may_come_as_text() {
        let options = read("host = 'db'\nport = '5433'\nhash_table_name = 'true'\nchunk_size = 10");
        let options = options.unwrap();
        assert_eq!(
            (options.port, options.hashed_names, options.chunk),
            (Some(5433), true, Some(10))
        );
        assert!(read("port = 'many'").unwrap_err().to_string().contains("`port` must be a number"));
        assert!(read("write_index = 3").unwrap_err().to_string().contains("true or false"));
    }

    #[test]
    fn what_is_not_known_is_an_error_without_its_value() {
        let error = read("pasword = 'hunter2'").unwrap_err().to_string();
        assert!(error.contains("\"pasword\"") && !error.contains("hunter2"), "{error}");
        for (url, said) in [
            ("ann:hunter2@db", "\"ann\" is not known"),
            ("postgres://db/lake?pasword=hunter2", "\"pasword\""),
            ("postgres://db/lake?password=hunter2", "an option of its own"),
            ("mysql://db/lake?Password=hunter2", "\"Password\""),
            ("sqlite:///own.db?key=hunter2", "\"key\""),
            // One that is misspelt would be taken for none, and the connection be as good as any.
            ("postgres://db/lake?sslmode=requird", "requird"),
            ("mysql://db/lake?ssl-mode=REQUIRD", "REQUIRD"),
        ] {
            let error = read(&format!("url = '{url}'")).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("hunter2"), "{url}: {error}");
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let options = read("url = 'mysql://ann:hunter2@db/lake'\nwrite_password = 'hunter3'");
        let options = options.unwrap();
        let shown = format!("{options:?} {}", options.shown());
        assert!(!shown.contains("hunter"), "{shown}");
        let error = options.scrubbed("access denied with hunter2, hunter3".to_owned());
        assert_eq!(error, "access denied with ***, ***");
    }
}
