//! Errors of a server in words for people. Chosen by SQLSTATE and constraint: a server's own text may be in any
//! language.

use super::server::{Host, Server};
use super::tls;
use crate::error::{Error, ErrorSource, FailureKind, Result, escape, quote};
use crate::hint::{Hint, run};
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;
use tokio_postgres::error::DbError;

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
        matches!(self, PgError::Own(_))
            || matches!(self.code(), Some("28P01" | "28000" | "3D000" | "42501"))
    }

    /// Tells whether the server may have done what it was asked to do all the same.
    pub fn is_uncertain(&self) -> bool {
        match self {
            // The server gave an error, and so did nothing; unless it was on its way down.
            PgError::Server(error) => error
                .as_db_error()
                .is_none_or(|error| error.code().code().starts_with("57P")),
            PgError::Deadline(_) => true,
            PgError::Standby | PgError::Hosts(_) | PgError::Own(_) => false,
        }
    }

    /// Returns the error of the crate, which names `server`.
    pub fn about(self, server: &Server) -> Error {
        let shown = escape(&server.shown);
        match self {
            PgError::Own(error) => *error,
            PgError::Deadline(limit) => Error::unavailable(format!(
                "{shown} did not answer within {} s",
                limit.as_secs_f32()
            ))
            .hint("check that the server and the network work"),
            PgError::Standby => Error::unavailable(format!("{shown} is a standby")).hint(STANDBY),
            PgError::Server(error) => match error.as_db_error() {
                Some(refused) => explain(refused, server),
                None => broken(error, server, None),
            },
            PgError::Hosts(causes) => unreachable_hosts(causes, server),
        }
    }
}

/// Advice where all hosts are standbys.
const STANDBY: &str = "a standby may lag behind, and accept a key that is revoked: name the primary too, as in postgres://HOST1,HOST2/DATABASE";

/// Returns the error for hosts none of which could be used.
fn unreachable_hosts(mut causes: Vec<(Host, PgError)>, server: &Server) -> Error {
    if causes.len() == 1
        && let Some((host, cause)) = causes.pop()
    {
        return match cause {
            PgError::Server(error) if error.as_db_error().is_none() => {
                broken(error, server, Some(&host))
            }
            other => other.about(server),
        };
    }
    let mut hint = None;
    let words = causes.into_iter().map(|(host, cause)| {
        let (words, advice) = in_short(cause, server, &host);
        hint = advice.or(hint.take());
        format!("{}: {words}", escape(&host.to_string()))
    });
    let words: Vec<String> = words.collect();
    let message = format!("cannot use {}: {}", escape(&server.shown), words.join("; "));
    let error = Error::unavailable(message);
    match hint {
        Some(hint) => error.hint(hint),
        None => error.hint("check that one of these servers is up, and that it is the primary"),
    }
}

/// Says in few words why `host` could not be used.
fn in_short(cause: PgError, server: &Server, host: &Host) -> (String, Option<Hint>) {
    match cause {
        PgError::Standby => ("is a standby".to_owned(), None),
        PgError::Deadline(limit) => (format!("no answer within {} s", limit.as_secs_f32()), None),
        PgError::Server(error) if error.as_db_error().is_none() => {
            let (words, hint, _) = connection_failure(error, host);
            (words, hint)
        }
        other => {
            let error = other.about(server);
            (error.to_string(), error.hint)
        }
    }
}

/// Returns the error for a connection that failed without a word of the server.
fn broken(error: tokio_postgres::Error, server: &Server, host: Option<&Host>) -> Error {
    let shown = escape(&server.shown);
    let Some(host) = host.or(server.hosts.first()) else {
        return Error::unavailable(format!("the connection to {shown} failed"));
    };
    let (words, hint, error) = connection_failure(error, host);
    let message = Error::unavailable(format!("the connection to {shown} failed"))
        .because(ErrorSource::new(error, words));
    let usual = Hint::from("check that the server is up, and that its host and port are right");
    message.hint(hint.unwrap_or(usual))
}

