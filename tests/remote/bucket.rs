//! A bucket of a server, and the root of this process in it.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::front::Front;
use crate::google;

/// Whose protocol is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    S3,
    Azure,
    /// The fake of this process.
    Google,
}

/// An empty bucket (a container, as Azure has it), with a front that sees every request.
pub(crate) struct Bucket {
    service: Service,
    pub(crate) name: String,
    pub(crate) front: Front,
}

/// Those of the server for tests: everybody knows them.
const ACCOUNT: &str = "devstoreaccount1";
const ACCOUNT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

impl Bucket {
    pub(crate) fn new(service: Service) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("lake-{}-{number}", std::process::id());
        let front = match service {
            Service::S3 => Front::before(&server("TEST_S3_URL")),
            Service::Azure => Front::before(&server("TEST_AZURE_URL")),
            Service::Google => google::fake(),
        };
        let request = match service {
            Service::S3 | Service::Google => {
                reqwest::Client::new().put(format!("{}/{name}", front.url))
            }
            Service::Azure => new_container(&front.url, &name),
        };
        let status = block_on(async { request.send().await.unwrap().status() });
        assert!(status.is_success(), "{name}: {status}");
        front.asked();
        Self { service, name, front }
    }

    pub(crate) fn url(&self) -> String {
        let scheme = match self.service {
            Service::S3 => "s3",
            Service::Azure => "az",
            Service::Google => "gs",
        };
        format!("{scheme}://{}/team", self.name)
    }

    /// The options by which a store finds the server.
    pub(crate) fn options(&self) -> toml::Table {
        options(self.service, &self.front.url)
    }

    /// What makes it the root of another process, which asks the server itself.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        let server = match self.service {
            Service::S3 => server("TEST_S3_URL"),
            Service::Azure => server("TEST_AZURE_URL"),
            Service::Google => self.front.url.clone(),
        };
        let options = serde_json::to_string(&options(self.service, &server)).unwrap();
        [("NUTHATCH_FILESYSTEM", self.url()), ("NUTHATCH_FILESYSTEM_OPTIONS", options)]
    }

    /// Makes it the root of this process, opened anew: what was known of it is forgotten.
    pub(crate) fn configure(&self) {
        self.configure_at(&self.front.url, &toml::Table::new());
    }

    /// The same, as it is seen through a server of that URL, with these options beside its own.
    pub(crate) fn configure_at(&self, server: &str, more: &toml::Table) {
        let mut options = options(self.service, server);
        options.extend(more.clone());
        nuthatch::set_parameter!({
            "filesystem" => self.url(),
            "filesystem_options" => options,
            "local.filesystem" => format!("memory://local-of-{}", self.name),
        })
        .unwrap();
    }

    /// What the server was asked since this was last looked at, by the names that the design has:
    /// `GET manifest`, `PUT manifest if absent`. The requests of a probe are one.
    pub(crate) fn asked(&self) -> Vec<String> {
        let root = match self.service {
            Service::S3 | Service::Google => format!("/{}/team/", self.name),
            Service::Azure => format!("/{ACCOUNT}/{}/team/", self.name),
        };
        let mut asked: Vec<String> = Vec::new();
        for request in self.front.asked() {
            // Google's client writes every special character of a path as its number.
            let request = percent_decoded(&request);
            let (method, rest) = request.split_once(' ').unwrap();
            let (path, condition) = rest.split_once(' ').unwrap_or((rest, ""));
            let object = match path.strip_prefix(&root).unwrap_or(path) {
                "nuthatch.json" => "marker",
                path if path.starts_with(".probe/") => "",
                // A deletion, which names its objects in the body: of a probe, else of a lease.
                path if path.ends_with("?delete") || path.ends_with("&comp=batch") => {
                    match asked.last().is_some_and(|last| last == "probe") {
                        true => "",
                        false => "deletion",
                    }
                }
                path if path.ends_with(".json") && path.contains("/leases/") => "lease",
                path if path.ends_with("/value.bin") && path.contains("/data/") => "data",
                path if path.ends_with(".json") && path.contains("/entries/") => "manifest",
                other => other,
            };
            let step = match object {
                "" => "probe".to_owned(),
                "deletion" => "DELETE lease".to_owned(),
                object => format!("{method} {object} {condition}").trim_end().to_owned(),
            };
            if step != "probe" || asked.last() != Some(&step) {
                asked.push(step);
            }
        }
        asked
    }
}

/// The server that `cargo xtask with-servers` has started.
fn server(variable: &str) -> String {
    let server = std::env::var(variable);
    server.unwrap_or_else(|_| panic!("{variable} is not set: run `cargo xtask with-servers`"))
}

/// The options by which a store finds a server at a URL.
pub(crate) fn options(service: Service, server: &str) -> toml::Table {
    let options = match service {
        Service::S3 => format!(
            "endpoint = {server:?}\nregion = 'us-east-1'\nallow_http = true\n\
             access_key_id = 'an-access-key'\nsecret_access_key = 'topsecret-key'\n"
        ),
        Service::Azure => format!(
            "endpoint = '{server}/{ACCOUNT}'\naccount_name = {ACCOUNT:?}\nallow_http = true\n\
             account_key = {ACCOUNT_KEY:?}\n"
        ),
        Service::Google => format!(
            "allow_http = true\nservice_account_key = '{{\"gcs_base_url\": {server:?}, \
             \"disable_oauth\": true, \"client_email\": \"\", \"private_key\": \"\", \
             \"private_key_id\": \"\"}}'\n"
        ),
    };
    options.parse().unwrap()
}

/// The request for a new container, which object_store does not know, signed as Azure asks for.
fn new_container(server: &str, name: &str) -> reqwest::RequestBuilder {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let date = chrono::Utc::now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let version = "2023-11-03";
    let resource = format!("/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container");
    let headers = format!("x-ms-date:{date}\nx-ms-version:{version}");
    let signed = format!("PUT\n\n\n\n\n\n\n\n\n\n\n\n{headers}\n{resource}");
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &STANDARD.decode(ACCOUNT_KEY).unwrap());
    let signature = STANDARD.encode(ring::hmac::sign(&key, signed.as_bytes()));
    reqwest::Client::new()
        .put(format!("{server}/{ACCOUNT}/{name}?restype=container"))
        .header("x-ms-date", date)
        .header("x-ms-version", version)
        .header("content-length", "0")
        .header("authorization", format!("SharedKey {ACCOUNT}:{signature}"))
}

pub(crate) fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(future)
}
