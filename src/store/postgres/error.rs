//! Errors of a server in words for people. Chosen by SQLSTATE and constraint: a server's own text may be in any
//! language.

use super::names::{identifier, role};
use super::server::{Host, Server, TlsMode};
use super::tls;
use crate::error::{Error, ErrorSource, FailureKind, Result, escape, quote};
use crate::hint::{Hint, run};
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;
use tokio_postgres::error::{DbError, Severity};

/// Result of an operation on a server, before the server is named.
pub type PgResult<T> = std::result::Result<T, PgError>;

/// Error of an operation on a server.
#[derive(Debug)]
pub enum PgError {
    /// The server refused, or the connection failed.
    Server(tokio_postgres::Error),
    /// The server did not answer in time.
    Deadline(Duration),
    /// The server is a standby: it may lag behind its primary and accept a revoked key.
    Standby,
    /// The name of the host has no address.
    Name(io::Error),
    /// The server does no TLS.
    NoTls,
    /// The server asks for a password, and there is none.
    NoPassword,
    /// No host could be used.
    Hosts(Vec<(Host, PgError)>),
    /// Error that needs no server to be named.
    Own(Box<Error>),
}

impl From<tokio_postgres::Error> for PgError {
    fn from(error: tokio_postgres::Error) -> Self {
        PgError::Server(error)
    }
}

impl From<Error> for PgError {
    fn from(error: Error) -> Self {
        PgError::Own(Box::new(error))
    }
}

impl From<Causes> for PgError {
    fn from(causes: Causes) -> Self {
        PgError::Hosts(causes.0)
    }
}

/// Errors of the hosts that were tried, in order.
#[derive(Default)]
pub struct Causes(Vec<(Host, PgError)>);

impl Causes {
    /// Adds the error of `host`.
    pub fn add(&mut self, host: &Host, error: PgError) {
        self.0.push((host.clone(), error));
    }

    /// Returns the error of all hosts, `error` of `host` the last.
    pub fn and(mut self, host: &Host, error: PgError) -> PgError {
        self.add(host, error);
        self.into()
    }
}

/// Conversion of a result of a server into one of the crate.
pub trait Explain<T> {
    /// Names `server` in the error.
    fn explain(self, server: &Server) -> Result<T>;
}

impl<T> Explain<T> for PgResult<T> {
    fn explain(self, server: &Server) -> Result<T> {
        self.map_err(|error| error.about(server))
    }
}

impl PgError {
    /// Returns the SQLSTATE, if the server gave one.
    pub fn code(&self) -> Option<&str> {
        self.refusal().map(|error| error.code().code())
    }

    /// Returns the name of the constraint that refused a row.
    pub fn constraint(&self) -> Option<&str> {
        self.refusal().and_then(DbError::constraint)
    }

    fn refusal(&self) -> Option<&DbError> {
        match self {
            PgError::Server(error) => error.as_db_error(),
            _ => None,
        }
    }

    /// Tells whether another host must not be tried: it would count as a second wrong password, or is refused as well.
    pub fn is_final(&self) -> bool {
        matches!(self, PgError::Own(_) | PgError::NoPassword)
            || matches!(self.code(), Some("28P01" | "28000" | "3D000" | "42501"))
    }

    /// Tells whether the server may have done what it was asked to do all the same.
    pub fn is_uncertain(&self) -> bool {
        self.is_of_connection() || matches!(self, PgError::Deadline(_))
    }

    /// Tells whether the connection has ended.
    pub fn is_of_connection(&self) -> bool {
        match self {
            // An error undoes the transaction. Behind one that ends the session, or that a pooler gave in the place of the
            // server, the transaction may be committed.
            PgError::Server(error) => error
                .as_db_error()
                .is_none_or(|error| error.parsed_severity() != Some(Severity::Error)),
            _ => false,
        }
    }

    /// Returns the error of the crate, which names `server`.
    pub fn about(self, server: &Server) -> Error {
        match self {
            PgError::Hosts(causes) => unreachable_hosts(causes, server),
            cause => at(cause, &escape(&server.shown), None, server),
        }
    }
}

/// Advice where all hosts are standbys.
const STANDBY: &str = "a standby may lag behind, and accept a key that is revoked: name the primary too, as in postgres://HOST1,HOST2/DATABASE";

/// Advice for a password that is missing or wrong.
const PASSWORD: &str =
    "a password comes from PGPASSWORD, a passfile (~/.pgpass), or the URL in KEYCTL_DB";

/// Returns the error for hosts none of which could be used.
fn unreachable_hosts(mut causes: Vec<(Host, PgError)>, server: &Server) -> Error {
    let shown = escape(&server.shown);
    if causes.len() == 1
        && let Some((host, cause)) = causes.pop()
    {
        return at(cause, &shown, Some(&host), server);
    }
    let mut words = Vec::with_capacity(causes.len());
    let mut hint = Hint::from("check that one of these servers is up, and that it is the primary");
    for (host, cause) in causes {
        let has_answered = cause.code().is_some();
        let error = at(cause, &escape(&host.to_string()), Some(&host), server);
        words.push(error.to_string());
        // The advice for a server that has answered is of more use than that for one that is down.
        if has_answered && let Some(advice) = error.hint {
            hint = advice;
        }
    }
    Error::unavailable(format!("cannot use {shown}: {}", words.join("; "))).hint(hint)
}