/// Says in words why a connection to `host` failed, with advice.
fn connection_failure(error: tokio_postgres::Error, host: &Host) -> (String, Option<Hint>, Shown) {
    if let Some(tls) = find::<rustls::Error>(&error) {
        let failure = tls::explain(tls, &host_name(host));
        return (
            failure.message,
            failure.hint.map(Hint::from),
            Shown(error.to_string()),
        );
    }
    if let Some(io) = find::<io::Error>(&error) {
        let words = ErrorSource::from(io::Error::new(io.kind(), io.to_string()));
        let words = match io.raw_os_error() {
            Some(code) => ErrorSource::from(io::Error::from_raw_os_error(code))
                .words()
                .to_owned(),
            None => escape(words.words()),
        };
        return (words, None, Shown(error.to_string()));
    }
    if error.to_string().contains("password missing") {
        let hint = "give one with PGPASSWORD, in a passfile (~/.pgpass), or in KEYCTL_DB";
        return (
            "it asks for a password, and none is given".to_owned(),
            Some(hint.into()),
            Shown(String::new()),
        );
    }
    (escape(&error.to_string()), None, Shown(String::new()))
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

/// Returns the error for what a server refused.
fn explain(error: &DbError, server: &Server) -> Error {
    let shown = escape(&server.shown);
    let (user, database) = (quote(&server.user), quote(&server.database));
    let said = || ErrorSource::new(Shown(String::new()), escape(error.message()));
    match error.code().code() {
        "28P01" => Error::unavailable(format!("the server refused the password of {user}"))
            .hint("check PGPASSWORD, the passfile (~/.pgpass), or the password in KEYCTL_DB"),
        "28000" => Error::unavailable(format!(
            "the server does not let {user} connect to {database}"
        ))
        .because(said())
        .hint(
            "the server needs a role of that name, and a line in pg_hba.conf for it from this host",
        ),
        "3D000" => Error::unavailable(format!("there is no database {database} on the server"))
            .hint("check the name at the end of the URL; a new one is made with: createdb NAME"),
        "3F000" | "42P01" | "42883" => no_store(server),
        "42501" => Error::access(format!("{user} may not do this in {database}")).hint(
            Hint::from("an administrator can give the right with GRANT; ")
                .and(run!("init --print-sql").in_quotes())
                .and(" shows the roles"),
        ),
        "25006" => Error::unavailable(format!(
            "{shown} takes no changes: it is read-only, or a standby"
        ))
        .hint(STANDBY),
        "53300" => Error::busy(format!("{shown} has no free connection"))
            .hint("try again, or raise max_connections of the server"),
        "57P03" => {
            Error::unavailable(format!("{shown} is starting up or shutting down")).hint("try again")
        }
        "57P01" | "57P02" | "57P05" => {
            Error::unavailable(format!("{shown} ended the connection")).hint("try again")
        }
        "25P03" => Error::busy(format!(
            "{shown} ended the transaction, which waited for too long"
        ))
        .hint("run the command again"),
        "53100" => Error::unavailable(format!("the disk of {shown} is full")),
        "53200" => Error::unavailable(format!("{shown} is out of memory")),
        "55P03" => Error::busy(format!("another session holds the lock of {shown}"))
            .hint("try again; pg_stat_activity on the server shows who holds it"),
        "57014" => Error::busy(format!("{shown} took too long")).hint("try again"),
        "40001" | "40P01" => {
            Error::busy(format!("{shown} is changed by others at the same time")).hint("try again")
        }
        "22021" | "22P05" => {
            Error::usage("a value has a NUL character, which a server cannot store")
        }
        "KC001" | "KC004" => Error::state(escape(error.message())),
        "KC002" => Error::policy(escape(error.message())),
        "KC003" => Error::access(escape(error.message())),
        code => {
            let message = format!("{shown} failed (SQLSTATE {})", escape(code));
            Error::unavailable(message).because(said())
        }
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
    Error::unavailable(message).hint(
        "an administrator can give one on the server, as in: GRANT keyctl_DATABASE_operator TO USER",
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
