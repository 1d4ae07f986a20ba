//! A network that does not do what it should: a TCP proxy before a server, which cuts answers
//! short, lets them stall, is slow, and cuts the connection at what is said over it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

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

/// When a connection is cut, of the request that has the words in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before it: the server never hears of it.
    Before,
    /// After it: the server does what it says, and its answer is lost.
    After,
}

/// A proxy on this machine. It ends when it is dropped.
pub(crate) struct Proxy {
    /// Its host and port.
    pub(crate) address: String,
    pub(crate) url: String,
    conduct: Arc<Conduct>,
    _runtime: Runtime,
}

#[derive(Default)]
struct Conduct {
    /// What becomes of the next answers, the next one first; then all come as they should.
    troubles: Mutex<VecDeque<Trouble>>,
    struck: AtomicU64,
    /// The connection over which these words come next is cut.
    words: Mutex<Option<(String, Cut)>>,
    /// Before each request is passed on, in milliseconds.
    latency: AtomicU64,
    /// Of answers, in bytes a second; 0 where there is no bound.
    rate: AtomicU64,
}

impl Proxy {
    /// Passes connections on to the server at a URL without a path, or at a host and port.
    pub(crate) fn before(server: &str) -> Self {
        let server = server.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(listen());
        let address = listener.local_addr().unwrap().to_string();
        let url = format!("http://{address}");
        let conduct = Arc::<Conduct>::default();
        let of_all = Arc::clone(&conduct);
        runtime.spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else { continue };
                let Ok(server) = TcpStream::connect(&server).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let is_cut = Arc::<AtomicBool>::default();
                let (of_requests, cuts) = (Arc::clone(&of_all), Arc::clone(&is_cut));
                tokio::spawn(requests(from_client, to_server, of_requests, cuts));
                tokio::spawn(answers(from_server, to_client, Arc::clone(&of_all), is_cut));
            }
        });
        Self { address, url, conduct, _runtime: runtime }
    }

    /// Has these become of the next answers.
    pub(crate) fn expect(&self, troubles: impl IntoIterator<Item = Trouble>) {
        let mut queue = self.conduct.troubles.lock().unwrap();
        queue.clear();
        queue.extend(troubles);
        self.conduct.struck.store(0, Ordering::SeqCst);
    }

    /// Cuts the connection over which these words come next.
    pub(crate) fn cut_at(&self, words: &str, cut: Cut) {
        *self.conduct.words.lock().unwrap() = Some((words.to_owned(), cut));
        self.conduct.struck.store(0, Ordering::SeqCst);
    }

    /// How many answers were cut or have stalled, and connections were cut, since.
    pub(crate) fn struck(&self) -> u64 {
        self.conduct.struck.load(Ordering::SeqCst)
    }

    /// Is slow from now on.
    pub(crate) fn slow(&self, latency: Duration, bytes_per_second: u64) {
        self.conduct.latency.store(latency.as_millis() as u64, Ordering::SeqCst);
        self.conduct.rate.store(bytes_per_second, Ordering::SeqCst);
    }
}

impl Conduct {
    /// Whether the connection over which these bytes come is to be cut.
    fn cut(&self, bytes: &[u8]) -> Option<Cut> {
        let mut words = self.words.lock().unwrap();
        let said = words.as_ref()?.0.as_bytes();
        if !bytes.windows(said.len()).any(|window| window == said) {
            return None;
        }
        self.struck.fetch_add(1, Ordering::SeqCst);
        words.take().map(|(_, cut)| cut)
    }
}

async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    conduct: Arc<Conduct>,
    is_cut: Arc<AtomicBool>,
) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let latency = Duration::from_millis(conduct.latency.load(Ordering::SeqCst));
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let cut = conduct.cut(&bytes[..length]);
        // From now on no answer is passed on. The client sees its connection end when the server
        // answers, and so has done what it was told, or has seen the end of what comes.
        is_cut.fetch_or(cut.is_some(), Ordering::SeqCst);
        if cut == Some(Cut::Before) {
            return;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

async fn answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    conduct: Arc<Conduct>,
    is_cut: Arc<AtomicBool>,
) {
    let mut bytes = vec![0; 8 * 1024];
    let mut trouble = Trouble::None;
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if is_cut.load(Ordering::SeqCst) {
            return;
        }
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

/// A port below those that systems hand out to whoever asks for any.
pub(crate) async fn listen() -> TcpListener {
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
