//! A server before another one, or before a folder, that writes down what it is asked.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub(crate) type Answer = Response<Full<Bytes>>;

/// A web server on this machine. It ends when it is dropped.
pub(crate) struct Front {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

impl Front {
    /// Passes every request on to another server.
    pub(crate) fn before(server: &str) -> Self {
        let (client, server) = (reqwest::Client::new(), server.to_owned());
        Self::answering(move |request| {
            let (client, server) = (client.clone(), server.clone());
            async move { pass_on(&client, &server, request).await }
        })
    }

    /// Serves the files of a folder, as the plainest of web servers do: nothing can be listed.
    pub(crate) fn of_folder(folder: PathBuf) -> Self {
        Self::answering(move |request| {
            let answer = match (request.method().as_str(), request.uri().path()) {
                ("GET", path) => std::fs::read(folder.join(path.trim_start_matches('/'))).ok(),
                _ => None,
            };
            let status = if answer.is_some() { 200 } else { 404 };
            let body = Full::from(answer.unwrap_or_default());
            async move { Response::builder().status(status).body(body).unwrap() }
        })
    }

    /// Answers every request with a status and a text.
    pub(crate) fn saying(status: u16, text: &'static str) -> Self {
        Self::answering(move |_| async move {
            Response::builder().status(status).body(Full::from(text)).unwrap()
        })
    }

    /// Answers every request by a function.
    pub(crate) fn answering<F>(
        answer: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(listen());
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        runtime.spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let (seen, answer) = (Arc::clone(&seen), answer.clone());
                tokio::spawn(async move {
                    let service = service_fn(move |request: Request<Incoming>| {
                        seen.lock().unwrap().push(shown(&request));
                        let answer = answer(request);
                        async move { Ok::<_, Infallible>(answer.await) }
                    });
                    let server = hyper::server::conn::http1::Builder::new();
                    // A client that hangs up is no mistake.
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { url, asked, _runtime: runtime }
    }

    /// What it was asked since this was last looked at: methods and paths, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// A request as `PUT /bucket/object`, with the condition that it has.
fn shown(request: &Request<Incoming>) -> String {
    let condition = |name: &str| request.headers().contains_key(name);
    let generation = request.headers().get("x-goog-if-generation-match");
    let is_new = generation.is_some_and(|generation| generation == "0");
    let condition = if condition("if-none-match") || is_new {
        " if absent"
    } else if condition("if-match") || generation.is_some() {
        " if unchanged"
    } else {
        ""
    };
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{} {}{query}{condition}", request.method(), request.uri().path())
}

async fn pass_on(client: &reqwest::Client, server: &str, request: Request<Incoming>) -> Answer {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let url = format!("{server}{}", parts.uri);
    let passed = client.request(parts.method, url).headers(parts.headers).body(body);
    let answered = passed.send().await.unwrap();
    let mut answer = Response::builder().status(answered.status());
    for (name, value) in answered.headers() {
        // The whole body is sent at once, whatever it came in.
        if name != "transfer-encoding" {
            answer = answer.header(name, value);
        }
    }
    answer.body(Full::from(answered.bytes().await.unwrap())).unwrap()
}

/// A port below those that systems hand out to whoever asks for any.
async fn listen() -> TcpListener {
    let first = std::process::id() as u16 % 10_000;
    for offset in 0..10_000 {
        let port = 10_000 + (first + offset) % 10_000;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if let Ok(listener) = TcpListener::bind(address).await {
            return listener;
        }
    }
    panic!("no port is free");
}
