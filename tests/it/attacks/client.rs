//! A client of the server that sends any bytes, and reads answers one by one.

use crate::exe::harness::GUARD;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;

/// Head of an answer. No answer has a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Value of `x-key-reason`, empty without one.
    pub reason: String,
    /// Whether it says that the connection will be closed.
    pub closes: bool,
}

impl Answer {
    /// Parses a head, without the empty line at its end.
    #[track_caller]
    fn parse(head: &str) -> Self {
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let fields: Vec<(&str, &str)> = lines.map(|line| line.split_once(": ").unwrap()).collect();
        let field = |name: &str| {
            let found = fields.iter().find(|(it, _)| *it == name);
            found.map_or("", |(_, value)| *value)
        };
        assert_eq!(field("content-length"), "0", "{head}");
        Answer {
            status: status.parse().unwrap(),
            reason: field("x-key-reason").to_owned(),
            closes: field("connection") == "close",
        }
    }
}

/// A connection to the server.
pub struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    /// Connects. Each read and write fails the test after a generous time.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(GUARD)).unwrap();
        stream.set_write_timeout(Some(GUARD)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client {
            stream,
            received: Vec::new(),
        }
    }

    /// Sends bytes. Returns false once the server has closed the connection.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        match self.stream.write_all(bytes.as_ref()) {
            Ok(()) => true,
            Err(cause) if is_closed(cause.kind()) => false,
            Err(cause) => panic!("{cause}"),
        }
    }

    /// Says that nothing more will be sent.
    pub fn finish(&self) {
        // The server may have closed the connection.
        drop(self.stream.shutdown(Shutdown::Write));
    }

    /// Waits for the next answer; `None` once the server has closed the connection.
    #[track_caller]
    pub fn answer(&mut self) -> Option<Answer> {
        loop {
            let end = self
                .received
                .windows(4)
                .position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let rest = self.received.split_off(end + 4);
                let head = std::mem::replace(&mut self.received, rest);
                return Some(Answer::parse(std::str::from_utf8(&head[..end]).unwrap()));
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) => break,
                Ok(count) => self.received.extend(&bytes[..count]),
                Err(cause) if is_closed(cause.kind()) => break,
                // A socket with a time limit is interrupted where the process is stopped and continued (signal(7)).
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) => panic!("{cause}"),
            }
        }
        assert_eq!(
            String::from_utf8_lossy(&self.received),
            "",
            "a body, or half an answer"
        );
        None
    }

    /// Waits for all answers until the server closes the connection.
    #[track_caller]
    pub fn answers(&mut self) -> Vec<Answer> {
        std::iter::from_fn(|| self.answer()).collect()
    }

    /// Sends bytes and returns all answers until the server closes the connection. It may do so before it has read all.
    #[track_caller]
    pub fn exchange(&mut self, bytes: impl AsRef<[u8]>) -> Vec<Answer> {
        let (bytes, mut writer) = (bytes.as_ref(), self.stream.try_clone().unwrap());
        thread::scope(|scope| {
            scope.spawn(move || writer.write_all(bytes));
            self.answers()
        })
    }
}

/// Tells whether an error is that the server has closed the connection.
fn is_closed(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}
