//! JSON as it is found in Zarr stores: Python writes NaN and infinities as bare words.

use nuthatch_core::{Error, Result};
use serde_json::Value;

/// Reads JSON in which numbers that JSON has not (`NaN`, `Infinity`, `-Infinity`) may stand; they
/// become text.
pub(super) fn read(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(bytes).or_else(|error| match quoted(bytes) {
        Some(quoted) => serde_json::from_slice(&quoted),
        None => Err(error),
    })
}

/// The same with those words in quotes, where there are any.
fn quoted(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    let (mut rest, mut in_text, mut found) = (bytes, false, false);
    while let Some((&byte, after)) = rest.split_first() {
        if in_text {
            out.push(byte);
            rest = after;
            if byte == b'\\' {
                // What is escaped ends no text.
                let (&escaped, after) = after.split_first()?;
                out.push(escaped);
                rest = after;
            } else if byte == b'"' {
                in_text = false;
            }
            continue;
        }
        let words: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];
        if let Some(word) = words.into_iter().find(|word| rest.starts_with(word)) {
            out.push(b'"');
            out.extend_from_slice(word);
            out.push(b'"');
            rest = rest.get(word.len()..)?;
            found = true;
            continue;
        }
        in_text = byte == b'"';
        out.push(byte);
        rest = after;
    }
    found.then_some(out)
}

/// A document in a store, which must be an object.
pub(super) fn document(shown: &str, bytes: &[u8]) -> Result<serde_json::Map<String, Value>> {
    let damaged = |why: String| Error::Damaged { object: shown.to_owned(), why };
    match read(bytes) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(damaged("it is JSON, and no object".to_owned())),
        Err(error) => Err(damaged(format!("it is no JSON: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_json_has_not_become_text() {
        let read =
            read(br#"{"a": NaN, "b": [-Infinity, Infinity, 1], "c": "NaN \" NaN", "d\\": NaN}"#);
        let expected = serde_json::json!({
            "a": "NaN", "b": ["-Infinity", "Infinity", 1], "c": "NaN \" NaN", "d\\": "NaN",
        });
        assert_eq!(read.expect("it is read"), expected);
    }

    #[test]
    fn what_is_no_json_is_an_error_that_names_the_object() {
        for bytes in [&b"{"[..], b"", b"NaN", b"[1]", b"\"\\", b"{\"a\": nan}", b"\xff"] {
            let error = document("root (memory://lake/zarr.json)", bytes).expect_err("no object");
            assert!(error.to_string().contains("zarr.json"), "{error}");
        }
    }
}