/// Returns the error for `cause`. It names the server as `shown`. The connection to `host` was never made; `None` for
/// one that was.
fn at(cause: PgError, shown: &str, host: Option<&Host>, server: &Server) -> Error {
    match cause {
        PgError::Own(error) => *error,
        PgError::Deadline(limit) => Error::unavailable(format!(
            "{shown} did not answer within {} s",
            limit.as_secs_f32()
        ))
        .hint(match host {
            Some(_) => "check the host and the port, the network, and any firewall on the way; connect_timeout=SECONDS in the URL allows more time",
            None => "the server or the network hangs: look at the server's load, and at pg_stat_activity there",
        }),
        PgError::Standby => Error::unavailable(format!("{shown} is a standby")).hint(STANDBY),
        PgError::Name(cause) => {
            let cause = match cause.kind() {
                io::ErrorKind::TimedOut => ErrorSource::new(cause, "no answer in time"),
                _ => ErrorSource::new(cause, "the name is not known here"),
            };
            Error::unavailable(format!("{shown} has no address"))
                .because(cause)
                .hint("check the spelling of the host, and the DNS of this machine")
        }
        PgError::NoTls => Error::unavailable(format!("{shown} does not speak TLS")).hint(
            "set ssl = on in the server's configuration; sslmode=disable sends everything readable over the network",
        ),
        PgError::NoPassword => Error::unavailable(format!(
            "{shown} asks for a password, and none is given"
        ))
        .hint(PASSWORD),
        PgError::Hosts(causes) => unreachable_hosts(causes, server),
        PgError::Server(error) => match error.as_db_error() {
            Some(refused) => match host {
                Some(_) => not_let_in(refused, shown, server),
                None => explain(refused, shown, server),
            },
            None => broken(error, shown, host, server),
        },
    }
}

/// Returns the error for a connection that failed without a word of the server.
fn broken(
    error: tokio_postgres::Error,
    shown: &str,
    host: Option<&Host>,
    server: &Server,
) -> Error {
    if let Some(tls) = find::<rustls::Error>(&error)
        && let Some(host) = host.or(server.hosts.first())
    {
        let failure = tls::explain(tls, &host_name(host));
        let message = Error::unavailable(format!("the connection to {shown} failed"))
            .because(ErrorSource::new(Shown(error.to_string()), failure.message));
        return match failure.hint {
            Some(hint) => message.hint(hint),
            None => message.hint("look at the server's log"),
        };
    }
    let cause = find::<io::Error>(&error);
    let has_ended = error.is_closed()
        || cause.is_some_and(|cause| cause.kind() == io::ErrorKind::UnexpectedEof);
    // Neither of the system nor of TLS: the answer was not as the protocol has it.
    let is_strange = !has_ended && cause.is_none_or(|cause| cause.raw_os_error().is_none());
    let is_new = host.is_some();
    let words = match (has_ended, is_strange) {
        (true, _) => "it was closed there".to_owned(),
        (_, true) => format!("the answer is not PostgreSQL's ({})", system_words(&error)),
        _ => system_words(&error),
    };
    let hint = match cause.map(io::Error::kind) {
        _ if is_new && (has_ended || is_strange) => {
            "another program may listen there: check the host and the port, and look at the server's log"
        }
        Some(io::ErrorKind::PermissionDenied) => {
            "the user that runs keyctl may not use this socket: look at its mode, and at unix_socket_permissions"
        }
        _ if is_new => "check that the server runs, and that its host and port are right",
        _ => "the server or the network went away: try again once it is back",
    };
    Error::unavailable(format!("the connection to {shown} failed"))
        .because(ErrorSource::new(Shown(error.to_string()), words))
        .hint(hint)
}

/// Returns the system's words for the cause of `error`, or its own.
fn system_words(error: &tokio_postgres::Error) -> String {
    let Some(cause) = find::<io::Error>(error) else {
        return escape(&error.to_string());
    };
    let copy = match cause.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(cause.kind(), cause.to_string()),
    };
    escape(ErrorSource::from(copy).words())
}

/// Name of a host as its certificate has it.
fn host_name(host: &Host) -> String {
    match host {
        Host::Tcp { name, .. } => name.clone(),
        Host::Unix { directory, .. } => directory.to_string_lossy().into_owned(),
    }
}

/// Text of an error whose type is not to be kept.
#[derive(Debug)]
struct Shown(String);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Shown {}

/// Finds an error of type `E` among the causes of `error`, also inside an I/O error.
fn find<E: StdError + 'static>(error: &tokio_postgres::Error) -> Option<&E> {
    let mut next = StdError::source(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref::<E>() {
            return Some(found);
        }
        let inner = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| inner.downcast_ref::<E>()) {
            return Some(found);
        }
        next = cause.source();
    }
    None
}

