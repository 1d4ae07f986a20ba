//! The confirmation when a good entry would be replaced.

use std::fmt;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::{Arc, PoisonError, RwLock};

use crate::runtime;

/// What would be replaced, for whoever is asked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Replacement {
    /// The call, as `function(argument = value, …)`.
    pub call: String,
    /// The location's name.
    pub location: String,
    /// When the entry that stands was made, in RFC 3339.
    pub created_at: String,
}

impl fmt::Display for Replacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} in {}", self.call, self.created_at, self.location)
    }
}

/// What to do with the entry that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The new value replaces it.
    Replace,
    /// It is kept; the new value is returned, and not stored.
    Keep,
}

type Asker = Arc<dyn Fn(&Replacement) -> Answer + Send + Sync>;

static ASKER: RwLock<Option<Asker>> = RwLock::new(None);

/// Asks `asker` from now on, instead of the terminal.
///
/// ```
/// use nuthatch_core::confirm::{Answer, confirm_with};
///
/// confirm_with(|replacement| {
///     eprintln!("keeping {replacement}");
///     Answer::Keep
/// });
/// ```
pub fn confirm_with(asker: impl Fn(&Replacement) -> Answer + Send + Sync + 'static) {
    *ASKER.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(asker));
}

/// Asks whoever can answer: the program's own asker, else a person at a terminal, else nobody
/// (`None`).
pub(crate) async fn ask(replacement: Replacement) -> Option<Answer> {
    let asker = ASKER.read().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(asker) = asker {
        return Some(asker(&replacement));
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return None;
    }
    // A person takes their time: no executor may wait for them.
    let asking =
        move || ask_terminal(&replacement, &mut io::stdin().lock(), &mut io::stderr()).ok();
    runtime::handle().ok()?.spawn_blocking(asking).await.ok()?
}

fn ask_terminal(
    replacement: &Replacement,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> io::Result<Answer> {
    write!(output, "nuthatch: replace {replacement}? [y/N] ")?;
    output.flush()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    let yes = matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes");
    Ok(if yes { Answer::Replace } else { Answer::Keep })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(input: &str) -> (Answer, String) {
        let replacement = Replacement {
            call: "daily(year = 2012)".into(),
            location: "root".into(),
            created_at: "2026-01-01T00:00:00Z".into(),
        };
        let mut output = Vec::new();
        let answer = ask_terminal(&replacement, &mut input.as_bytes(), &mut output).unwrap();
        (answer, String::from_utf8(output).unwrap())
    }

    #[test]
    fn only_a_plain_yes_replaces() {
        for yes in ["y\n", "yes\n", " YES \n"] {
            assert_eq!(asked(yes).0, Answer::Replace);
        }
        for no in ["", "\n", "n\n", "yep\n", "maybe"] {
            assert_eq!(asked(no).0, Answer::Keep);
        }
    }

    #[test]
    fn the_question_names_the_call_and_the_place() {
        let question = asked("").1;
        assert!(question.contains("daily(year = 2012)") && question.contains("root"));
    }
}
