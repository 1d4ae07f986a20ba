//! How each kind of parameter is read, from a file's value or from a variable's text.

use std::fmt;
use std::time::Duration;

use toml::Value;

use crate::mode::CacheMode;

/// What a parameter takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Flag,
    Bytes,
    Span,
    Choice(&'static [&'static str]),
    Texts,
    Options,
}

impl Kind {
    /// For people: `true or false`.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Bytes => "bytes, or text with a unit such as \"2 GB\" or \"512 MiB\"".to_owned(),
            Self::Span => "text such as \"7d\", \"12h\" or \"30 min\"".to_owned(),
            Self::Texts => "a list of text; in a variable, with commas between".to_owned(),
            Self::Choice(names) => format!("one of {}", quoted(names)),
            Self::Options => "a table of options".to_owned(),
        }
    }

    /// A variable's text as the value that a file would hold. A table is written as TOML writes
    /// it inline, or as JSON does.
    pub(crate) fn value_of(self, text: &str) -> Value {
        let other = || Value::String(text.to_owned());
        match (self, text) {
            (Self::Flag, "true" | "1") => Value::Boolean(true),
            (Self::Flag, "false" | "0") => Value::Boolean(false),
            (Self::Texts, _) => {
                let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
                Value::Array(texts.map(Value::from).collect())
            }
            (Self::Options, _) => options_of(text).unwrap_or_else(other),
            _ => other(),
        }
    }
}

/// Declares a parameter that takes one of a few words.
macro_rules! choice {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            pub(crate) const NAMES: &[&str] = &[$($text),*];

            /// The word in configuration.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            pub(crate) fn read(value: &Value) -> Result<Self, String> {
                match value.as_str() {
                    $(Some($text) => Ok(Self::$variant),)*
                    _ => Err(expected(Kind::Choice(Self::NAMES), value)),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

choice! {
    /// What happens when a computed value cannot be stored.
    OnStoreFailure {
        /// The value is returned, with a warning and a count in the statistics.
        Warn = "warn",
        /// The call returns the store's error.
        Error = "error",
    }
}

choice! {
    /// What a manifest says of who computed an entry.
    ManifestIdentity {
        /// User, host and git commit.
        Full = "full",
        /// None of them.
        None = "none",
    }
}

choice! {
    /// Whether what is read of an entry is compared with its checksums.
    Verify {
        /// Everything is.
        Full = "full",
        /// Nothing is: the store is trusted to give back what was written. A value that is
        /// damaged there may be read as another one.
        Off = "off",
    }
}

choice! {
    /// Who is told of the progress of long transfers; see [`progress`](crate::progress).
    Progress {
        /// The program's hook, else the terminal where there is one.
        Auto = "auto",
        /// The program's hook, else standard error.
        On = "on",
        /// Nobody.
        Off = "off",
    }
}

choice! {
    /// What a call does that finds another process computing its entry.
    OnBusy {
        /// It waits for the entry, as long as `lease_wait` says; then it computes.
        Wait = "wait",
        /// It computes as well. The first value that is committed stands.
        Compute = "compute",
        /// It is an error, once the other has shown that it is alive.
        Error = "error",
    }
}

choice! {
    /// How an entry is committed.
    CommitPolicy {
        /// Only onto what was read: of two writers at once, one wins and the other is told.
        Conditional = "conditional",
        /// Over whatever is there, for filesystems that cannot write conditionally.
        LastWriterWins = "last-writer-wins",
    }
}

pub(crate) const MODES: &[&str] = &{
    let mut names = [""; CacheMode::ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = CacheMode::ALL[i].as_str();
        i += 1;
    }
    names
};

pub(crate) fn mode(value: &Value) -> Result<CacheMode, String> {
    let mode = value.as_str().and_then(|text| text.parse().ok());
    mode.ok_or_else(|| expected(Kind::Choice(MODES), value))
}

/// `_` stands for the absence of a namespace in paths, so it cannot be one.
pub(crate) fn namespace(value: &Value) -> Result<String, String> {
    let text = value.as_str().filter(|text| !text.is_empty() && *text != "_");
    text.map(str::to_owned).ok_or_else(|| {
        format!("must be text that is neither empty nor `_`, and is {}", shown(value))
    })
}

pub(crate) fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| expected(Kind::Flag, value))
}

