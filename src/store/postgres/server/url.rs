//! Parser of the URL of a server.
//!
//! <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>
//!
//! Stricter than libpq: an `@` stands only between the user and the hosts. So a password whose special
//! characters are not percent-encoded is never taken for a host, a database or a parameter.

use super::known::Known;
use super::parameters::{Parameters, find};
use crate::error::{Error, Result};
use crate::percent;
use zeroize::Zeroizing;

/// Schemes of a URL.
const SCHEMES: [&str; 2] = ["postgres", "postgresql"];

/// Advice for a URL with a character that has a meaning there.
const ENCODE: &str = "write special characters in a password or a name with a percent sign: @ is %40, / is \
                      %2F, : is %3A, ? is %3F, & is %26, # is %23, % is %25, a space is %20";

/// URL, taken apart.
pub struct Parsed {
    /// Scheme, as it was written.
    pub scheme: &'static str,
    /// Values of the URL.
    pub parameters: Parameters,
}

/// Parses `url`, the value of `by`: a variable or an argument.
///
/// # Errors
///
/// Fails for a malformed URL. The message names the part at fault and does not repeat it.
pub fn parse(url: &str, by: &str) -> Result<Parsed> {
    let (scheme, rest) = split_scheme(url).ok_or_else(|| {
        Error::usage(format!("{by} is not the URL of a PostgreSQL server"))
            .hint("write postgres://USER@HOST/DATABASE")
    })?;
    check_characters(rest, by)?;
    let (authority, path, query) = split(rest);
    let (user, hosts) = match authority.split_once('@') {
        Some((user, hosts)) => (Some(user), hosts),
        None => (None, authority),
    };
    let mut url = Url {
        by,
        parameters: Parameters::default(),
    };
    if let Some(user) = user {
        url.add_user(user)?;
    }
    if !hosts.is_empty() {
        url.add_hosts(hosts)?;
    }
    if !path.is_empty() {
        url.add_part(Known::Database, path, "the database")?;
    }
    if let Some(query) = query {
        for pair in query.split('&') {
            url.add_parameter(pair)?;
        }
    }
    Ok(Parsed {
        scheme,
        parameters: url.parameters,
    })
}

fn split_scheme(url: &str) -> Option<(&'static str, &str)> {
    SCHEMES.iter().find_map(|scheme| {
        let rest = url.strip_prefix(scheme)?.strip_prefix("://")?;
        Some((*scheme, rest))
    })
}

/// Refuses characters that must be percent-encoded where they stand.
fn check_characters(rest: &str, by: &str) -> Result<()> {
    let refused = |why: &str| Err(Error::usage(format!("{by} {why}")).hint(ENCODE));
    if rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return refused("has a space, a line break or a control character in it");
    }
    let Some(last) = rest.rfind('@') else {
        return Ok(());
    };
    match rest.get(..last).unwrap_or_default() {
        before if before.contains('@') => refused("has more than one '@' in it"),
        before if before.contains(['/', '?']) => refused("has a '/' or a '?' before the '@'"),
        _ => Ok(()),
    }
}

/// Splits `rest`, a URL without its scheme, into authority, path and query.
fn split(rest: &str) -> (&str, &str, Option<&str>) {
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    (authority, path, query)
}

/// URL that is being taken apart.
struct Url<'a> {
    by: &'a str,
    parameters: Parameters,
}

impl Url<'_> {
    /// Decodes `text`, which `part` names, and adds it.
    fn add_part(&mut self, known: Known, text: &str, part: &str) -> Result<()> {
        let named = format!("{part} in {}", self.by);
        let text = decode(text, &named)?;
        self.parameters.add(known, text, named)
    }

    fn add_user(&mut self, text: &str) -> Result<()> {
        let (user, password) = match text.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (text, None),
        };
        self.add_part(Known::User, user, "the user")?;
        match password {
            Some(password) => self.add_part(Known::Password, password, "the password"),
            None => Ok(()),
        }
    }

    /// Adds `HOST[:PORT][,…]`.
    fn add_hosts(&mut self, text: &str) -> Result<()> {
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        for one in text.split(',') {
            let (host, port) = self.split_host(one)?;
            let named = format!("the host in {}", self.by);
            let host = decode(host, &named)?;
            if host.is_empty() || host.contains(',') {
                let why = if host.is_empty() {
                    "is empty"
                } else {
                    "has a comma in it"
                };
                return Err(Error::usage(format!("{named} {why}")));
            }
            hosts.push(host.to_string());
            ports.push(port.unwrap_or_default());
        }
        let (hosts, ports) = (hosts.join(","), ports.join(","));
        let named = |part| format!("the {part} in {}", self.by);
        let (host, port) = (named("host"), named("port"));
        self.parameters.add(Known::Host, hosts.into(), host)?;
        match ports.trim_matches(',') {
            "" => Ok(()),
            _ => self.parameters.add(Known::Port, ports.into(), port),
        }
    }

    /// Splits `HOST:PORT`, or `[ADDRESS]:PORT`.
    fn split_host<'a>(&self, text: &'a str) -> Result<(&'a str, Option<&'a str>)> {
        let refused =
            |part: &str, why: &str| Err(Error::usage(format!("the {part} in {} {why}", self.by)));
        let (host, port) = match text.strip_prefix('[') {
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
            Some(rest) => {
                let Some((address, rest)) = rest.split_once(']') else {
                    return refused("host", "has a '[' without a ']'");
                };
                match rest.strip_prefix(':') {
                    None if !rest.is_empty() => {
                        return refused("host", "has something other than a port behind the ']'");
                    }
                    port => (address, port),
                }
            }
        };
        match port {
            Some("") => refused("port", "is empty"),
            Some(port) if !port.bytes().all(|byte| byte.is_ascii_digit()) => {
                let not_a_port = Error::usage(format!("the port in {} is not a number", self.by));
                Err(not_a_port.hint(ENCODE))
            }
            port => Ok((host, port)),
        }
    }

    /// Adds `NAME=VALUE` of the query.
    fn add_parameter(&mut self, pair: &str) -> Result<()> {
        let unnamed = format!("a parameter in {}", self.by);
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Error::usage(format!(
                "{unnamed} has no value: there is no '='"
            )));
        };
        let name = decode(name, &unnamed)?;
        let has_password = self.parameters.get(Known::Password).is_some();
        let known = find(&name, self.by, !has_password)?;
        self.add_part(known, value, &format!("the parameter {}", known.name()))
    }
}

/// Decodes the percent-encoded `text`, which `named` names.
fn decode(text: &str, named: &str) -> Result<Zeroizing<String>> {
    let decoded = percent::decode(text).map(Zeroizing::new).ok_or_else(|| {
        Error::usage(format!("{named} is not percent-encoded UTF-8"))
            .hint("a percent sign is written %25")
    })?;
    match decoded.contains('\0') {
        true => Err(Error::usage(format!("{named} has a NUL in it"))),
        false => Ok(decoded),
    }
}
