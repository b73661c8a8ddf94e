//! A small HTTP/1.1 client that sends what no proper client would send.

use super::server::Place;
use crate::exe::harness::GUARD;
use std::fmt::{self, Debug, Formatter};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread;

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// Names and values, sent in this order and in this case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body goes in chunks, without its length.
    pub chunked: bool,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, path: &str) -> Self {
        Request {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            chunked: false,
        }
    }

    /// The same with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with `token` as its `X-Api-Key`.
    pub fn key(self, token: &str) -> Self {
        self.header("X-Api-Key", token)
    }

    /// The same with a body of so many bytes.
    pub fn body(mut self, length: usize) -> Self {
        self.body = vec![b'x'; length];
        self
    }

    /// The same with its body in chunks.
    pub fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Bytes on the wire; the connection is to close after the `last` request.
    fn bytes(&self, last: bool) -> Vec<u8> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: api.test\r\n",
            self.method, self.path
        );
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if last {
            head += "Connection: close\r\n";
        }
        if self.chunked {
            head += "Transfer-Encoding: chunked\r\n\r\n";
            let mut bytes = head.into_bytes();
            for chunk in self.body.chunks(10_000) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
            return bytes;
        }
        if !self.body.is_empty() {
            head += &format!("Content-Length: {}\r\n", self.body.len());
        }
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend(&self.body);
        bytes
    }
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of the first header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl Debug for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        write!(f, "{} {:?} {body:?}", self.status, self.headers)
    }
}

/// The answer to a request on a connection of its own.
#[track_caller]
pub fn send(to: impl Into<Place>, request: &Request) -> Answer {
    let mut answers = send_all(to, std::slice::from_ref(request));
    answers.remove(0)
}

/// The answers to requests that go over one connection, each without waiting for the one before.
#[track_caller]
pub fn send_all(to: impl Into<Place>, requests: &[Request]) -> Vec<Answer> {
    let count = requests.len();
    let bytes: Vec<u8> = requests
        .iter()
        .zip(1..)
        .flat_map(|(request, number)| request.bytes(number == count))
        .collect();
    let received = raw(&to.into(), &bytes);
    let mut rest = received.as_slice();
    let answers = requests.iter().map(|request| {
        let (answer, after) = parsed(rest, request.method == "HEAD").unwrap_or_else(|| {
            let text = String::from_utf8_lossy(&received);
            panic!("no answer to {} {}: {text:?}", request.method, request.path)
        });
        rest = after;
        answer
    });
    answers.collect()
}

/// All that comes back for `bytes` until the other side closes.
#[track_caller]
pub fn raw(to: &Place, bytes: &[u8]) -> Vec<u8> {
    match to {
        Place::Tcp(address) => {
            let stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(GUARD)).unwrap();
            exchange(&stream, &stream, bytes)
        }
        Place::Unix(path) => {
            let stream = UnixStream::connect(path).unwrap();
            stream.set_read_timeout(Some(GUARD)).unwrap();
            exchange(&stream, &stream, bytes)
        }
    }
}

/// Writes and reads at once: the answer may come, and the connection close, before all is sent.
fn exchange(mut reader: impl Read, mut writer: impl Write + Send, bytes: &[u8]) -> Vec<u8> {
    let mut received = Vec::new();
    thread::scope(|scope| {
        scope.spawn(move || writer.write_all(bytes));
        drop(reader.read_to_end(&mut received));
    });
    received
}

/// The first answer in `bytes`, and what follows it. `None` if it is not complete.
fn parsed(bytes: &[u8], of_head: bool) -> Option<(Answer, &[u8])> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
    let rest = bytes.get(end + 4..)?;
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    if status < 200 {
        return parsed(rest, of_head);
    }
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer {
        status,
        headers,
        body: Vec::new(),
    };
    let (body, rest) = match (
        answer.header("content-length"),
        answer.header("transfer-encoding"),
    ) {
        _ if of_head || status == 204 || status == 304 => (Vec::new(), rest),
        (Some(length), _) => {
            let (body, rest) = rest.split_at_checked(length.parse().ok()?)?;
            (body.to_vec(), rest)
        }
        (None, Some("chunked")) => dechunked(rest)?,
        (None, _) => (rest.to_vec(), &[][..]),
    };
    answer.body = body;
    Some((answer, rest))
}

/// A body out of its chunks, and what follows it.
fn dechunked(mut bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let length = std::str::from_utf8(bytes.get(..end)?).ok()?;
        let length = usize::from_str_radix(length.trim(), 16).ok()?;
        let (chunk, rest) = bytes.get(end + 2..)?.split_at_checked(length)?;
        body.extend(chunk);
        bytes = rest.strip_prefix(b"\r\n")?;
        if length == 0 {
            return Some((body, bytes));
        }
    }
}

#[test]
fn answers_are_told_apart_by_length_and_by_chunks() {
    let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 401 \
        Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\nHTTP/1.1 204 No\r\n\r\nrest";
    let (first, rest) = parsed(bytes, false).unwrap();
    assert_eq!((first.status, &*first.body), (200, &b"ab"[..]));
    let (second, rest) = parsed(rest, false).unwrap();
    assert_eq!((second.status, &*second.body), (401, &b"abcd"[..]));
    let (third, rest) = parsed(rest, false).unwrap();
    assert_eq!((third.status, rest), (204, &b"rest"[..]));
    assert!(parsed(&bytes[..60], false).is_none());
}
