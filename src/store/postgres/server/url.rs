//! Parser of the URL of a server.
//!
//! <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>
//!
//! Stricter than libpq: an `@` stands only between the user and the hosts. So a password whose special
//! characters are not percent-encoded is never taken for a host, a database or a parameter.

use super::names::Parameter;
use super::parameters::{Parameters, find};
use crate::error::{Error, Result};
use crate::percent;
use std::net::Ipv6Addr;
use zeroize::Zeroizing;

/// Schemes of a URL.
const SCHEMES: [&str; 2] = ["postgres", "postgresql"];

/// Advice for a URL with a character that has a meaning there.
const ENCODE: &str = "write special characters in a password or a name with a percent sign: @ is %40, / is \
                      %2F, : is %3A, ? is %3F, & is %26, % is %25, a space is %20";

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
        url.add_part(Parameter::Database, path, "database")?;
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
    /// Words for a part of the URL in messages.
    fn named(&self, part: &str) -> String {
        format!("the {part} in {}", self.by)
    }

    /// Decodes `text`, the given part of the URL, and adds it.
    fn add_part(&mut self, parameter: Parameter, text: &str, part: &str) -> Result<()> {
        let named = self.named(part);
        let text = decode(text, &named)?;
        self.parameters.add(parameter, text, named)
    }

    /// Adds `USER[:PASSWORD]`.
    fn add_user(&mut self, text: &str) -> Result<()> {
        let Some((user, password)) = text.split_once(':') else {
            return self.add_part(Parameter::User, text, "user");
        };
        self.add_part(Parameter::User, user, "user")?;
        self.add_part(Parameter::Password, password, "password")
    }

    /// Adds `HOST[:PORT][,…]`.
    fn add_hosts(&mut self, text: &str) -> Result<()> {
        let (named_host, named_port) = (self.named("host"), self.named("port"));
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        for text in text.split(',') {
            let (host, port) = split_host(text, &named_host)?;
            let host = decode(host, &named_host)?;
            if host.is_empty() {
                return Err(Error::usage(format!("{named_host} is empty")));
            }
            if host.contains(',') {
                return Err(Error::usage(format!("{named_host} has a comma in it")));
            }
            hosts.push(host.to_string());
            ports.push(match port {
                Some(port) => checked_port(port, &named_port)?,
                None => "",
            });
        }
        let has_port = ports.iter().any(|port| !port.is_empty());
        let (hosts, ports) = (hosts.join(","), ports.join(","));
        self.parameters
            .add(Parameter::Host, hosts.into(), named_host)?;
        match has_port {
            true => self
                .parameters
                .add(Parameter::Port, ports.into(), named_port),
            false => Ok(()),
        }
    }

    /// Adds `NAME=VALUE` of the query.
    fn add_parameter(&mut self, pair: &str) -> Result<()> {
        let unnamed = format!("a parameter in {}", self.by);
        let Some((name, value)) = pair.split_once('=') else {
            let error = Error::usage(format!("{unnamed} has no '=' and no value"));
            return Err(error.hint(ENCODE));
        };
        let name = decode(name, &unnamed)?;
        // A password with a '&' in it would seem to have a parameter behind it.
        let is_shown = self.parameters.get(Parameter::Password).is_none();
        let parameter = find(&name, self.by, is_shown)?;
        let part = format!("parameter {}", parameter.name());
        self.add_part(parameter, value, &part)
    }
}

/// Splits `HOST:PORT`, or `[ADDRESS]:PORT`.
fn split_host<'a>(text: &'a str, named: &str) -> Result<(&'a str, Option<&'a str>)> {
    let split = match text.strip_prefix('[') {
        // The colons would be taken for that of the port.
        None if text.parse::<Ipv6Addr>().is_ok() => None,
        None => Some(match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }),
        Some(rest) => split_address(rest),
    };
    split.ok_or_else(|| {
        Error::usage(format!("{named} is no IPv6 address in brackets"))
            .hint("write an IPv6 address as [::1]:5432")
    })
}

/// Splits `ADDRESS]:PORT`.
fn split_address(text: &str) -> Option<(&str, Option<&str>)> {
    let (address, rest) = text.split_once(']')?;
    address.parse::<Ipv6Addr>().ok()?;
    match rest {
        "" => Some((address, None)),
        _ => Some((address, Some(rest.strip_prefix(':')?))),
    }
}

/// Checks that `port` consists of digits.
fn checked_port<'a>(port: &'a str, named: &str) -> Result<&'a str> {
    if port.is_empty() {
        return Err(Error::usage(format!("{named} is empty")));
    }
    match port.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(port),
        false => Err(Error::usage(format!("{named} is not a number")).hint(ENCODE)),
    }
}

/// Decodes the percent-encoded `text`, which `named` names.
fn decode(text: &str, named: &str) -> Result<Zeroizing<String>> {
    percent::decode(text).map(Zeroizing::new).ok_or_else(|| {
        Error::usage(format!("{named} is not percent-encoded UTF-8"))
            .hint("a percent sign is written %25")
    })
}
