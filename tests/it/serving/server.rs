//! A store, a server of it, and questions to the server.

use crate::exe::harness::{Site, until};
use crate::gateways::client::{Answer, Request, send};
use crate::gateways::server::{Server, Socket};
use crate::harness::id_of;

/// A store and a server of it.
pub struct Served {
    pub site: Site,
    pub server: Server,
}

impl Served {
    /// A server with more flags, split at blanks, of a store that hashes by SHA-256.
    #[track_caller]
    pub fn start(flags: &str) -> Self {
        Served::of(quick(), flags)
    }

    /// A server of the site's store.
    #[track_caller]
    pub fn of(site: Site, flags: &str) -> Self {
        let server = Server::start(&site, Socket::Tcp, flags);
        Served { site, server }
    }

    /// The answer to a request.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Answer {
        send(self.server.place(), request)
    }

    /// The answer to a token, at `/verify` or another path.
    #[track_caller]
    pub fn ask_at(&self, path: &str, token: &str) -> Answer {
        self.send(&Request::new("GET", path).key(token))
    }

    /// The status for a token, and the reason in the answer.
    #[track_caller]
    pub fn ask(&self, token: &str) -> (u16, String) {
        let answer = self.ask_at("/verify", token);
        (answer.status, reason(&answer))
    }

    /// Asks for a token until the answer is this one. Until then it must be 503.
    #[track_caller]
    pub fn until_it_is(&self, token: &str, expected: (u16, &str)) {
        until("the server recovers", || {
            let (status, reason) = self.ask(token);
            if (status, reason.as_str()) == expected {
                return true;
            }
            assert_eq!((status, reason.as_str()), (503, "store"));
            false
        });
    }

    /// Runs a command line on the key of a token, whose place in it is `KEY`.
    #[track_caller]
    pub fn on(&self, line: &str, token: &str) {
        self.site.run(&line.replace("KEY", &id_of(token)));
    }
}

/// A store that hashes by SHA-256.
pub fn quick() -> Site {
    let site = Site::new();
    site.run("init");
    site.run("policy set hash sha256");
    site
}

/// The reason in an answer; empty if there is none.
pub fn reason(answer: &Answer) -> String {
    answer.header("x-key-reason").unwrap_or_default().to_owned()
}

/// What an answer is for a valid key.
pub fn valid() -> (u16, String) {
    (200, String::new())
}

/// What an answer is for a rejected one.
pub fn rejected(reason: &str) -> (u16, String) {
    (401, reason.to_owned())
}
