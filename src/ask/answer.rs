//! RemoteAnswer of `keyctl serve`, read from the head of its HTTP response.

use super::ServerUrl;
use crate::error::{DONE, Error, FOUND, Result, UNAUTHORIZED, quote};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Kind, State};
use crate::percent;
use crate::scope;
use crate::when::{Timestamp, When};
use hyper::HeaderMap;
use std::fmt;

/// Answer of a server.
pub struct RemoteAnswer {
    /// HTTP status and replica.
    pub origin: Origin,
    /// Verdict on the token.
    pub verdict: RemoteVerdict,
}

/// HTTP status of an answer, and the replica that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// HTTP status.
    pub status: u16,
    /// Name of the replica (`x-keyctl-replica`), if the server has one.
    pub replica: Option<String>,
}

/// Verdict of a server.
pub enum RemoteVerdict {
    /// The token is valid.
    Valid(Box<RemoteKey>),
    /// The token is rejected for the reason with this word.
    Rejected(String),
    /// The token is genuine, but its key lacks what was asked for.
    Denied(Denial),
}

/// Answer about a genuine token whose key lacks a permission.
pub struct Denial {
    /// Word for the reason: `scope`, `project` or `address`.
    pub reason: String,
    /// Key ID.
    pub id: KeyId,
    /// Required scope that the key lacks, if the reason is that.
    pub scope: Option<String>,
}

/// Facts about the key of a valid token, from the answer.
pub struct RemoteKey {
    /// Key ID.
    pub id: KeyId,
    /// Name; `None` if it is too long for an answer.
    pub name: Option<String>,
    /// Owner.
    pub owner: String,
    /// Kind.
    pub kind: Kind,
    /// State: active, or phased-out within its grace.
    pub state: State,
    /// Scopes.
    pub scopes: RemoteScopes,
    /// Expiry; `None` if the key never expires.
    pub expires_at: Option<Timestamp>,
    /// Successor of a phased-out key.
    pub replaced_by: Option<KeyId>,
}

/// Scopes of a key, as far as an answer has room for them.
#[derive(Debug, PartialEq, Eq)]
pub enum RemoteScopes {
    /// All scopes.
    All(Vec<String>),
    /// Number of scopes; their names are too long for an answer.
    Count(u64),
}

impl RemoteVerdict {
    /// Returns the exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            RemoteVerdict::Valid(_) => DONE,
            RemoteVerdict::Rejected(_) => FOUND,
            RemoteVerdict::Denied(_) => UNAUTHORIZED,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        match &self.replica {
            Some(replica) => write!(f, ", replica {}", crate::error::escape(replica)),
            None => Ok(()),
        }
    }
}

/// Reads the answer of `server` with this HTTP status and these headers.
///
/// # Errors
///
/// A question that the server refuses is an error of usage. An answer without a verdict, and any that `keyctl serve`
/// does not give, means that nothing is known about the token.
pub fn read(server: &ServerUrl, status: u16, headers: &HeaderMap) -> Result<RemoteAnswer> {
    let replica = headers
        .get("x-keyctl-replica")
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let origin = Origin { status, replica };
    let head = AnswerHead(headers);
    let foreign = || foreign(server, &origin);
    let verdict = match (status, head.reason()) {
        (200, None) => RemoteVerdict::Valid(Box::new(head.key().ok_or_else(foreign)?)),
        (401, Some("missing" | "several")) => return Err(not_read(server, &origin)),
        (401, Some(reason)) => RemoteVerdict::Rejected(reason.to_owned()),
        (403, Some(reason)) => RemoteVerdict::Denied(Denial {
            reason: reason.to_owned(),
            id: head.id("x-key-id").ok_or_else(foreign)?,
            scope: head.lacking_scope(),
        }),
        (500, Some("usage")) => return Err(refused(server, &origin)),
        (503, reason) => return Err(undecided(server, &origin, reason)),
        _ => return Err(foreign()),
    };
    Ok(RemoteAnswer { origin, verdict })
}

/// Headers of an answer.
struct AnswerHead<'a>(&'a HeaderMap);

