//! Hosts of a server: names, addresses and ports that belong together.

use super::names::Parameter;
use super::parameters::{Parameters, Setting};
use crate::error::Result;
use crate::percent;
use rustls::pki_types::DnsName;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// Directory of the server's socket where no host is given, as in Debian's libpq.
pub const USUAL_DIRECTORY: &str = "/var/run/postgresql";

/// Port of a server where none is given.
const USUAL_PORT: u16 = 5432;

/// Largest number of hosts. Each takes up to the timeout.
const MOST: usize = 16;

/// Host of a server, with the port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// Host that is reached over TCP.
    Tcp {
        /// Name that the server's certificate must have: a DNS name or an IP address.
        name: String,
        /// Address to connect to; `None` to look the name up.
        addr: Option<IpAddr>,
        /// Port.
        port: u16,
    },
    /// Unix socket.
    Unix {
        /// Absolute path of the directory that holds the socket.
        directory: PathBuf,
        /// Port, which is a part of the socket's name.
        port: u16,
    },
}

impl Host {
    /// Returns the port.
    pub fn port(&self) -> u16 {
        match self {
            Host::Tcp { port, .. } | Host::Unix { port, .. } => *port,
        }
    }
}

/// Writes the host as a URL has it; without the usual port.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Tcp { name, .. } if name.contains(':') => write!(f, "[{name}]")?,
            Host::Tcp { name, .. } => f.write_str(name)?,
            Host::Unix { directory, .. } => {
                f.write_str(&percent::encode(&directory.to_string_lossy()))?;
            }
        }
        match self.port() {
            USUAL_PORT => Ok(()),
            port => write!(f, ":{port}"),
        }
    }
}

/// Reads the hosts from `parameters`; the usual socket if there are none.
///
/// # Errors
///
/// Fails for too many hosts, for an impossible name, address or port, and where there are not as many of
/// one as of the other.
pub fn hosts(parameters: &Parameters) -> Result<Vec<Host>> {
    let ports = parameters.get(Parameter::Port);
    let names = parameters.get(Parameter::Host);
    let addresses = parameters.get(Parameter::HostAddr);
    let Some(first) = names.or(addresses) else {
        let port = port(ports, 0, 1)?;
        let directory = PathBuf::from(USUAL_DIRECTORY);
        return Ok(vec![Host::Unix { directory, port }]);
    };
    let count = items(first).count();
    if count > MOST {
        return Err(first.refused(format!("names {count} hosts, and {MOST} are allowed")));
    }
    if let Some(addresses) = addresses.filter(|addresses| items(addresses).count() != count) {
        return Err(addresses.refused("has not one address for each host"));
    }
    let one = |at| {
        let port = port(ports, at, count)?;
        let name = names.map(|given| (given, item(given, at)));
        let address = addresses.map(|given| address(given, at)).transpose()?;
        match host(name, address.flatten(), port) {
            Some(host) => host,
            None => Err(first.refused("has an empty host in it")),
        }
    };
    (0..count).map(one).collect()
}

fn items(given: &Setting) -> impl Iterator<Item = &str> {
    given.text.split(',')
}

fn item(given: &Setting, at: usize) -> &str {
    items(given).nth(at).unwrap_or_default()
}

/// Address of the host `at`, with the words that name it in a message.
type HostAddress<'a> = Option<(&'a Setting, IpAddr)>;

fn address(given: &Setting, at: usize) -> Result<HostAddress<'_>> {
    match item(given, at) {
        "" => Ok(None),
        text => match text.parse() {
            Ok(address) => Ok(Some((given, address))),
            Err(_) => Err(given.refused("is not an IP address")),
        },
    }
}

/// Port of the host `at` among `count`.
fn port(given: Option<&Setting>, at: usize, count: usize) -> Result<u16> {
    let Some(given) = given else {
        return Ok(USUAL_PORT);
    };
    let ports = items(given).count();
    if ports != 1 && ports != count {
        return Err(given.refused("has not one port for each host"));
    }
    match item(given, if ports == 1 { 0 } else { at }) {
        "" => Ok(USUAL_PORT),
        text => match text.parse() {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(given.refused("is not a number from 1 to 65535")),
        },
    }
}

/// Puts the parts of a host together; `None` if neither name nor address is given.
fn host(
    name: Option<(&Setting, &str)>,
    address: HostAddress<'_>,
    port: u16,
) -> Option<Result<Host>> {
    let addr = address.map(|(_, address)| address);
    let name = name.filter(|(_, text)| !text.is_empty());
    Some(match (name, address) {
        (None, None) => return None,
        (None, Some((_, address))) => Ok(Host::Tcp {
            name: address.to_string(),
            addr,
            port,
        }),
        (Some((given, text)), _) if !text.starts_with('/') => tcp(given, text, addr, port),
        (Some(_), Some((given, _))) => {
            Err(given.refused("is for a host, but the host is a directory"))
        }
        (Some((_, text)), None) => Ok(Host::Unix {
            directory: PathBuf::from(text),
            port,
        }),
    })
}

fn tcp(given: &Setting, text: &str, addr: Option<IpAddr>, port: u16) -> Result<Host> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Host::Tcp {
            name: address.to_string(),
            addr: addr.or(Some(address)),
            port,
        });
    }
    match DnsName::try_from(text).is_ok() {
        true => Ok(Host::Tcp {
            name: text.to_owned(),
            addr,
            port,
        }),
        false => Err(given
            .refused("is no host name, IP address or absolute path of a directory")
            .hint(
                "write an IPv6 address as [::1], and a name with other letters in its form xn--…",
            )),
    }
}
