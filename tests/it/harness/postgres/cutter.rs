//! A relay before a server, which ends a session at a chosen message.

use super::{Database, USER};
use crate::exe::harness::until;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;

/// How a session is ended at a message of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The message does not reach the server.
    Before,
    /// The server answers the message, and the client does not get the answer.
    After,
    /// The server ends the session, with `pg_terminate_backend`, before the message reaches it.
    Terminate,
}

/// A relay before a server.
pub struct Cutter {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    server: SocketAddr,
    /// Messages until the cut, counted down. Those of the start of a session count too.
    left: AtomicUsize,
    cut: Cut,
    database: Arc<Database>,
}

impl Cutter {
    /// A relay to the server of `database` that ends a session at the message of this number, from 1. It is one
    /// session alone: those that come later are relayed as they are.
    pub fn start(database: &Arc<Database>, number: usize, cut: Cut) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let port = database.cluster().server().port();
        let state = Arc::new(State {
            server: (Ipv4Addr::LOCALHOST, port).into(),
            left: AtomicUsize::new(number),
            cut,
            database: Arc::clone(database),
        });
        let relay = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&relay);
                // An error ends the session, as it would without the relay.
                thread::spawn(move || drop(state.relay(client)));
            }
        });
        Cutter { address, state }
    }

    /// The URL of the database through the relay.
    pub fn url(&self) -> String {
        let (address, name) = (self.address, self.state.database.name());
        format!("postgres://{USER}@{address}/{name}?sslmode=disable")
    }

    /// Whether a session was ended.
    pub fn has_cut(&self) -> bool {
        self.state.left.load(SeqCst) == 0
    }
}

impl State {
    fn relay(&self, client: TcpStream) -> io::Result<()> {
        let server = TcpStream::connect(self.server)?;
        let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
        let (mut from_client, mut to_server) = (client, server);
        thread::scope(|scope| {
            let back = scope.spawn(move || {
                drop(io::copy(&mut from_server, &mut to_client));
                drop(to_client.shutdown(Shutdown::Both));
            });
            let mut bytes = [0; 65536];
            loop {
                let count = from_client.read(&mut bytes).unwrap_or(0);
                let message = bytes.get(..count).unwrap_or_default();
                if message.is_empty() {
                    drop(to_server.shutdown(Shutdown::Both));
                    break;
                }
                let is_cut = self.is_next();
                match (is_cut, self.cut) {
                    (false, _) => to_server.write_all(message)?,
                    (true, Cut::Before) => {
                        drop(from_client.shutdown(Shutdown::Both));
                        drop(to_server.shutdown(Shutdown::Both));
                        break;
                    }
                    (true, Cut::After) => {
                        drop(from_client.shutdown(Shutdown::Both));
                        to_server.write_all(message)?;
                        // The server sees the end behind the message, and does first what that says.
                        drop(to_server.shutdown(Shutdown::Write));
                        break;
                    }
                    (true, Cut::Terminate) => {
                        self.terminate();
                        drop(to_server.write_all(message));
                    }
                }
            }
            drop(back.join());
            Ok(())
        })
    }

    /// Counts a message, and tells whether it is the one.
    fn is_next(&self) -> bool {
        let counted = self
            .left
            .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        counted == Ok(1)
    }

    fn terminate(&self) {
        let find = format!(
            "FROM pg_stat_activity WHERE usename = '{USER}' AND datname = '{}'",
            self.database.name()
        );
        self.database
            .admin(&format!("SELECT pg_terminate_backend(pid) {find}"));
        until("the session has ended", || {
            self.database
                .admin(&format!("SELECT pid {find}"))
                .is_empty()
        });
    }
}
