//! A server before another one, or before a folder, that writes down what it is asked.

use std::convert::Infallible;
use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::runtime::Runtime;

use crate::proxy::listen;

pub(crate) type Answer = Response<Full<Bytes>>;

/// A web server on this machine. It ends when it is dropped.
pub(crate) struct Front {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
    served: Arc<AtomicU64>,
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

    /// Serves the files of a folder and parts of them, as web servers do: nothing can be listed.
    pub(crate) fn of_folder(folder: PathBuf) -> Self {
        Self::answering(move |request| {
            let path = folder.join(request.uri().path().trim_start_matches('/'));
            let content = match request.method().as_str() {
                "GET" | "HEAD" => std::fs::read(path).ok(),
                _ => None,
            };
            let answer = content.map_or_else(absent, |content| part(&request, &content));
            async move { answer }
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
        let served = Arc::new(AtomicU64::new(0));
        let (seen, sum) = (Arc::clone(&asked), Arc::clone(&served));
        runtime.spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let (seen, sum, answer) = (Arc::clone(&seen), Arc::clone(&sum), answer.clone());
                tokio::spawn(async move {
                    let service = service_fn(move |request: Request<Incoming>| {
                        seen.lock().unwrap().push(shown(&request));
                        let (answer, sum) = (answer(request), Arc::clone(&sum));
                        async move {
                            let answer = answer.await;
                            let bytes = answer.body().size_hint().exact().unwrap_or_default();
                            sum.fetch_add(bytes, Ordering::SeqCst);
                            Ok::<_, Infallible>(answer)
                        }
                    });
                    let server = hyper::server::conn::http1::Builder::new();
                    // A client that hangs up is no mistake.
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { url, asked, served, _runtime: runtime }
    }

    /// What it was asked since this was last looked at: methods and paths, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// The bytes that it has served since this was last looked at.
    pub(crate) fn served(&self) -> u64 {
        self.served.swap(0, Ordering::SeqCst)
    }
}

fn absent() -> Answer {
    Response::builder().status(404).body(Full::default()).unwrap()
}

/// All of a file, its head alone, or the range that is asked for.
fn part(request: &Request<Incoming>, content: &[u8]) -> Answer {
    let range = request.headers().get("range").map(|range| range.to_str().unwrap());
    let range = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let number = |digits: &str| digits.parse::<usize>().unwrap();
    let (first, end) = match range {
        None => (0, content.len()),
        Some(("", length)) => (content.len().saturating_sub(number(length)), content.len()),
        Some((first, "")) => (number(first), content.len()),
        Some((first, last)) => (number(first), content.len().min(number(last) + 1)),
    };
    let answer = Response::builder().header("accept-ranges", "bytes");
    if request.method() == "HEAD" {
        let answer = answer.header("content-length", content.len());
        return answer.body(Full::default()).unwrap();
    }
    let Some(part) = content.get(first..end).filter(|part| range.is_none() || !part.is_empty())
    else {
        return answer.status(416).body(Full::default()).unwrap();
    };
    let answer = match range {
        None => answer,
        Some(_) => {
            let shown = format!("bytes {first}-{}/{}", end - 1, content.len());
            answer.status(206).header("content-range", shown)
        }
    };
    answer.body(Full::from(Bytes::copy_from_slice(part))).unwrap()
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
