//! `keyctl serve`

use super::Cx;
use crate::env::Random;
use crate::error::{DONE, Error, Result, quote};
use crate::hash::Scheme;
use crate::hint::{Hint, run};
use crate::name;
use crate::serve::{self, HttpServer, ListenAddress, Listener, LogLevel, Settings, Sizes};
use crate::store::{self, Mode, Store};
use crate::verify::{self, Required};
use crate::when::Span;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use std::io;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

/// Address to listen on if none is given.
const USUAL: &str = "127.0.0.1:9091";

/// Answer gateways over HTTP whether a token is valid
///
/// A gateway (nginx auth_request, Caddy forward_auth, Traefik ForwardAuth, Envoy ext_authz, HAProxy)
/// sends each request's headers to GET /verify?scope=S&project=P, and lets the request in only if the
/// answer is 200. Scopes and project are optional; several scopes are separated by commas.
/// GET /at/SCOPE/... is for gateways that append the client's path.
///
/// The token is read from the header x-api-key, or from Authorization: Bearer. The verdict is that of
/// 'verify', and sees every change that was made before the request came. 200 has the headers x-key-id,
/// x-key-owner, x-key-name, x-key-kind, x-key-scopes, x-key-scope-count (empty unless the scopes are too
/// long to be listed), x-key-expires, x-key-state and x-key-replaced-by, percent-encoded. 401 is for a token that
/// is missing, unknown or stopped, 403 for a genuine one that lacks a permission; both have x-key-reason. 500 means that the request itself is wrong, such as a scope
/// that is not registered. 503 means that there is no verdict: the store cannot be read, or too many
/// hashes are due. Never let a request in on anything but 200.
///
/// It listens on sockets that systemd passes, else on --listen. GET /livez tells that the process
/// answers, GET /readyz that the store can be read. SIGTERM ends it after the open requests. Each
/// address is printed on standard output, with the real port for port 0.
///
/// It has no TLS, so it listens only on loopback addresses and unix sockets, unless --plaintext-ok. Whoever
/// can connect can test tokens, and claim any address in --client-header: prefer a unix socket.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    ended by a signal
  2    usage: a bad flag or value, or an unknown scope
  5    there is no store, or an address cannot be used

Environment:
  LISTEN_PID, LISTEN_FDS        the sockets that systemd passes
  NOTIFY_SOCKET, WATCHDOG_USEC  where, and how often, systemd is told that the server is alive

Examples:
  $ keyctl serve
  $ keyctl serve --listen 127.0.0.1:9091 --scope inference --client-header x-real-ip
  $ keyctl serve --listen unix:/run/keyctl/verify.sock --socket-mode 0660 --metrics 127.0.0.1:9092")]
pub struct Args {
    /// Where to listen: ADDRESS:PORT or unix:PATH; may be repeated [default: systemd's sockets, else
    /// 127.0.0.1:9091]
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<ListenAddress>,
    /// Permission bits of unix sockets, in octal
    #[arg(long, value_name = "MODE", default_value = "0660", value_parser = mode)]
    socket_mode: u32,
    /// Answer /metrics for Prometheus, /livez and /readyz on an address of their own
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<ListenAddress>,
    /// Listen on other addresses than loopback ones too, though tokens cross the network in plain text
    #[arg(long)]
    plaintext_ok: bool,
    /// The header with the token
    #[arg(long, value_name = "NAME", default_value = "x-api-key", value_parser = header)]
    header: HeaderName,
    /// Do not read tokens from Authorization: Bearer
    #[arg(long)]
    no_bearer: bool,
    /// A scope that every key must have, in addition to those of the request; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// A project that every key's owner must be a member of, in addition to that of the request
    #[arg(long, value_name = "PROJECT", value_parser = name::sought_project)]
    project: Option<String>,
    /// The header with the client's address, which the gateway must set: for keys that work from some
    /// networks only, for the log, and so that no client holds up the others
    #[arg(long, value_name = "NAME", value_parser = header)]
    client_header: Option<HeaderName>,
    /// How many threads compute slow hashes [default: half the processors]
    #[arg(long, value_name = "N", value_parser = positive)]
    hash_threads: Option<usize>,
    /// How many slow hashes may wait; with --client-header at most 8 of one client
    #[arg(long, value_name = "N", default_value = "256", value_parser = positive)]
    hash_queue: usize,
    /// How long a request waits for its verdict before it is answered 503
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = wait)]
    hash_wait: Span,
    /// How many comparisons with slow hashes to remember; this many keys need no hash a second time
    #[arg(long, value_name = "N", default_value = "100000", value_parser = number)]
    cache: usize,
    /// How many connections may be open; more are closed at once
    #[arg(long, value_name = "N", default_value = "1024", value_parser = positive)]
    connections: usize,
    /// Which answers to log on standard error, in JSON, one per line
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    log: LogLevel,
    /// The name of this server, sent as x-keyctl-replica with each answer
    #[arg(long, value_name = "NAME", value_parser = replica)]
    replica: Option<HeaderValue>,
    /// How long open requests may take at the end
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    drain: Span,
    /// Write nothing to the store: no last-used time, no event, no renewed hash
    #[arg(long)]
    no_touch: bool,
}

