//! Addresses of a host's name.

use super::error::{PgError, PgResult};
use super::server::Host;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Returns the addresses at which `host` is tried, in order; none for a unix socket. Waits at most `limit`.
///
/// # Errors
///
/// Fails if the name has no address, and if that is not known in time.
pub fn addresses(host: &Host, limit: Duration) -> PgResult<Vec<IpAddr>> {
    let Host::Tcp { name, addr, port } = host else {
        return Ok(Vec::new());
    };
    if let Some(address) = addr.or_else(|| name.parse().ok()) {
        return Ok(vec![address]);
    }
    let (found, is_found) = mpsc::channel();
    let asked = (name.clone(), *port);
    // The system's look-up knows no limit: its thread is left alone if it takes too long.
    thread::Builder::new()
        .spawn(move || found.send(look_up(&asked)))
        .map_err(PgError::Name)?;
    match is_found.recv_timeout(limit) {
        Ok(addresses) => addresses.map_err(PgError::Name),
        Err(_) => Err(PgError::Name(io::ErrorKind::TimedOut.into())),
    }
}

fn look_up(host: &(String, u16)) -> io::Result<Vec<IpAddr>> {
    let mut addresses = Vec::new();
    for found in (host.0.as_str(), host.1).to_socket_addrs()? {
        // Some systems give one twice.
        if !addresses.contains(&found.ip()) {
            addresses.push(found.ip());
        }
    }
    match addresses.is_empty() {
        true => Err(io::ErrorKind::NotFound.into()),
        false => Ok(addresses),
    }
}
