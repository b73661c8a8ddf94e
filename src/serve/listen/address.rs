//! Address to listen on, as `--listen` takes it.

use crate::error::{Error, Result, escape, quote};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Beginning of the address of a unix socket.
const UNIX: &str = "unix:";

/// Maximum length of a unix socket's path in bytes: `sun_path` has 108, and a NUL ends it (unix(7)).
const PATH_MAX: usize = 107;

/// Advice for a path that a unix socket cannot have.
const PATH_HINT: &str = "give an absolute path, as in unix:/run/keyctl/keyctl.sock";

/// Advice for a text that is near none of the forms.
const FORMS: &str = "give an IP address and a port, as in 127.0.0.1:9091 or [::1]:9091, or a unix socket, as in unix:/run/keyctl/keyctl.sock";

/// Address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// IP address and port; port 0 stands for a free one.
    Tcp(SocketAddr),
    /// Path of a unix socket.
    Unix(PathBuf),
}

impl ListenAddress {
    /// Tells whether only this machine can connect: a loopback address or a unix socket.
    pub fn is_private(&self) -> bool {
        match self {
            ListenAddress::Tcp(address) => address.ip().to_canonical().is_loopback(),
            ListenAddress::Unix(_) => true,
        }
    }
}

/// Parses `ADDRESS:PORT` with an IP address, IPv6 in brackets, or `unix:` and an absolute path.
impl FromStr for ListenAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(path) = text.strip_prefix(UNIX) {
            return unix_path(path).map(ListenAddress::Unix);
        }
        text.parse().map(ListenAddress::Tcp).map_err(|_| {
            Error::usage(format!("{} is not an address to listen on", quote(text)))
                .hint(better(text))
        })
    }
}

fn unix_path(path: &str) -> Result<PathBuf> {
    let refused =
        |why: &str| Error::usage(format!("the path {} of a unix socket {why}", quote(path)));
    if path.starts_with('@') || path.contains('\0') {
        return Err(
            refused("names an abstract socket, to which every local user can connect")
                .hint(PATH_HINT),
        );
    }
    if !Path::new(path).is_absolute() {
        return Err(refused("is not absolute").hint(PATH_HINT));
    }
    if path.len() > PATH_MAX {
        return Err(refused("is too long").hint(format!("use at most {PATH_MAX} bytes")));
    }
    Ok(PathBuf::from(path))
}

/// Returns advice for `text`, which is not an address to listen on.
fn better(text: &str) -> String {
    if text.starts_with(['/', '.']) {
        return format!("for a unix socket, {PATH_HINT}");
    }
    let bracketed = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    if let Ok(address) = text.parse().or_else(|_| {
        let inner: std::result::Result<Ipv6Addr, _> = bracketed.unwrap_or_default().parse();
        inner.map(IpAddr::V6)
    }) {
        return format!("give the port too: {}", SocketAddr::new(address, 9091));
    }
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    match (host, port.parse::<u16>()) {
        ("", Ok(port)) => format!("give the address too: 127.0.0.1:{port}"),
        ("localhost", Ok(port)) => format!("give 127.0.0.1:{port}"),
        ("*", Ok(port)) => format!("give 0.0.0.0:{port} or [::]:{port}"),
        _ => FORMS.to_owned(),
    }
}

/// Writes the address as it is parsed.
impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListenAddress::Tcp(address) => address.fmt(f),
            ListenAddress::Unix(path) => {
                write!(f, "{UNIX}{}", escape(&path.to_string_lossy()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parse_takes_ip_addresses_with_a_port_and_absolute_paths() {
        for (text, is_private) in [
            ("127.0.0.1:9091", true),
            ("127.1.2.3:0", true),
            ("[::1]:0", true),
            ("[::ffff:127.0.0.1]:80", true),
            ("unix:/run/keyctl.sock", true),
            ("0.0.0.0:9091", false),
            ("[::]:9091", false),
            ("192.0.2.1:65535", false),
        ] {
            let address: ListenAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(address.is_private(), is_private, "{text}");
        }
        let longest = format!("unix:/{}", "x".repeat(106));
        assert!(longest.parse::<ListenAddress>().is_ok());
    }

    #[test]
    fn parse_refuses_other_text_and_says_what_to_give() {
        for (text, hint) in [
            ("9091", "give the address too: 127.0.0.1:9091"),
            (":80", "give the address too: 127.0.0.1:80"),
            ("127.0.0.1", "give the port too: 127.0.0.1:9091"),
            ("::1", "give the port too: [::1]:9091"),
            ("[::1]", "give the port too: [::1]:9091"),
            ("localhost:80", "give 127.0.0.1:80"),
            ("*:80", "give 0.0.0.0:80 or [::]:80"),
            (
                "/run/x",
                "for a unix socket, give an absolute path, as in unix:/run/keyctl/keyctl.sock",
            ),
            (
                "./x",
                "for a unix socket, give an absolute path, as in unix:/run/keyctl/keyctl.sock",
            ),
        ] {
            let error = text.parse::<ListenAddress>().unwrap_err();
            assert_eq!(
                error.message,
                format!("'{text}' is not an address to listen on")
            );
            assert_eq!(error.hint, Some(hint.into()), "{text}");
        }
        for text in [
            "",
            ":",
            "localhost",
            "example.org:80",
            "127.0.0.1:",
            "127.0.0.1:65536",
            "127.0.0.1:x",
            "http://127.0.0.1:80",
            "127.0.0.1:80/",
            " 127.0.0.1:80",
            "UNIX:/x",
            "[127.0.0.1]:80",
            "[]",
        ] {
            let error = text.parse::<ListenAddress>().unwrap_err();
            assert_eq!(error.hint, Some(FORMS.into()), "{text}");
        }
    }

    #[test]
    fn parse_refuses_paths_that_a_unix_socket_cannot_have() {
        for (path, why) in [
            ("", "is not absolute"),
            ("keyctl.sock", "is not absolute"),
            ("//x\0y", "names an abstract socket"),
            ("@keyctl", "names an abstract socket"),
            ("\0keyctl", "names an abstract socket"),
            (&format!("/{}", "x".repeat(107)), "is too long"),
        ] {
            let error = format!("unix:{path}").parse::<ListenAddress>().unwrap_err();
            assert!(error.message.contains(why), "{}", error.message);
            assert!(error.hint.is_some());
        }
    }

    proptest! {
        #[test]
        fn parse_never_panics_and_takes_back_what_is_shown(text in "(unix:)?[a-z0-9.:@/\\[\\]*%\u{fc}]{0,20}") {
            if let Ok(address) = text.parse::<ListenAddress>() {
                prop_assert_eq!(address.to_string().parse(), Ok(address));
            }
        }
    }
}
