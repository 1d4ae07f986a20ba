//! A fake of Google Cloud Storage, in this process: no emulator of it that honours conditions could
//! be had. It speaks as much of the XML API as object_store does: objects with generations,
//! conditions, ranges, listings, copies and multipart uploads, whatever the bucket.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, SecondsFormat, Utc};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{HeaderMap, Method, Request, Response};
use object_store::path::Path;

use crate::front::{Answer, Front};

/// What the fake holds.
#[derive(Default)]
struct Google {
    objects: BTreeMap<String, Object>,
    uploads: BTreeMap<String, BTreeMap<u32, Bytes>>,
    /// The last generation that was given, and the last upload.
    last: u64,
}

#[derive(Clone)]
struct Object {
    bytes: Bytes,
    generation: u64,
    modified: DateTime<Utc>,
}

/// A request, taken apart.
struct Asked {
    method: Method,
    /// The bucket and the object's name.
    path: String,
    query: BTreeMap<String, String>,
    headers: HeaderMap,
    body: Bytes,
}

/// A fake with every bucket, all empty.
pub(crate) fn fake() -> Front {
    let google = Arc::new(Mutex::new(Google::default()));
    Front::answering(move |request| {
        let google = Arc::clone(&google);
        async move {
            let asked = Asked::read(request).await;
            google.lock().unwrap().answer(&asked)
        }
    })
}

