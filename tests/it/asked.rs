//! The requests that a location sees, named by what they are about.

use crate::lake::Lake;

pub(crate) const MARKER: &str = "get marker";
pub(crate) const MANIFEST: &str = "get manifest";
pub(crate) const DATA: &str = "get data";
pub(crate) const CREATE: &str = "create manifest";
pub(crate) const UPDATE: &str = "update manifest";
pub(crate) const PUT_DATA: &str = "put data";
/// What the first write to a filesystem does beside.
pub(crate) const FIRST_WRITE: [&str; 2] = ["probe", "create marker"];

/// What a location was asked since this was last looked at. The requests of a probe are one, and
/// so are those of a multipart upload, which makes one object.
pub(crate) fn asked(lake: &Lake, location: &str) -> Vec<String> {
    let mut asked = Vec::new();
    for request in lake.requests(location) {
        let (operation, path) = request.rsplit_once(' ').unwrap();
        let operation = match operation {
            "begin a multipart upload of" | "send a part of" | "complete the upload of" => "put",
            other => other,
        };
        let object = match path {
            "nuthatch.json" => "marker",
            path if path.starts_with(".probe/") => "",
            path if path.ends_with("/value.bin") && path.contains("/data/") => "data",
            path if path.ends_with(".json") && path.contains("/entries/") => "manifest",
            path => path,
        };
        let step = match object {
            "" => "probe".to_owned(),
            object => format!("{operation} {object}"),
        };
        let repeats = (step == "probe" || step == PUT_DATA) && asked.last() == Some(&step);
        if !repeats {
            asked.push(step);
        }
    }
    asked
}
