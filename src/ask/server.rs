//! Address of a running `keyctl serve`, as `verify --server` takes it.

use crate::error::{Error, Result, escape, quote};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Address of a running `keyctl serve`: `http://HOST:PORT` or `unix:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerUrl {
    /// Unix socket.
    Unix(PathBuf),
    /// TCP port of a host.
    Tcp(ServerHost, u16),
}

/// Host of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerHost {
    /// IP address.
    Address(IpAddr),
    /// The name `localhost`. It is not looked up, so that no directory can lead the token elsewhere.
    Localhost,
    /// Any other name.
    Name(String),
}

const FORMS: &str = "write http://HOST:PORT, as in http://127.0.0.1:9091, or unix:PATH";

impl ServerUrl {
    /// Returns true if nothing that is sent to this server leaves the machine.
    pub fn is_local(&self) -> bool {
        match self {
            ServerUrl::Unix(_) | ServerUrl::Tcp(ServerHost::Localhost, _) => true,
            ServerUrl::Tcp(ServerHost::Address(address), _) => address.to_canonical().is_loopback(),
            ServerUrl::Tcp(ServerHost::Name(_), _) => false,
        }
    }

    /// Returns the value for the header `host`.
    pub fn authority(&self) -> String {
        match self {
            ServerUrl::Unix(_) => "localhost".to_owned(),
            ServerUrl::Tcp(ServerHost::Address(IpAddr::V6(address)), port) => {
                format!("[{address}]:{port}")
            }
            ServerUrl::Tcp(ServerHost::Address(address), port) => format!("{address}:{port}"),
            ServerUrl::Tcp(ServerHost::Localhost, port) => format!("localhost:{port}"),
            ServerUrl::Tcp(ServerHost::Name(name), port) => format!("{name}:{port}"),
        }
    }
}

impl ServerHost {
    /// Addresses of `localhost`.
    pub const LOCALHOST: [IpAddr; 2] = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerUrl::Unix(path) => write!(f, "unix:{}", escape(&path.to_string_lossy())),
            ServerUrl::Tcp(..) => write!(f, "http://{}", self.authority()),
        }
    }
}

impl FromStr for ServerUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(path) = text.strip_prefix("unix:") {
            return unix(path);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(without_scheme(text));
        };
        if rest.contains('@') {
            return Err(
                Error::usage("the URL of --server has a user or a password in it").hint(
                    "leave them out, only the token is sent; others can read arguments with ps: treat a password in this one as leaked",
                ),
            );
        }
        let (authority, path) = rest
            .find(['/', '?', '#'])
            .map_or((rest, ""), |at| rest.split_at(at));
        match scheme.to_ascii_lowercase().as_str() {
            "http" => {}
            "https" => return Err(encrypted(authority)),
            _ => {
                return Err(Error::usage(format!(
                    "--server takes no URL of the scheme {}",
                    quote(scheme)
                ))
                .hint(FORMS));
            }
        }
        if !matches!(path, "" | "/") {
            return Err(
                Error::usage("the URL of --server has a path or a query in it")
                    .hint("leave it out: /verify is asked, with what --scope and --project say"),
            );
        }
        tcp(authority)
    }
}

fn unix(path: &str) -> Result<ServerUrl> {
    if path.is_empty() || path.starts_with('~') {
        return Err(
            Error::usage(format!("{} is not the path of a unix socket", quote(path)))
                .hint("write the whole path, as in unix:/run/keyctl/serve.sock"),
        );
    }
    Ok(ServerUrl::Unix(Path::new(path).to_owned()))
}

/// Parses `HOST:PORT`. The port must be there: port 80, which a URL without one means, is another server's.
fn tcp(authority: &str) -> Result<ServerUrl> {
    let refused = |what: &str, hint: &str| {
        Error::usage(format!(
            "the URL of --server has {what}: {}",
            quote(authority)
        ))
        .hint(hint)
    };
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest
            .split_once(']')
            .ok_or_else(|| refused("no host", FORMS))?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let in_brackets = authority.starts_with('[');
    if !in_brackets && port.matches(':').count() > 1 {
        return Err(refused(
            "no valid host",
            "an IPv6 address stands in brackets, as in http://[::1]:9091",
        ));
    }
    let Some(port) = port.strip_prefix(':').filter(|port| !port.is_empty()) else {
        return Err(refused(
            "no port",
            "add it, as in http://127.0.0.1:9091, where a server listens by default",
        ));
    };
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let number = port
        .parse()
        .ok()
        .filter(|&port: &u16| is_number && port > 0);
    let port = number.ok_or_else(|| refused("no valid port", FORMS))?;
    let host = match host.parse() {
        Ok(address @ IpAddr::V6(_)) if in_brackets => ServerHost::Address(address),
        Ok(address @ IpAddr::V4(_)) if !in_brackets => ServerHost::Address(address),
        _ if in_brackets => return Err(refused("no valid host", FORMS)),
        _ if host.eq_ignore_ascii_case("localhost") => ServerHost::Localhost,
        _ if is_name(host) => ServerHost::Name(host.to_ascii_lowercase()),
        _ => return Err(refused("no valid host", FORMS)),
    };
    Ok(ServerUrl::Tcp(host, port))
}

/// True for a name of letters, digits, `-`, `_` and `.`, as the directory of hosts takes it.
fn is_name(host: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    host.len() <= 253
        && host.starts_with(|first: char| first.is_ascii_alphanumeric())
        && host.bytes().all(is_part)
}

/// Error for `https://`, with a command that asks the same.
fn encrypted(authority: &str) -> Error {
    let shown = match authority.rsplit_once(':') {
        Some((host, port)) if is_name(host) && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            authority
        }
        None if is_name(authority) => authority,
        _ => "HOST",
    };
    Error::usage("--server speaks no TLS, but it names an https:// URL").hint(format!(
        "ask with curl: {{ printf 'x-api-key: '; cat FILE; }} | curl --header @- --dump-header - 'https://{shown}/verify?scope=SCOPE'"
    ))
}