impl Asked {
    async fn read(request: Request<Incoming>) -> Self {
        let (parts, body) = request.into_parts();
        let url = reqwest::Url::parse(&format!("http://google{}", parts.uri)).unwrap();
        Self {
            method: parts.method,
            path: Path::from_url_path(url.path()).unwrap().to_string(),
            query: url.query_pairs().into_owned().collect(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Google {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let upload = asked.query.get("uploadId");
        match (&asked.method, upload) {
            (&Method::GET, _) if asked.query.contains_key("list-type") => self.list(asked),
            (&Method::GET | &Method::HEAD, _) => self.get(asked),
            (&Method::POST, None) => self.begin(),
            (&Method::POST, Some(upload)) => self.complete(asked, upload),
            (&Method::PUT, Some(upload)) => self.part(asked, upload),
            (&Method::DELETE, Some(upload)) => {
                self.uploads.remove(upload);
                said(204, "")
            }
            (&Method::PUT, None) => self.put(asked),
            (&Method::DELETE, None) => match self.objects.remove(&asked.path) {
                Some(_) => said(204, ""),
                None => said(404, ""),
            },
            _ => said(405, ""),
        }
    }

    fn put(&mut self, asked: &Asked) -> Answer {
        let there = self.objects.get(&asked.path).map_or(0, |object| object.generation);
        let wanted = asked.header("x-goog-if-generation-match");
        if wanted.is_some_and(|wanted| wanted != there.to_string()) {
            return said(412, "");
        }
        let bytes = match asked.header("x-goog-copy-source") {
            None => asked.body.clone(),
            Some(source) => match self.objects.get(Path::from_url_path(source).unwrap().as_ref()) {
                Some(object) => object.bytes.clone(),
                None => return said(404, ""),
            },
        };
        self.store(asked, bytes, "")
    }

    fn store(&mut self, asked: &Asked, bytes: Bytes, text: &str) -> Answer {
        self.last += 1;
        let object = Object { bytes, generation: self.last, modified: Utc::now() };
        let text = text.replace("ETAG", &object.e_tag());
        let answer = object.head(200).body(Full::from(text)).unwrap();
        self.objects.insert(asked.path.clone(), object);
        answer
    }

    fn get(&self, asked: &Asked) -> Answer {
        let Some(object) = self.objects.get(&asked.path) else { return said(404, "") };
        let other_generation = |wanted: &String| *wanted != object.generation.to_string();
        if asked.query.get("generation").is_some_and(other_generation) {
            return said(404, "");
        }
        let is = |wanted: &str| wanted == "*" || wanted == object.e_tag();
        let since = |name| {
            let moment = DateTime::parse_from_rfc2822(asked.header(name)?).unwrap();
            Some(object.modified.timestamp() > moment.timestamp())
        };
        match (asked.header("if-match"), asked.header("if-none-match")) {
            (Some(wanted), _) if !is(wanted) => return said(412, ""),
            (None, _) if since("if-unmodified-since") == Some(true) => return said(412, ""),
            (_, Some(known)) if is(known) => return said(304, ""),
            (_, None) if since("if-modified-since") == Some(false) => return said(304, ""),
            _ => {}
        }
        let size = object.bytes.len();
        let Some(range) = asked.header("range") else {
            let head = object.head(200).header("content-length", size);
            let body =
                if asked.method == Method::HEAD { Bytes::new() } else { object.bytes.clone() };
            return head.body(Full::from(body)).unwrap();
        };
        let (from, to) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        let (from, to) = match (from.parse::<usize>(), to.parse::<usize>()) {
            (Ok(from), Ok(last)) => (from, size.min(last + 1)),
            (Ok(from), Err(_)) => (from, size),
            (Err(_), last) => (size.saturating_sub(last.unwrap()), size),
        };
        if from >= to {
            return said(416, "");
        }
        let head =
            object.head(206).header("content-range", format!("bytes {from}-{}/{size}", to - 1));
        head.body(Full::from(object.bytes.slice(from..to))).unwrap()
    }

    fn list(&self, asked: &Asked) -> Answer {
        let query = |name: &str| asked.query.get(name).map_or("", String::as_str);
        let (prefix, delimiter) = (query("prefix"), query("delimiter"));
        let (mut contents, mut folders) = (String::new(), BTreeSet::new());
        let bucket = format!("{}/", asked.path);
        for (path, object) in &self.objects {
            let Some(key) = path.strip_prefix(&bucket) else { continue };
            let Some(rest) = key.strip_prefix(prefix) else { continue };
            if key <= query("start-after") {
                continue;
            }
            match rest.split_once('/') {
                Some((folder, _)) if !delimiter.is_empty() => {
                    folders.insert(format!("{prefix}{folder}/"));
                }
                _ => contents.push_str(&format!(
                    "<Contents><Key>{}</Key><Size>{}</Size><LastModified>{}</LastModified>\
                     <ETag>{}</ETag></Contents>",
                    escaped(key),
                    object.bytes.len(),
                    object.modified.to_rfc3339_opts(SecondsFormat::Millis, true),
                    escaped(&object.e_tag()),
                )),
            }
        }
        for folder in folders {
            let folder = escaped(&folder);
            contents
                .push_str(&format!("<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>"));
        }
        said(200, &format!("<ListBucketResult>{contents}</ListBucketResult>"))
    }

    fn begin(&mut self) -> Answer {
        self.last += 1;
        self.uploads.insert(self.last.to_string(), BTreeMap::new());
        let id = format!("<UploadId>{}</UploadId>", self.last);
        said(200, &format!("<InitiateMultipartUploadResult>{id}</InitiateMultipartUploadResult>"))
    }

    fn part(&mut self, asked: &Asked, upload: &str) -> Answer {
        let Some(parts) = self.uploads.get_mut(upload) else { return said(404, "") };
        let number = &asked.query["partNumber"];
        parts.insert(number.parse().unwrap(), asked.body.clone());
        Response::builder().header("etag", format!("\"{number}\"")).body(Full::default()).unwrap()
    }

    fn complete(&mut self, asked: &Asked, upload: &str) -> Answer {
        let Some(parts) = self.uploads.remove(upload) else { return said(404, "") };
        let bytes: Vec<u8> = parts.into_values().flatten().collect();
        let text =
            "<CompleteMultipartUploadResult><ETag>ETAG</ETag></CompleteMultipartUploadResult>";
        self.store(asked, bytes.into(), text)
    }
}

impl Object {
    fn e_tag(&self) -> String {
        format!("\"of-{}\"", self.generation)
    }

    fn head(&self, status: u16) -> hyper::http::response::Builder {
        Response::builder()
            .status(status)
            .header("etag", self.e_tag())
            .header("x-goog-generation", self.generation)
            .header("last-modified", self.modified.to_rfc2822().replace("+0000", "GMT"))
    }
}

fn said(status: u16, text: &str) -> Answer {
    Response::builder().status(status).body(Full::from(text.to_owned())).unwrap()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