impl Args {
    /// Serves until a signal ends it.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        self.check()?;
        let address = cx.address()?;
        let store = store::open(&address, Mode::Read)?;
        let scheme = verify::scheme(&*store, &self.required())?;
        let cores = *cx.env.cores;
        let runtime = serve::runtime()?;
        let (listeners, metrics) = runtime.block_on(self.listen())?;
        self.announce(cx, &*store, scheme);
        let addresses = addresses(&listeners, metrics.as_ref());
        let author = (!self.no_touch).then(|| store.actor(cx.env));
        drop(store);
        let server = HttpServer {
            address,
            sizes: self.sizes(cores, scheme),
            log: self.log,
            drain: duration(self.drain),
            clock: Arc::clone(&cx.env.clock),
            author,
            settings: self.settings(),
        };
        // The threads of the server have both from now on.
        let stderr = mem::replace(&mut cx.env.stderr, Box::new(io::sink()));
        let random = mem::replace(&mut cx.env.random, Box::new(Taken));
        let ready = || cx.print(addresses.as_bytes());
        runtime.block_on(server.run(listeners, metrics, stderr, random, ready))?;
        // A thread may still wait for the store.
        runtime.shutdown_background();
        Ok(DONE)
    }
}

impl Args {
    /// Refuses flags that contradict each other, before anything is opened.
    fn check(&self) -> Result<()> {
        if !self.plaintext_ok {
            let mut all = self.listen.iter().chain(&self.metrics);
            all.try_for_each(check_private)?;
        }
        if self.header == AUTHORIZATION {
            return Err(Error::usage("--header cannot be authorization")
                .hint("Authorization: Bearer is read anyway"));
        }
        if self.client_header.as_ref() == Some(&self.header) {
            return Err(Error::usage(format!(
                "--header and --client-header are the same: {}",
                self.header
            )));
        }
        Ok(())
    }

    /// Permissions that every request requires.
    fn required(&self) -> Required {
        Required {
            scopes: self.scopes.clone(),
            projects: self.project.iter().cloned().collect(),
            address: None,
        }
    }

    /// Opens the sockets: those to answer on, and that for metrics. Must run inside a runtime.
    async fn listen(&self) -> Result<(Vec<Listener>, Option<Listener>)> {
        let mut listeners = serve::from_systemd()?;
        if !self.plaintext_ok {
            let mut addresses = listeners.iter().map(Listener::local);
            addresses.try_for_each(check_private)?;
        }
        for address in &self.listen {
            listeners.push(serve::bind(address, self.socket_mode).await?);
        }
        if listeners.is_empty() {
            listeners.push(serve::bind(&USUAL.parse()?, self.socket_mode).await?);
        }
        let metrics = match &self.metrics {
            Some(address) => Some(serve::bind(address, self.socket_mode).await?),
            None => None,
        };
        Ok((listeners, metrics))
    }

