//! Properties of any bytes that come over a connection, from the HTTP parser to the token and the requirements.

use hyper::body::{Body, Incoming};
use hyper::header::{AUTHORIZATION, HeaderName};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use keyctl::name;
use keyctl::scope;
use keyctl::serve::client;
use keyctl::serve::presented::{self, Credential};
use keyctl::serve::query::{self, Asked, Endpoint};
use keyctl::token::{AnyToken, trim};
use std::cell::RefCell;
use std::convert::Infallible;
use std::io::Cursor;

/// Maximum length of a head.
const HEAD_MAX: usize = 16 << 10;

/// Each request of a connection requires what it says and no less, and has a token only if the bytes have one.
pub fn request(bytes: &[u8]) {
    for (uri, headers) in requests(bytes) {
        required(&uri);
        credential(&headers, bytes);
        address(&headers);
    }
}

/// The requests that the HTTP parser of the server finds.
fn requests(bytes: &[u8]) -> Vec<(Uri, HeaderMap)> {
    let found = RefCell::new(Vec::new());
    let service = service_fn(async |request: Request<Incoming>| {
        let has_body = !request.body().is_end_stream();
        let (head, _) = request.into_parts();
        found.borrow_mut().push((head.uri, head.headers));
        let mut response = Response::new(String::new());
        if has_body {
            response
                .headers_mut()
                .insert("connection", "close".parse().unwrap());
        }
        Ok::<_, Infallible>(response)
    });
    let input = Cursor::new(bytes.to_vec());
    let stream = TokioIo::new(tokio::io::join(input, tokio::io::sink()));
    let mut server = http1::Builder::new();
    let serving = server
        .max_buf_size(HEAD_MAX)
        .serve_connection(stream, service);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    // Bytes that are no request are an error.
    drop(runtime.unwrap().block_on(serving));
    found.into_inner()
}

/// What is required can be said again in one way, which means the same.
fn required(uri: &Uri) {
    let path = uri.path();
    let Some(parsed) = query::parse(path, uri.query()) else {
        assert!(!["/verify", "/livez", "/readyz"].contains(&path) && !path.starts_with("/at/"));
        return;
    };
    let Ok(asked) = parsed else {
        return;
    };
    assert!(asked.scopes.len() <= 64);
    assert!(asked.scopes.iter().all(|it| scope::name(it).is_ok()));
    assert!(
        asked
            .project
            .iter()
            .all(|it| name::sought_project(it).is_ok())
    );
    let has_none = asked.scopes.is_empty() && asked.project.is_none();
    match asked.endpoint {
        Endpoint::Verify => assert_eq!(has_none, uri.query().unwrap_or_default().is_empty()),
        Endpoint::At => assert!(!asked.scopes.is_empty()),
        Endpoint::Live | Endpoint::Ready => assert!(has_none),
    }
    let again = query::parse("/verify", Some(&plain(&asked)))
        .unwrap()
        .unwrap();
    assert_eq!((again.scopes, again.project), (asked.scopes, asked.project));
}

/// A query with each byte of its values percent-encoded.
fn plain(asked: &Asked) -> String {
    let encoded = |text: &str| -> String { text.bytes().map(|it| format!("%{it:02x}")).collect() };
    let scopes = Some(asked.scopes.join(",")).filter(|it| !it.is_empty());
    let parameters = [("scope", scopes), ("project", asked.project.clone())];
    let given = parameters
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let given: Vec<String> = given
        .map(|(name, value)| format!("{name}={}", encoded(&value)))
        .collect();
    given.join("&")
}

fn credential(headers: &HeaderMap, bytes: &[u8]) {
    let values = |name: &HeaderName| -> Vec<Vec<u8>> {
        headers
            .get_all(name)
            .iter()
            .map(|it| it.as_bytes().to_vec())
            .collect()
    };
    let keys = values(&HeaderName::from_static("x-api-key"));
    let authorization = values(&AUTHORIZATION);
    let found = |keys: &[Vec<u8>], authorization: &[Vec<u8>]| {
        presented::find(
            keys.iter().map(Vec::as_slice),
            authorization.iter().map(Vec::as_slice),
        )
    };
    match found(&keys, &authorization) {
        Credential::Token(token) => {
            let secret = token.secret();
            assert!(bytes.windows(secret.len()).any(|part| part == secret));
            for key in keys.iter().filter(|it| !trim(it).is_empty()) {
                let same = AnyToken::presented(key).is_some_and(|it| it.secret() == secret);
                assert!(
                    same || key.eq_ignore_ascii_case(b"bearer"),
                    "another value was dropped"
                );
            }
        }
        Credential::Missing => {
            let is_empty =
                |key: &Vec<u8>| AnyToken::presented(key).is_none() && trim(key).len() <= 6;
            assert!(keys.iter().all(is_empty));
        }
        Credential::Several => assert!(keys.len() + authorization.len() > 1),
        Credential::Malformed => assert!(keys.len() + authorization.len() > 0),
    }
    // The order of the headers is nobody's decision.
    let turned: Vec<_> = keys.iter().rev().cloned().collect();
    let name = |it: &Credential| std::mem::discriminant(it);
    assert_eq!(
        name(&found(&keys, &authorization)),
        name(&found(&turned, &authorization))
    );
}

fn address(headers: &HeaderMap) {
    let values: Vec<&[u8]> = headers
        .get_all("x-real-ip")
        .iter()
        .map(|it| it.as_bytes())
        .collect();
    let Some(address) = client::address(values.iter().copied()) else {
        return;
    };
    assert_eq!(values.len(), 1);
    assert_eq!(address, address.to_canonical());
    assert!(!values[0].contains(&b',') && !values[0].contains(&b'%'));
}