/// Error for text without a scheme, with a question for what it looks like.
fn without_scheme(text: &str) -> Error {
    let error = Error::usage(format!("{} is not the address of a server", quote(text)));
    // A hint repeats only what has no secrets in it.
    let is_plain = quote(text) == format!("'{text}'");
    match text {
        _ if !is_plain => error.hint(FORMS),
        path if path.starts_with(['/', '.']) => error.hint(format!("did you mean unix:{path}?")),
        host if tcp(host).is_ok() => error.hint(format!("did you mean http://{host}?")),
        _ => error.hint(FORMS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> ServerUrl {
        text.parse().unwrap()
    }

    fn refused(text: &str) -> Error {
        text.parse::<ServerUrl>().unwrap_err()
    }

    #[test]
    fn parse_takes_a_host_with_a_port_and_the_path_of_a_socket() {
        for (text, shown, is_local) in [
            ("http://127.0.0.1:9091", "http://127.0.0.1:9091", true),
            ("HTTP://127.8.8.8:1/", "http://127.8.8.8:1", true),
            ("http://[::1]:9091", "http://[::1]:9091", true),
            (
                "http://[::ffff:127.0.0.1]:9091",
                "http://[::ffff:127.0.0.1]:9091",
                true,
            ),
            ("http://LocalHost:9091", "http://localhost:9091", true),
            (
                "unix:/run/keyctl/serve.sock",
                "unix:/run/keyctl/serve.sock",
                true,
            ),
            ("unix:a b", "unix:a b", true),
            ("http://192.0.2.7:9091", "http://192.0.2.7:9091", false),
            ("http://0.0.0.0:9091", "http://0.0.0.0:9091", false),
            (
                "http://GPU-2.internal:9091",
                "http://gpu-2.internal:9091",
                false,
            ),
            (
                "http://localhost.example:80",
                "http://localhost.example:80",
                false,
            ),
            // The system reads this as 127.0.0.1, but it is no address to us.
            ("http://127.1:9091", "http://127.1:9091", false),
        ] {
            let server = parsed(text);
            assert_eq!(server.to_string(), shown);
            assert_eq!(server.is_local(), is_local, "{text}");
        }
    }

    #[test]
    fn parse_refuses_all_else_and_says_what_to_write() {
        for (text, why) in [
            ("", "is not the address of a server"),
            ("ftp://h:1", "of the scheme 'ftp'"),
            ("http://h", "no port"),
            ("http://h:", "no port"),
            ("http://[::1]", "no port"),
            ("http://:9091", "no valid host"),
            ("http://h:0", "no valid port"),
            ("http://h:+1", "no valid port"),
            ("http://h:65536", "no valid port"),
            ("http://h:1:2", "no valid host"),
            ("http://::1:9091", "no valid host"),
            ("http://[::1:9091", "no host"),
            ("http://[h]:9091", "no valid host"),
            ("http://[fe80::1%eth0]:9091", "no valid host"),
            ("http://a b:9091", "no valid host"),
            ("http://-h:9091", "no valid host"),
            ("http://h:1/verify", "a path or a query"),
            ("http://h:1?scope=a", "a path or a query"),
            ("http://h:1#a", "a path or a query"),
            ("unix:", "is not the path of a unix socket"),
            ("unix:~/s", "is not the path of a unix socket"),
        ] {
            let error = refused(text);
            assert!(error.message.contains(why), "{text}: {error}");
            assert_eq!(error.kind.exit_code(), 2);
            assert!(error.hint.is_some(), "{text}");
        }
    }

    #[test]
    fn parse_shows_no_password() {
        for url in [
            "http://u:secret@h:1",
            "https://u:secret@h:1/x",
            "http://h:1/u:secret@h",
            "ftp://secret@h",
            "u:secret@h:9091",
            "http://h:1?token=secret",
            "https://h/?token=secret",
            "https://h:secret",
            "http://h:secret@",
        ] {
            let error = refused(url);
            let shown = format!("{error:?}");
            let password = shown.contains("secret") && !url.starts_with("u:");
            assert!(!password, "{url}: {shown}");
        }
    }

    #[test]
    fn hints_name_the_address_that_was_probably_meant() {
        for (text, hint) in [
            ("127.0.0.1:9091", "did you mean http://127.0.0.1:9091?"),
            ("/run/s.sock", "did you mean unix:/run/s.sock?"),
            ("h", FORMS),
        ] {
            assert_eq!(refused(text).hint, Some(hint.into()), "{text}");
        }
        for (text, host) in [
            ("https://keys.example/", "https://keys.example/verify"),
            (
                "https://keys.example:8443",
                "https://keys.example:8443/verify",
            ),
            ("https://$(id)", "https://HOST/verify"),
        ] {
            let hint = format!("{:?}", refused(text).hint);
            assert!(hint.contains(host), "{text}: {hint}");
        }
    }
}
