//! A bucket that is twenty milliseconds away: small values, a table and an array, beside bare
//! `object_store` and `zarrs`, and s3fs with pandas and xarray. All sides of a row take turns in one
//! run, and all of them go through the same proxy, which delays each request.
//!
//! `cargo xtask with-servers cargo bench --bench remote --features remote`, which starts the server
//! and makes the interpreter ready that `TEST_PYTHON` names. `REMOTE_BENCH_ONLY=array` runs one
//! part: `small`, `many`, `table` or `array`; `REMOTE_BENCH_MB` says how large the array is.

mod array;
mod delay;
mod small;
mod table;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use nuthatch_benches::{Peer, packages};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use tokio::runtime::Runtime;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The variable that names the server.
const SERVER: &str = "TEST_S3_URL";
const BUCKET: &str = "bench";
const REGION: &str = "us-east-1";
/// What the server takes from anyone.
const KEY: &str = "key";
/// What Python reads buckets with.
const S3FS: &str = "s3fs";

fn main() -> Result {
    let server = std::env::var(SERVER).map_err(|_| {
        format!("{SERVER} is not set: run `cargo xtask with-servers cargo bench …`")
    })?;
    let only = std::env::var("REMOTE_BENCH_ONLY").ok();
    let is_run = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let far = Far::new(&server)?;
    let packages = packages(S3FS, &[S3FS])?;
    let arguments = [far.url.as_ref(), BUCKET.as_ref(), KEY.as_ref()];
    let peer = Peer::start("remote/peer.py", &arguments, packages.as_deref())?;
    if is_run("small") {
        print!("{}", small::one(&far, peer.as_ref())?);
    }
    if is_run("many") {
        print!("{}", small::many(&far, peer.as_ref())?);
    }
    if is_run("table") {
        print!("{}", table::table(&far, peer.as_ref())?);
    }
    if is_run("array") {
        print!("{}", array::table(&far, peer.as_ref())?);
    }
    Ok(())
}

/// The bucket behind the proxy: the root of this process, and bare.
struct Far {
    url: String,
    store: Arc<AmazonS3>,
    runtime: Runtime,
}

impl Far {
    fn new(server: &str) -> Result<Self> {
        make_bucket(server)?;
        let url = delay::before(server)?;
        let builder = AmazonS3Builder::new().with_endpoint(&url).with_region(REGION);
        let builder = builder.with_access_key_id(KEY).with_secret_access_key(KEY);
        let store = Arc::new(builder.with_allow_http(true).with_bucket_name(BUCKET).build()?);
        let mut options = toml::Table::new();
        for (name, value) in [
            ("endpoint", url.as_str()),
            ("region", REGION),
            ("access_key_id", KEY),
            ("secret_access_key", KEY),
            ("allow_http", "true"),
        ] {
            options.insert(name.to_owned(), value.into());
        }
        nuthatch::set_parameter!({
            "filesystem" => format!("s3://{BUCKET}/team"),
            "filesystem_options" => options,
        })?;
        Ok(Self { url, store, runtime: Runtime::new()? })
    }

    /// Reads a whole object, and nothing else; its length.
    fn get(&self, path: &object_store::path::Path) -> Result<usize> {
        use object_store::ObjectStoreExt as _;
        let read = async { self.store.get(path).await?.bytes().await };
        Ok(self.runtime.block_on(read)?.len())
    }
}

/// Asks for it in as many words, at the server itself.
fn make_bucket(server: &str) -> Result {
    let host = server.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host)?;
    let asked = "Content-Length: 0\r\nConnection: close\r\n\r\n";
    write!(stream, "PUT /{BUCKET} HTTP/1.1\r\nHost: {host}\r\n{asked}")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.starts_with("HTTP/1.1 200") {
        true => Ok(()),
        false => Err(format!("the bucket cannot be made: {answer}").into()),
    }
}

/// The object that a URI of the bucket names.
fn object(uri: &str) -> Result<object_store::path::Path> {
    let path = uri.strip_prefix(&format!("s3://{BUCKET}/")).ok_or("a URI of another bucket")?;
    Ok(object_store::path::Path::parse(path)?)
}