/// Returns the error for a server that does not let the user in.
fn not_let_in(error: &DbError, shown: &str, server: &Server) -> Error {
    let (user, database) = (quote(&server.user), quote(&server.database));
    match error.code().code() {
        "28P01" => {
            Error::unavailable(format!("{shown} refused the password of {user}")).hint(PASSWORD)
        }
        "28000" => {
            let by_plain_text = match server.tls {
                TlsMode::Disable => ", and may demand TLS, which sslmode=disable switches off",
                TlsMode::VerifyFull(_) => "",
            };
            Error::unavailable(format!("{shown} does not let {user} in"))
                .because(said(error))
                .hint(format!(
                    "the server needs a role of that name that may log in, and a line in pg_hba.conf for it from this host{by_plain_text}"
                ))
        }
        "3D000" => Error::unavailable(format!("{shown} has no database {database}"))
            .hint("check the name at the end of the URL; a new one is made with: createdb NAME"),
        "42501" => Error::unavailable(format!("{user} may not connect to the database {database}"))
            .hint(give_a_role(server)),
        _ => explain(error, shown, server),
    }
}

/// Returns what the server said, in its language.
fn said(error: &DbError) -> ErrorSource {
    ErrorSource::new(Shown(String::new()), escape(error.message()))
}

/// Returns the error for what a server refused.
fn explain(error: &DbError, shown: &str, server: &Server) -> Error {
    let unavailable = |what: &str| Error::unavailable(format!("{shown} {what}"));
    let busy = |what: &str| Error::busy(format!("{shown} {what}"));
    match error.code().code() {
        "3F000" | "42P01" | "42883" => no_store(server),
        "42501" => Error::access(format!(
            "{} may not do this in {}",
            quote(&server.user),
            quote(&server.database)
        ))
        .hint(
            Hint::from("an administrator can give the right with GRANT; ")
                .and(run!("init --print-sql").in_quotes())
                .and(" shows the roles"),
        ),
        "25006" => unavailable("takes no changes: it is read-only, or a standby").hint(STANDBY),
        "53300" => busy("has no free connection").hint(
            "try again; if it stays so, raise max_connections of the server, or the CONNECTION LIMIT of the role or the database",
        ),
        "57P03" => unavailable("is starting up or shutting down").hint("try again"),
        "57P01" | "57P02" => unavailable("ended the connection")
            .hint("it was restarted, or somebody ended this session: try again"),
        "57P05" | "25P03" | "25P04" => busy("ended the session, which took too long")
            .hint("try again; if it stays so, look at the timeouts that are set for the role and the database"),
        "53100" => unavailable("has no space left on its disk")
            .hint("free space on the server; keys can be verified meanwhile"),
        "53200" => unavailable("is out of memory").hint("look at the memory of the server"),
        "55P03" => busy("is being changed by another session, which holds its lock")
            .hint("try again; pg_stat_activity on the server shows who holds it"),
        "57014" => busy("stopped the statement, which took too long or was cancelled").hint(
            "try again; if it stays so, look at statement_timeout of the role and the database",
        ),
        // All errors of PgBouncer itself have this code; those of a server name the routine too.
        "08P01" if error.routine().is_none() => unavailable("refused the session").because(said(error)).hint(
            "a pooler such as PgBouncer says so: look at its log, its databases and its users",
        ),
        "40001" | "40P01" => busy("is changed by others at the same time").hint("try again"),
        "22021" | "22P05" => Error::usage("a value has a NUL character, which a server cannot store"),
        "KC001" | "KC004" => Error::state(escape(error.message())),
        "KC002" => Error::policy(escape(error.message())),
        "KC003" => Error::access(escape(error.message())),
        "KC005" => unavailable("refused the change").because(said(error)).hint(
            "compare the clock of this host with that of the server",
        ),
        code => unavailable(&format!("failed (SQLSTATE {})", escape(code)))
            .because(said(error))
            .hint("look at the server's log"),
    }
}

/// Returns the error for a database without a store.
pub fn no_store(server: &Server) -> Error {
    let from = match server.variable {
        Some(variable) => format!(" (from {variable})"),
        None => String::new(),
    };
    let message = format!("there is no store in {}{from}", escape(&server.shown));
    Error::unavailable(message).hint(run!("init").in_quotes().and(" makes one"))
}

/// Returns the error for a user without a role of the store.
pub fn no_role(server: &Server) -> Error {
    let message = format!(
        "{} has no role in the store {}",
        quote(&server.user),
        escape(&server.shown)
    );
    Error::unavailable(message).hint(give_a_role(server))
}

/// Advice for a user without a role of the store.
fn give_a_role(server: &Server) -> String {
    let role = |name| identifier(&role(&server.database, name));
    format!(
        "an administrator of the server can give a role: GRANT {} TO {}; {} is enough to verify",
        role("operator"),
        identifier(&server.user),
        role("verifier")
    )
}

/// Turns `error` into one of a change that may have been made.
pub fn uncertain(error: Error) -> Error {
    Error {
        kind: FailureKind::Uncertain,
        ..error.adding("the change may or may not have been made")
    }
    .hint(
        Hint::from(
            "when the server works again, check whether the change was made before you repeat it: ",
        )
        .and(run!("log")),
    )
}