pub(crate) fn bytes(value: &Value) -> Result<u64, String> {
    let bytes = match value {
        Value::Integer(bytes) => u64::try_from(*bytes).ok(),
        Value::String(text) => bytes_of(text),
        _ => None,
    };
    bytes.ok_or_else(|| expected(Kind::Bytes, value))
}

pub(crate) fn texts(value: &Value) -> Result<Vec<String>, String> {
    let texts = value.as_array().map(|items| items.iter().map(Value::as_str));
    let texts = texts.and_then(|mut texts| {
        texts.try_fold(Vec::new(), |mut all, text| {
            all.push(text.filter(|text| !text.trim().is_empty())?.to_owned());
            Some(all)
        })
    });
    texts.ok_or_else(|| expected(Kind::Texts, value))
}

/// A third of it goes by between two signs of life, each of which is a request that has to arrive.
pub(crate) fn ttl(value: &Value) -> Result<Duration, String> {
    const SHORTEST: Duration = Duration::from_secs(1);
    match span(value)? {
        ttl if ttl < SHORTEST => Err(format!(
            "must be at least 1s, and is {}: a third of it goes by between two signs of life, which \
             have to arrive in time",
            shown(value)
        )),
        ttl => Ok(ttl),
    }
}

/// At most a hundred years, so that a time less a span is always a time.
pub(crate) fn span(value: &Value) -> Result<Duration, String> {
    const LONGEST: Duration = Duration::from_secs(36_500 * 86_400);
    let span = value.as_str().and_then(span_of).ok_or_else(|| expected(Kind::Span, value))?;
    if span > LONGEST {
        return Err(format!("must be at most 36500d, and is {}", shown(value)));
    }
    Ok(span)
}

/// Bytes as they are written in configuration, in the largest unit that leaves no fraction.
pub(crate) fn shown_bytes(bytes: u64) -> String {
    let exact = |unit: &&(&str, u64)| bytes >= unit.1 && bytes.is_multiple_of(unit.1);
    match SIZES.iter().filter(exact).max_by_key(|unit| unit.1) {
        Some((name, size)) if *size > 1 => format!("\"{} {name}\"", bytes / size),
        _ => bytes.to_string(),
    }
}

/// A span as it is written in configuration.
pub(crate) fn shown_span(span: Duration) -> String {
    let millis = span.as_millis();
    let exact = |unit: &&(&str, u64)| millis.is_multiple_of(u128::from(unit.1));
    match SPANS.iter().find(exact) {
        Some((name, size)) if millis > 0 => format!("\"{}{name}\"", millis / u128::from(*size)),
        _ => "\"0s\"".to_owned(),
    }
}

/// `must be true or false, and is "ture"`.
pub(crate) fn expected(kind: Kind, value: &Value) -> String {
    format!("must be {}, and is {}", kind.describe(), shown(value))
}

const SIZES: [(&str, u64); 9] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// In milliseconds, the longest first.
const SPANS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];

fn bytes_of(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = Some(unit.trim()).filter(|unit| !unit.is_empty()).unwrap_or("B");
    let (_, size) = SIZES.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(size);
    }
    let bytes = number.parse::<f64>().ok()? * size as f64;
    (bytes < u64::MAX as f64).then_some(bytes as u64)
}

/// One or more of a whole number and its unit: `1d 12h`.
fn span_of(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut millis: u64 = 0;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let part = number.parse::<u64>().ok()?.checked_mul(millis_in(unit)?)?;
        millis = millis.checked_add(part)?;
        rest = after.trim_start();
    }
    (!text.trim().is_empty()).then_some(Duration::from_millis(millis))
}

fn millis_in(unit: &str) -> Option<u64> {
    Some(match unit {
        "ms" => 1,
        "s" | "sec" | "second" | "seconds" => 1_000,
        "m" | "min" | "minute" | "minutes" => 60_000,
        "h" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        "w" | "week" | "weeks" => 604_800_000,
        _ => return None,
    })
}

fn options_of(text: &str) -> Option<Value> {
    let toml = toml::from_str::<toml::Table>(&format!("options = {text}"));
    let toml = toml.ok().filter(|table| table.len() == 1).and_then(|mut t| t.remove("options"));
    toml.or_else(|| serde_json::from_str(text).ok()).filter(Value::is_table)
}

fn shown(value: &Value) -> String {
    match value {
        Value::Table(_) => "a table".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        _ => value.to_string(),
    }
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    names.join(", ")
}
