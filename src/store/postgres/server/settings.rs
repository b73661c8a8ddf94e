//! Settings of a connection, read from their parameters.

use super::names::Parameter;
use super::parameters::{Parameters, Setting};
use crate::error::{Error, Result};
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::config::ChannelBinding;

/// Time in which a host must answer, where none is given.
const USUAL_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest timeout in seconds.
const LONGEST_TIMEOUT: u64 = 3600;

/// Encryption of a connection over TCP. A unix socket has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Plain text.
    Disable,
    /// TLS, with a server that has a certificate for its name from an authority that is trusted.
    VerifyFull(Tls),
}

/// Files and options of TLS. Files in `~/.postgresql`, which libpq would use, are not looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// File with the certificates that are trusted; `None` for those of the system.
    pub roots: Option<PathBuf>,
    /// Certificate of the client, if there is one.
    pub client: Option<ClientFiles>,
    /// True to begin TLS at once, without a request for it (PostgreSQL 17).
    pub is_direct: bool,
}

/// Files with the certificate of a client and its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFiles {
    /// Certificate, then those of its issuers, in PEM.
    pub certificate: PathBuf,
    /// Private key in PEM, not encrypted.
    pub key: PathBuf,
}

/// Reads `sslmode` and what belongs to it.
///
/// # Errors
///
/// Fails for a mode that would let somebody in between read what is sent, or that is none.
pub fn tls(parameters: &Parameters) -> Result<TlsMode> {
    let is_disabled = match parameters.get(Parameter::SslMode) {
        Some(given) => is_disabled(given)?,
        None => false,
    };
    let is_direct = word(
        parameters,
        Parameter::SslNegotiation,
        &[("postgres", false), ("direct", true)],
    )?;
    if is_disabled {
        return match parameters.get(Parameter::SslNegotiation) {
            Some(given) if is_direct == Some(true) => Err(given
                .refused("needs TLS")
                .hint("leave out sslmode=disable, or sslnegotiation=direct")),
            _ => Ok(TlsMode::Disable),
        };
    }
    Ok(TlsMode::VerifyFull(Tls {
        roots: path(parameters, Parameter::SslRootCert).filter(|path| path.as_os_str() != "system"),
        client: client(parameters)?,
        is_direct: is_direct.unwrap_or_default(),
    }))
}

fn is_disabled(given: &Setting) -> Result<bool> {
    let why = match given.text.as_str() {
        "disable" => return Ok(true),
        "verify-full" => return Ok(false),
        "allow" | "prefer" => {
            "falls back to plain text, in which others could read hashes of tokens"
        }
        "require" => {
            "does not check the server's certificate: somebody in between could read hashes of tokens"
        }
        "verify-ca" => {
            "does not check the server's name: somebody in between could read hashes of tokens"
        }
        _ => {
            return Err(given
                .refused("is not a mode of TLS")
                .hint("it takes: verify-full, disable"));
        }
    };
    Err(given
        .refused(format!("is {}, which {why}", *given.text))
        .hint("write verify-full, with sslrootcert=FILE for a private authority; disable is plain text"))
}

fn client(parameters: &Parameters) -> Result<Option<ClientFiles>> {
    let files =
        [Parameter::SslCert, Parameter::SslKey].map(|parameter| path(parameters, parameter));
    let alone = |parameter: Parameter, other: &str| match parameters.get(parameter) {
        Some(given) => Err(given.refused(format!("needs {other} too"))),
        None => Ok(None),
    };
    match files {
        [Some(certificate), Some(key)] => Ok(Some(ClientFiles { certificate, key })),
        [Some(_), None] => alone(Parameter::SslCert, "sslkey"),
        [None, Some(_)] => alone(Parameter::SslKey, "sslcert"),
        [None, None] => Ok(None),
    }
}

/// Reads `channel_binding`.
///
/// # Errors
///
/// Fails for an unknown word, and if it is required without TLS.
pub fn channel_binding(parameters: &Parameters, tls: &TlsMode) -> Result<ChannelBinding> {
    let words = [
        ("disable", ChannelBinding::Disable),
        ("prefer", ChannelBinding::Prefer),
        ("require", ChannelBinding::Require),
    ];
    let binding = word(parameters, Parameter::ChannelBinding, &words)?;
    match parameters.get(Parameter::ChannelBinding) {
        Some(given) if binding == Some(ChannelBinding::Require) && *tls == TlsMode::Disable => {
            Err(given
                .refused("is require, which needs TLS")
                .hint("leave out sslmode=disable"))
        }
        _ => Ok(binding.unwrap_or(ChannelBinding::Prefer)),
    }
}

/// Checks `target_session_attrs`: keyctl uses a server that takes changes, and no other.
///
/// # Errors
///
/// Fails for a word that asks for a standby, or that is unknown.
pub fn check_target(parameters: &Parameters) -> Result<()> {
    let words = [("any", ()), ("read-write", ()), ("primary", ())];
    word(parameters, Parameter::TargetSessionAttrs, &words)
        .map(drop)
        .map_err(|error| error.hint("leave it out: keyctl uses the primary, since a standby may still have keys that are revoked"))
}

/// Reads `connect_timeout`: the time in which one host must answer.
///
/// # Errors
///
/// Fails for what is not a number of seconds from 1 to an hour.
pub fn timeout(parameters: &Parameters) -> Result<Duration> {
    let Some(given) = parameters.get(Parameter::ConnectTimeout) else {
        return Ok(USUAL_TIMEOUT);
    };
    match given.text.parse() {
        Ok(seconds) if (1..=LONGEST_TIMEOUT).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(given.refused(format!(
            "is not a number of seconds from 1 to {LONGEST_TIMEOUT}"
        ))),
    }
}

/// Reads a parameter that is the path of a file.
pub fn path(parameters: &Parameters, parameter: Parameter) -> Option<PathBuf> {
    parameters
        .get(parameter)
        .map(|given| PathBuf::from(given.text.as_str()))
}

/// Reads a parameter that is one of `words`.
fn word<T: Copy>(
    parameters: &Parameters,
    parameter: Parameter,
    words: &[(&str, T)],
) -> Result<Option<T>> {
    let Some(given) = parameters.get(parameter) else {
        return Ok(None);
    };
    let found = words.iter().find(|(word, _)| *word == *given.text);
    match found {
        Some((_, meaning)) => Ok(Some(*meaning)),
        None => Err(unknown(given, words.iter().map(|(word, _)| *word))),
    }
}

fn unknown<'a>(given: &Setting, words: impl Iterator<Item = &'a str>) -> Error {
    let words: Vec<&str> = words.collect();
    given
        .refused("is none of its words")
        .hint(format!("it takes: {}", words.join(", ")))
}
