//! The application behind a gateway: it answers every request with 200, `/status/N` with N, and keeps
//! what it received.

use crate::exe::harness::GUARD;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Body of each answer.
pub const BODY: &str = "{\"object\":\"list\",\"data\":[]}\n";

/// A request as the application received it.
#[derive(Clone, Debug, Default)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    /// Bytes of the body.
    pub body: usize,
}

impl Received {
    /// The values of the headers with this name, in any case.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let named = self
            .headers
            .iter()
            .filter(|(it, _)| it.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }
}

#[derive(Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    connections: AtomicUsize,
    ended: AtomicBool,
}

/// An HTTP/1.1 server in threads of the test.
pub struct Application {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Application {
    /// One that listens at a free port.
    pub fn start() -> Self {
        Self::with_body(BODY)
    }

    /// One whose answers have this body.
    pub fn with_body(body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if of_thread.ended.load(Ordering::SeqCst) {
                    return;
                }
                of_thread.connections.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&of_thread);
                thread::spawn(move || stream.and_then(|stream| serve(&stream, &shared, body)));
            }
        });
        Application { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number of connections accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The requests received since the last call.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.shared.received.lock().unwrap())
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
    }
}

/// Answers the requests of one connection until it closes.
fn serve(stream: &TcpStream, shared: &Shared, body: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(GUARD))?;
    let mut reader = BufReader::new(stream);
    while let Some(received) = receive(&mut reader)? {
        let closes = received.values("connection") == ["close"];
        let of_head = received.method == "HEAD";
        let status = received
            .path
            .strip_prefix("/status/")
            .unwrap_or("200")
            .to_owned();
        shared.received.lock().unwrap().push(received);
        let mut answer = format!(
            "HTTP/1.1 {status} As Asked\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if !of_head {
            answer += body;
        }
        (&mut &*stream).write_all(answer.as_bytes())?;
        if closes {
            break;
        }
    }
    Ok(())
}

/// The next request of a connection; `None` at its end.
fn receive(reader: &mut impl BufRead) -> io::Result<Option<Received>> {
    let first = line(reader)?;
    let mut words = first.split(' ').map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let mut received = Received {
        method,
        path,
        ..Received::default()
    };
    loop {
        let line = line(reader)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        let header = (name.to_owned(), value.trim().to_owned());
        received.headers.push(header);
    }
    received.body = match received.values("transfer-encoding").is_empty() {
        false => chunks(reader)?,
        true => {
            let length = received.values("content-length").first().copied();
            let length = length.map_or(0, |length| length.parse().unwrap());
            skip(reader, length)?
        }
    };
    Ok(Some(received))
}

/// A line without its end.
fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

/// Reads so many bytes and returns their number.
fn skip(reader: &mut impl BufRead, length: usize) -> io::Result<usize> {
    let read = io::copy(
        &mut reader.take(length.try_into().unwrap()),
        &mut io::sink(),
    )?;
    Ok(read.try_into().unwrap())
}

/// Reads a body in chunks and returns its length.
fn chunks(reader: &mut impl BufRead) -> io::Result<usize> {
    let mut total = 0;
    loop {
        let length = usize::from_str_radix(&line(reader)?, 16).unwrap();
        total += skip(reader, length)?;
        line(reader)?;
        if length == 0 {
            return Ok(total);
        }
    }
}