impl AnswerHead<'_> {
    /// Value of a header that stands there exactly once.
    fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.0.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    }

    /// Reason of a rejection: one word.
    fn reason(&self) -> Option<&str> {
        let is_word = |word: &&str| {
            let is_part = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
            (1..=32).contains(&word.len()) && word.bytes().all(is_part)
        };
        self.one("x-key-reason").filter(is_word)
    }

    fn id(&self, name: &str) -> Option<KeyId> {
        KeyId::parse(self.one(name)?.as_bytes())
    }

    /// Decoded text of a header; empty if the key has no such value.
    fn text(&self, name: &str) -> Option<String> {
        percent::decode(self.one(name)?)
    }

    /// Key of a valid token. `None` unless every header is there and makes sense.
    fn key(&self) -> Option<RemoteKey> {
        let replaced_by = match self.one("x-key-replaced-by")? {
            "" => None,
            id => Some(KeyId::parse(id.as_bytes())?),
        };
        let state: State = self.one("x-key-state")?.parse().ok()?;
        Some(RemoteKey {
            id: self.id("x-key-id")?,
            name: Some(self.text("x-key-name")?).filter(|name| !name.is_empty()),
            owner: self.text("x-key-owner")?,
            kind: self.one("x-key-kind")?.parse().ok()?,
            state: Some(state).filter(|state| matches!(state, State::Active | State::PhasedOut))?,
            scopes: self.scopes()?,
            expires_at: match self.text("x-key-expires")?.as_str() {
                "" => None,
                text => Some(instant(text)?),
            },
            replaced_by,
        })
    }

    /// Scope in the challenge `Bearer realm="keyctl", error="insufficient_scope", scope="S"` (RFC 6750, section 3).
    fn lacking_scope(&self) -> Option<String> {
        let challenge = self.one("www-authenticate")?;
        let (_, rest) = challenge.split_once(", scope=\"")?;
        let (scope, _) = rest.split_once('"')?;
        scope::name(scope).ok()
    }

    fn scopes(&self) -> Option<RemoteScopes> {
        match self.one("x-key-scope-count") {
            None | Some("") => {}
            Some(count) => return count.parse().ok().map(RemoteScopes::Count),
        }
        let text = self.text("x-key-scopes")?;
        let scopes = text.split([' ', ',']).filter(|scope| !scope.is_empty());
        Some(RemoteScopes::All(scopes.map(str::to_owned).collect()))
    }
}

/// Parses an RFC 3339 instant.
fn instant(text: &str) -> Option<Timestamp> {
    match text.parse() {
        Ok(When::At(at)) if text.contains('T') => Some(at),
        _ => None,
    }
}

fn foreign(server: &ServerUrl, origin: &Origin) -> Error {
    let error = Error::unavailable(format!(
        "the answer of {server} is not one of keyctl ({origin})"
    ));
    match origin.status {
        300..=399 => error.hint("it is a redirect, and the token is sent nowhere else; give the address of the server itself"),
        _ => error.hint("another web server may listen there; check the address with the one that the server was started with"),
    }
}

/// Error for an answer that says that the request had no token.
fn not_read(server: &ServerUrl, origin: &Origin) -> Error {
    Error::unavailable(format!(
        "{server} has not taken the token from the header x-api-key ({origin})"
    ))
    .hint("it may have been started with another --header, or a proxy in front of it drops or adds the header")
}

/// Error for a question that the server refuses.
fn refused(server: &ServerUrl, origin: &Origin) -> Error {
    Error::usage(format!("{server} refuses the question ({origin})")).hint(
        Hint::from("a scope may not be registered in its store, where ")
            .and(run!("scope list").in_quotes())
            .and(" shows them; its log has the reason"),
    )
}

/// Error for an answer that the server cannot give now.
fn undecided(server: &ServerUrl, origin: &Origin, reason: Option<&str>) -> Error {
    let why = match reason {
        None => String::new(),
        Some("store") => ": its store failed".to_owned(),
        Some("busy") => ": it is busy".to_owned(),
        Some("draining") => ": it is stopping".to_owned(),
        Some(other) => format!(": {}", quote(other)),
    };
    let error = Error::unavailable(format!("{server} cannot tell{why} ({origin})"));
    match reason {
        Some("store") => error.hint(
            Hint::from("its log has the reason; on its machine, ")
                .and(run!("doctor").in_quotes())
                .and(" looks at the store"),
        ),
        _ => error.hint("try again in a moment"),
    }
}
