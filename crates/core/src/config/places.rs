//! From what is written to a URL or an absolute path.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use url::Url;

use super::layer::Filesystem;
use super::origin::{Tracked, Wrong};
use super::secrets::masked_url;

/// What paths are expanded with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places<'a> {
    pub(crate) env: &'a [(OsString, OsString)],
    pub(crate) cwd: Option<&'a Path>,
    pub(crate) home: Option<&'a Path>,
    /// Whether a dependency has written the paths.
    pub(crate) foreign: bool,
}

impl Places<'_> {
    /// Expands `~` and variables, and makes a path absolute. A URL stays as it is, and a path that
    /// is not UTF-8 becomes one.
    pub(crate) fn expand(&self, written: &Tracked<Filesystem>) -> Result<String, Wrong> {
        let Tracked { value: Filesystem { text, base }, origin } = written;
        let wrong = |why: String| {
            Wrong::new(format!("the filesystem `{}` {why}", masked_url(text)), origin)
        };
        let expanded = self.variables(text).map_err(wrong)?;
        if expanded.contains('\0') {
            return Err(wrong("holds a NUL character".to_owned()));
        }
        if is_url(&expanded).map_err(wrong)? {
            // What the program's variables say must not reach a host that a dependency names.
            if self.foreign && text.contains('$') {
                let why = "is a URL with a `$`, and a dependency's may hold no variables";
                return Err(wrong(why.to_owned()));
            }
            return Ok(expanded);
        }
        let path = self.home(&expanded).map_err(wrong)?;
        let path = match base.as_deref().or(self.cwd) {
            _ if path.is_absolute() => path,
            Some(base) => base.join(path),
            None => {
                let why =
                    "is relative to the working directory, which is not known; write it whole";
                return Err(wrong(why.to_owned()));
            }
        };
        // Without `.` and doubled separators; `..` stays, as what it means may hang on a link.
        let path: PathBuf = path.components().collect();
        path.into_os_string().into_string().or_else(|path| {
            // A URL holds what text cannot: `%FF`.
            Url::from_file_path(&path).map(String::from).map_err(|()| {
                wrong(format!("is the path `{}`, which is not UTF-8", path.to_string_lossy()))
            })
        })
    }

    /// `$NAME`, `${NAME}`, and `$$` for a dollar sign.
    fn variables(&self, text: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let in_braces = after.strip_prefix('{');
            if let Some(inner) = in_braces {
                let Some((name, after)) = inner.split_once('}') else {
                    return Err("has a `${` without its `}`; write `$$` for a dollar sign".into());
                };
                out.push_str(self.variable(name)?);
                rest = after;
                continue;
            }
            let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = after.find(|c| !legal(c)).unwrap_or(after.len());
            let (name, tail) = after.split_at(end);
            rest = tail;
            if let Some(tail) = after.strip_prefix('$') {
                out.push('$');
                rest = tail;
            } else if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                out.push('$');
                out.push_str(name);
            } else {
                out.push_str(self.variable(name)?);
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    fn variable(&self, name: &str) -> Result<&str, String> {
        let found = self.env.iter().find(|(known, _)| known == name);
        let (_, value) = found.ok_or_else(|| {
            format!(
                "names the variable `{name}`, which is not set; set it, or write the path whole"
            )
        })?;
        value.to_str().ok_or_else(|| format!("names the variable `{name}`, which is not UTF-8"))
    }

    fn home(&self, text: &str) -> Result<PathBuf, String> {
        let Some(rest) = text.strip_prefix('~') else { return Ok(text.into()) };
        let rest = match rest.strip_prefix(std::path::is_separator) {
            Some(rest) => rest,
            None if rest.is_empty() => rest,
            None => return Err("names the home of another user; write its path whole".to_owned()),
        };
        let home = self.home.ok_or("needs the home folder, which is not known; set HOME")?;
        Ok(home.join(rest))
    }
}

/// Whether this is a URL; what is nearly one is a mistake, not a path.
fn is_url(text: &str) -> Result<bool, String> {
    let Some((scheme, rest)) = text.split_once(':') else { return Ok(false) };
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(legal);
    if let Some(place) = rest.strip_prefix("//") {
        if !is_scheme {
            return Err("is no URL: what stands before `://` is no scheme, such as `s3`".into());
        }
        if place.is_empty() {
            return Err(format!("names no place; write what follows `{scheme}://`"));
        }
        return Ok(true);
    }
    if is_scheme && rest.starts_with('/') {
        return Err(format!("is neither a URL nor a path; write `{scheme}://…` or `./{scheme}:…`"));
    }
    Ok(false)
}
