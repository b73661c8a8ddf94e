//! Question to `keyctl serve`, as an HTTP request.

use super::ServerUrl;
use crate::error::{Error, Result};
use crate::percent;
use crate::token::AnyToken;
use http_body_util::Empty;
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{HOST, HeaderName, HeaderValue, USER_AGENT};
use std::collections::BTreeSet;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// Header that carries the token.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Headers that say something else than the address of a client.
const TAKEN: [&str; 10] = [
    "x-api-key",
    "authorization",
    "host",
    "user-agent",
    "connection",
    "content-length",
    "expect",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Question whether a token is valid.
pub struct Question<'a> {
    /// Token.
    pub token: &'a AnyToken,
    /// Required scopes.
    pub scopes: &'a [String],
    /// Required projects. A server takes one at most and refuses more.
    pub projects: &'a [String],
    /// Address of the client, for a key that works from some networks only.
    pub client: Option<ClientAddress>,
}

/// Address of a client, in the header in which the server takes it.
pub struct ClientAddress {
    header: HeaderName,
    address: IpAddr,
}

impl ClientAddress {
    /// Puts `address` into the header `name`.
    ///
    /// # Errors
    ///
    /// Refuses what is no name of a header, and a header that the request has for something else.
    pub fn new(name: &str, address: IpAddr) -> Result<Self> {
        let header = HeaderName::try_from(name).ok();
        let header = header.filter(|header| !TAKEN.contains(&header.as_str()));
        let header = header.ok_or_else(|| {
            let shown = crate::error::quote(name);
            Error::usage(format!("{shown} is no header for the address of a client")).hint(
                "give the name that the server was started with, as in --client-header X-Real-IP",
            )
        })?;
        Ok(ClientAddress { header, address })
    }
}

impl Question<'_> {
    /// Builds the request to `server`.
    pub fn request(&self, server: &ServerUrl) -> Result<Request<Empty<Bytes>>> {
        let built = self.build(server);
        built.map_err(|_| {
            Error::usage(format!(
                "{server} cannot be asked this: it is no HTTP request"
            ))
        })
    }

    fn build(&self, server: &ServerUrl) -> hyper::http::Result<Request<Empty<Bytes>>> {
        let mut request = Request::get(self.path())
            .header(HOST, server.authority())
            .header(USER_AGENT, concat!("keyctl/", env!("CARGO_PKG_VERSION")))
            .header(API_KEY, value(self.token)?);
        if let Some(client) = &self.client {
            request = request.header(&client.header, client.address.to_string());
        }
        request.body(Empty::new())
    }

    /// Path and query: `/verify?scope=A,B&project=P`.
    fn path(&self) -> String {
        let mut parameters = Vec::new();
        if !self.scopes.is_empty() {
            let scopes: BTreeSet<String> = self
                .scopes
                .iter()
                .map(|scope| percent::encode(scope))
                .collect();
            let scopes: Vec<String> = scopes.into_iter().collect();
            parameters.push(format!("scope={}", scopes.join(",")));
        }
        for project in self.projects {
            parameters.push(format!("project={}", percent::encode(project)));
        }
        match parameters.is_empty() {
            true => "/verify".to_owned(),
            false => format!("/verify?{}", parameters.join("&")),
        }
    }
}

/// Value of the header with the token. It is wiped on drop; the buffer from which hyper writes the request is not.
fn value(token: &AnyToken) -> hyper::http::Result<HeaderValue> {
    let bytes = Zeroizing::new(match token {
        AnyToken::Own(token) => token.expose().to_vec(),
        AnyToken::Foreign(token) => token.expose().to_vec(),
    });
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(bytes))?;
    value.set_sensitive(true);
    Ok(value)
}