    /// Prints the store, and what is expensive or unfair, on standard error.
    fn announce(&self, cx: &mut Cx<'_>, store: &dyn Store, scheme: Scheme) {
        if let Scheme::Argon2id(_) = scheme {
            cx.status(
                "the policy is to hash by argon2id: the first use of each token after a start costs milliseconds of a processor",
            );
            cx.hint(
                Hint::from("sha256 is thousands of times cheaper and no easier to guess: ")
                    .and(run!("policy set hash sha256")),
            );
            if self.client_header.is_none() {
                cx.notice("warning: without --client-header, one client with wrong tokens can hold up all others");
            }
        }
        cx.status(format_args!("serving the keys in {}", store.name()));
    }

    fn sizes(&self, cores: NonZeroUsize, scheme: Scheme) -> Sizes {
        let threads = self.hash_threads.unwrap_or(cores.get() / 2);
        let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
        Sizes {
            cores,
            // Bounded by memory too: each hash of the policy takes its own.
            hash_threads: scheme.threads(threads),
            hash_queue: self.hash_queue,
            cache: self.cache,
            connections: self.connections,
        }
    }

    fn settings(self) -> Settings {
        Settings {
            header: self.header,
            bearer: !self.no_bearer,
            client_header: self.client_header,
            scopes: self.scopes,
            project: self.project,
            patience: duration(self.hash_wait),
            replica: self.replica,
        }
    }
}

/// Generator of random bytes in the place of the one that the server has taken.
struct Taken;

impl Random for Taken {
    fn fill(&mut self, _: &mut [u8]) -> Result<()> {
        Err(Error::io("the server has the random generator"))
    }
}

/// Returns the addresses of the listeners, one a line.
fn addresses(listeners: &[Listener], metrics: Option<&Listener>) -> String {
    let mut lines = String::new();
    for listener in listeners {
        lines.push_str(&format!("{}\n", listener.local()));
    }
    if let Some(listener) = metrics {
        lines.push_str(&format!("metrics {}\n", listener.local()));
    }
    lines
}

fn duration(span: Span) -> Duration {
    Duration::from_millis(span.millis().unsigned_abs())
}

/// Refuses an address that other machines can reach.
fn check_private(address: &ListenAddress) -> Result<()> {
    if address.is_private() {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{address} can be reached from other machines, and tokens would cross the network in plain text"
    ))
    .hint("listen on 127.0.0.1, [::1] or unix:PATH; or add --plaintext-ok if the network is yours alone"))
}

/// Parses permission bits in octal.
fn mode(text: &str) -> Result<u32> {
    let mode = u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| {
        Error::usage(format!("{} is not a mode", quote(text)))
            .hint("give permission bits in octal: 0600, 0660 or 0666")
    })
}

/// Parses the name of a header.
fn header(text: &str) -> Result<HeaderName> {
    HeaderName::from_bytes(text.as_bytes()).map_err(|_| {
        Error::usage(format!("{} is not the name of a header", quote(text)))
            .hint("give a name such as x-api-key")
    })
}

/// Parses a name to send in a header: 1 to 128 visible ASCII characters.
fn replica(text: &str) -> Result<HeaderValue> {
    let is_valid = (1..=128).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic());
    HeaderValue::from_str(text)
        .ok()
        .filter(|_| is_valid)
        .ok_or_else(|| {
            Error::usage(format!("{} is not a name for a replica", quote(text)))
                .hint("give 1 to 128 visible ASCII characters, such as gpu-2")
        })
}

/// Parses a number of at most ten million.
fn number(text: &str) -> Result<usize> {
    let number = text.parse().ok().filter(|number| *number <= 10_000_000);
    number.ok_or_else(|| {
        Error::usage(format!(
            "{} is not a number from 0 to 10000000",
            quote(text)
        ))
    })
}

/// Parses a number from 1 to ten million.
fn positive(text: &str) -> Result<usize> {
    match number(text)? {
        0 => Err(Error::usage("0 is too few").hint("give at least 1")),
        number => Ok(number),
    }
}

/// Parses the value of `--hash-wait`.
fn wait(text: &str) -> Result<Span> {
    match text.parse()? {
        Span::ZERO => Err(Error::usage("a wait of 0s is too short").hint("give at least 1s")),
        wait => Ok(wait),
    }
}
