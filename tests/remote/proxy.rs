//! A network that does not do what it should: a TCP proxy before a server, which cuts answers
//! short, lets them stall, and is slow.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::runtime::Runtime;

use crate::front::listen;

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It comes as it should.
    None,
    /// After so many bytes the connection is cut.
    Cut(usize),
    /// After so many bytes nothing comes any more, and the connection stays.
    Stall(usize),
}

/// A proxy on this machine. It ends when it is dropped.
pub(crate) struct Proxy {
    pub(crate) url: String,
    conduct: Arc<Conduct>,
    _runtime: Runtime,
}

#[derive(Default)]
struct Conduct {
    /// What becomes of the next answers, the next one first; then all come as they should.
    troubles: Mutex<VecDeque<Trouble>>,
    struck: AtomicU64,
    /// Before each request is passed on, in milliseconds.
    latency: AtomicU64,
    /// Of answers, in bytes a second; 0 where there is no bound.
    rate: AtomicU64,
}

impl Proxy {
    /// Passes connections on to the server at a URL without a path.
    pub(crate) fn before(server: &str) -> Self {
        let server = server.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(listen());
        let url = format!("http://{}", listener.local_addr().unwrap());
        let conduct = Arc::<Conduct>::default();
        let of_all = Arc::clone(&conduct);
        runtime.spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else { continue };
                let Ok(server) = TcpStream::connect(&server).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(requests(from_client, to_server, Arc::clone(&of_all)));
                tokio::spawn(answers(from_server, to_client, Arc::clone(&of_all)));
            }
        });
        Self { url, conduct, _runtime: runtime }
    }

    /// Has these become of the next answers.
    pub(crate) fn expect(&self, troubles: impl IntoIterator<Item = Trouble>) {
        let mut queue = self.conduct.troubles.lock().unwrap();
        queue.clear();
        queue.extend(troubles);
        self.conduct.struck.store(0, Ordering::SeqCst);
    }

    /// How many answers were cut or have stalled since.
    pub(crate) fn struck(&self) -> u64 {
        self.conduct.struck.load(Ordering::SeqCst)
    }

    /// Is slow from now on.
    pub(crate) fn slow(&self, latency: Duration, bytes_per_second: u64) {
        self.conduct.latency.store(latency.as_millis() as u64, Ordering::SeqCst);
        self.conduct.rate.store(bytes_per_second, Ordering::SeqCst);
    }
}

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, conduct: Arc<Conduct>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let latency = Duration::from_millis(conduct.latency.load(Ordering::SeqCst));
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, conduct: Arc<Conduct>) {
    let mut bytes = vec![0; 8 * 1024];
    let mut trouble = Trouble::None;
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        // An answer begins with its status; what follows is the rest of one.
        if bytes.starts_with(b"HTTP/1.1 ") {
            trouble = conduct.troubles.lock().unwrap().pop_front().unwrap_or(Trouble::None);
        }
        let passed = match &mut trouble {
            Trouble::None => length,
            Trouble::Cut(left) | Trouble::Stall(left) => {
                let passed = length.min(*left);
                *left -= passed;
                passed
            }
        };
        let rate = conduct.rate.load(Ordering::SeqCst);
        if rate > 0 {
            tokio::time::sleep(Duration::from_secs_f64(passed as f64 / rate as f64)).await;
        }
        if to.write_all(&bytes[..passed]).await.is_err() {
            return;
        }
        match trouble {
            Trouble::Cut(0) => {
                conduct.struck.fetch_add(1, Ordering::SeqCst);
                return;
            }
            Trouble::Stall(0) => {
                conduct.struck.fetch_add(1, Ordering::SeqCst);
                // Until the client has had enough.
                std::future::pending::<()>().await;
            }
            _ => {}
        }
    }
}
