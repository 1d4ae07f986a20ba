//! A proxy that delays whatever a server is asked, as a distance would: nothing gets slower to send,
//! it only arrives later.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

const DELAY: Duration = Duration::from_millis(20);
const BLOCK: usize = 64 << 10;
/// Blocks on their way: as many bytes as any server here takes in that time.
const BLOCKS: usize = 1024;

/// Starts one for the life of the process; its URL.
pub(crate) fn before(server: &str) -> Result<String> {
    let host = server.strip_prefix("http://").ok_or("the server is not named by http://")?;
    let server: SocketAddr = host.trim_end_matches('/').parse()?;
    let listener = listen()?;
    let url = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || serve(client, server));
        }
    });
    Ok(url)
}

/// A port below those that systems hand out to whoever asks for any.
fn listen() -> io::Result<TcpListener> {
    let addresses: Vec<_> =
        (20_000..30_000).map(|port| SocketAddr::from(([127, 0, 0, 1], port))).collect();
    TcpListener::bind(&addresses[..])
}

/// Carries both ways until either side hangs up.
fn serve(client: TcpStream, server: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (asking, asked) = (client.try_clone()?, server.try_clone()?);
    let (sender, receiver) = sync_channel(BLOCKS);
    thread::spawn(move || take(asking, &sender));
    thread::spawn(move || give(asked, &receiver));
    let (mut answering, mut answered) = (server, client);
    io::copy(&mut answering, &mut answered)?;
    answered.shutdown(std::net::Shutdown::Both)
}

type Block = (Instant, Vec<u8>);

fn take(mut from: TcpStream, sender: &SyncSender<Block>) {
    let mut block = vec![0; BLOCK];
    while let Ok(length @ 1..) = from.read(&mut block) {
        if sender.send((Instant::now() + DELAY, block[..length].to_vec())).is_err() {
            return;
        }
    }
}

fn give(mut to: TcpStream, receiver: &Receiver<Block>) {
    for (due, block) in receiver {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&block).is_err() {
            return;
        }
    }
    drop(to.shutdown(std::net::Shutdown::Write));
}
