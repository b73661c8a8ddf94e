//! Requests that every gateway is asked, what clients get for each, and what the application gets.

use super::application::Received;
use super::client::{Answer, Request, send, send_all};
use super::server::{Hung, Place, Server, Socket};
use super::world::{Running, World};
use crate::exe::harness::run;
use crate::harness::id_of;
use std::fs;

/// The path that clients ask for: the recipes want the scope `inference` for it.
const PATH: &str = "/v1/models?verbose=1";

/// Bytes of a body that fits every gateway's default bound of 1 MiB, and no buffer.
pub const LARGE: usize = 900_000;

/// The headers in which the application finds whose key it was.
const IDENTITY: [&str; 9] = [
    "x-key-id",
    "x-key-owner",
    "x-key-name",
    "x-key-kind",
    "x-key-scopes",
    "x-key-scope-count",
    "x-key-expires",
    "x-key-state",
    "x-key-replaced-by",
];

/// Names that a client may hope to get past the gateway as an identity header.
const FORGED: [&str; 16] = [
    "X-Key-Id",
    "X-Key-Owner",
    "x-key-owner",
    "X-KEY-OWNER",
    "X_Key_Owner",
    "x_key_owner",
    "X-Key_Owner",
    "X.Key.Owner",
    "X_Key.Owner",
    "X-Key-Name",
    "X-Key-Kind",
    "X-Key-Scopes",
    "X-Key-Expires",
    "X-Key-State",
    "X-Key-Replaced-By",
    "X-Key-Scope-Count",
];

/// A gateway with the configuration of its recipe.
pub trait Gateway {
    /// Tells whether its program is here; names it as skipped if not.
    fn is_here(&self) -> bool;

    /// Starts it in front of the world's application, so that it asks the server at `server`.
    fn start(&self, world: &World, server: &Place) -> Running;

    /// The socket on which its recipe has the server.
    fn socket(&self) -> Socket {
        Socket::Tcp
    }

    /// The flags of `keyctl serve` that its recipe has.
    fn flags(&self) -> &'static str {
        ""
    }

    /// Tells whether it asks a server at all, which can be down then, or hang.
    fn has_server(&self) -> bool {
        true
    }

    /// The identity headers that the application gets for `token`, in small letters; by default all
    /// that the server gives a value.
    fn identity(&self, server: Option<&Server>, token: &str) -> Vec<(String, String)> {
        let mut identity = answered(server.unwrap(), token);
        identity.retain(|(_, value)| !value.is_empty());
        identity
    }

    /// The status of a preflight, and whether it reaches the application.
    fn preflight(&self) -> (u16, bool) {
        (204, false)
    }

    /// The status while the store is gone.
    fn status_if_gone(&self) -> u16 {
        503
    }

    /// The status while nobody listens where the server should be.
    fn status_if_down(&self) -> u16 {
        503
    }

    /// The status while the server does not answer.
    fn status_if_hung(&self) -> u16 {
        503
    }

    /// Tells whether it says when to try again if the server does not answer.
    fn says_when_to_retry(&self) -> bool {
        true
    }
}

/// The identity headers of the server's answer for `token`, in small letters, with those that are empty.
#[track_caller]
pub fn answered(server: &Server, token: &str) -> Vec<(String, String)> {
    let request = Request::new("GET", "/verify?scope=inference").key(token);
    let answer = send(server.place(), &request);
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut identity: Vec<(String, String)> = answer
        .headers
        .into_iter()
        .map(|(name, value)| (name.to_lowercase(), value))
        .filter(|(name, _)| IDENTITY.contains(&name.as_str()))
        .collect();
    identity.sort();
    identity
}

/// A request and what is to become of it.
struct Case<'w> {
    name: &'static str,
    request: Request,
    status: u16,
    /// The token that it is let in by; `None` if the application must not see it.
    token: Option<&'w str>,
}

impl<'w> Case<'w> {
    /// A request that is let in by `token`.
    fn passes(name: &'static str, token: &'w str, request: Request) -> Self {
        Case {
            name,
            request,
            status: 200,
            token: Some(token),
        }
    }

    /// A request that is answered with `status` in place of the application.
    fn stops(name: &'static str, status: u16, request: Request) -> Self {
        Case {
            name,
            request,
            status,
            token: None,
        }
    }
}

fn get() -> Request {
    Request::new("GET", PATH)
}

fn post() -> Request {
    Request::new("POST", PATH)
}

/// The same request with an identity that is not the key's, and one that it lacks.
fn forged(request: Request) -> Request {
    FORGED
        .iter()
        .fold(request, |request, name| request.header(name, "mallory"))
}

/// The cases for which the server must run.
fn cases(world: &World) -> Vec<Case<'_>> {
    let keys = &world.keys;
    let good = keys.good.as_str();
    let long = "x".repeat(6000);
    let bearer = format!("Bearer {good}");
    let basic = "Basic YWxpY2U6c2VjcmV0";
    let mut cases = vec![
        Case::passes("good", good, get().key(good)),
        Case::passes("forged", good, forged(get()).key(good)),
        Case::passes("forged behind the key", good, forged(get().key(good))),
        Case::passes(
            "forged, in grace",
            &keys.phased_out,
            forged(get().key(&keys.phased_out)),
        ),
        Case::passes("small letters", good, get().header("x-api-key", good)),
        // A proxy drops the headers that are named there.
        Case::passes(
            "identity in Connection",
            good,
            get()
                .header("Connection", "X-Key-Id, x-key-owner")
                .key(good),
        ),
        Case::passes("POST", good, post().key(good).body(20)),
        Case::passes("large POST", good, post().key(good).body(LARGE)),
        Case::passes("chunked", good, post().key(good).body(LARGE).chunked()),
        Case::passes("HEAD", good, Request::new("HEAD", PATH).key(good)),
        Case::passes("DELETE", good, Request::new("DELETE", PATH).key(good)),
        Case::passes("Bearer", good, get().header("Authorization", &bearer)),
        Case::passes(
            "Basic and key",
            good,
            get().header("Authorization", basic).key(good),
        ),
        Case::passes("6 kB header", good, get().header("Cookie", &long).key(good)),
        Case::stops("other scope", 403, get().key(&keys.other)),
        Case::stops("Basic", 401, get().header("Authorization", basic)),
        Case::stops("6 kB key", 401, get().key(&long)),
        Case::stops("two keys", 401, get().key(good).key(&keys.unknown)),
        Case::stops("two keys, turned", 401, get().key(&keys.unknown).key(good)),
        Case::stops("key and other Bearer", 401, {
            let other = format!("Bearer {}", keys.unknown);
            get().key(good).header("Authorization", &other)
        }),
    ];
    for (name, token) in [
        ("unknown", Some(&keys.unknown)),
        ("expired", Some(&keys.expired)),
        ("disabled", Some(&keys.disabled)),
        ("none", None),
    ] {
        let of = |request: Request| match token {
            Some(token) => request.key(token),
            None => request,
        };
        cases.extend([
            Case::stops(name, 401, of(get())),
            Case::stops(name, 401, of(forged(post()))),
            Case::stops(name, 401, of(post().body(LARGE))),
            Case::stops(name, 401, of(post().body(LARGE).chunked())),
            Case::stops(name, 401, of(Request::new("HEAD", PATH))),
        ]);
    }
    cases
}

/// Asks a gateway all cases: those with the server, then without its store, without it, and with
/// one that hangs. Skipped, by name, where the gateway is missing.
#[track_caller]
pub fn matrix(gateway: &dyn Gateway) {
    if !gateway.is_here() {
        return;
    }
    let world = World::new();
    let server = gateway
        .has_server()
        .then(|| world.serve(gateway.socket(), gateway.flags()));
    let place = match &server {
        Some(server) => server.place().clone(),
        None => gateway.socket().down(&world.site),
    };
    let running = gateway.start(&world, &place);
    for case in cases(&world) {
        let answer = send(running.address, &case.request);
        check(
            gateway,
            server.as_ref(),
            &world,
            &case,
            &answer,
            world.application.take(),
        );
    }
    several_on_one_connection(gateway, server.as_ref(), &world, &running);
    preflight(gateway, &world, &running);

    fs::rename(world.site.db(), world.site.path("away")).unwrap();
    closed(
        "store gone",
        (gateway.status_if_gone(), true),
        &world,
        &running,
        &[get(), post().body(LARGE)],
    );
    fs::rename(world.site.path("away"), world.site.db()).unwrap();
    drop(running);
    kept_out_of_files(&world);

    if gateway.has_server() {
        let running = gateway.start(&world, &gateway.socket().down(&world.site));
        let retry = gateway.says_when_to_retry();
        closed(
            "server down",
            (gateway.status_if_down(), retry),
            &world,
            &running,
            &[get(), post().body(LARGE)],
        );
        drop(running);
        let hung = Hung::start(&world.site, gateway.socket());
        let running = gateway.start(&world, hung.place());
        closed(
            "server hung",
            (gateway.status_if_hung(), retry),
            &world,
            &running,
            &[get()],
        );
    }
}

/// The client got what the case says, and the application what it may know.
#[track_caller]
fn check(
    gateway: &dyn Gateway,
    server: Option<&Server>,
    world: &World,
    case: &Case<'_>,
    answer: &Answer,
    received: Vec<Received>,
) {
    let Case { name, request, .. } = case;
    let what = format!("{name} ({})", request.method);
    assert_eq!(answer.status, case.status, "{what}: {answer:?}");
    let Some(token) = case.token else {
        assert!(received.is_empty(), "{what}: {received:?}");
        if case.status == 401 {
            let wanted = answer.header("www-authenticate").unwrap_or_default();
            assert!(wanted.starts_with("Bearer"), "{what}: {answer:?}");
        }
        return;
    };
    let [received] = <[Received; 1]>::try_from(received).unwrap_or_else(|all| {
        panic!("{what}: {all:?}");
    });
    assert_eq!(received.method, request.method, "{what}");
    assert_eq!(received.path, request.path, "{what}");
    assert_eq!(received.body, request.body.len(), "{what}");
    assert_eq!(
        identity_of(&received),
        gateway.identity(server, token),
        "{what}"
    );
    assert_eq!(received.values("x-key-id"), [id_of(token)], "{what}");
    let (_, secret) = world.keys.good.rsplit_once('_').unwrap();
    assert!(
        !format!("{received:?}").contains(secret),
        "{what}: {received:?}"
    );
}

/// The headers that an application could take for a key's identity, in small letters.
fn identity_of(received: &Received) -> Vec<(String, String)> {
    let headers = received.headers.iter();
    let mut identity: Vec<(String, String)> = headers
        .map(|(name, value)| (name.to_lowercase(), value.clone()))
        .filter(|(name, _)| name.replace(['_', '.'], "-").starts_with("x-key-"))
        .collect();
    identity.sort();
    identity
}

/// Bodies are not taken for the next request, nor one request's key for that of the next.
#[track_caller]
fn several_on_one_connection(
    gateway: &dyn Gateway,
    server: Option<&Server>,
    world: &World,
    running: &Running,
) {
    let good = world.keys.good.as_str();
    let cases = [
        Case::passes("1st of a connection", good, post().key(good).body(20)),
        Case::stops("2nd of a connection", 401, get()),
        Case::passes(
            "3rd of a connection",
            good,
            post().key(good).body(LARGE).chunked(),
        ),
        Case::stops("4th of a connection", 401, post().body(20)),
        Case::passes("5th of a connection", good, get().key(good)),
    ];
    let requests = cases.each_ref().map(|case| case.request.clone());
    let answers = send_all(running.address, &requests);
    let mut received = world.application.take();
    for (case, answer) in cases.iter().zip(&answers) {
        let of_case = match case.token {
            Some(_) if !received.is_empty() => vec![received.remove(0)],
            _ => Vec::new(),
        };
        check(gateway, server, world, case, answer, of_case);
    }
    assert!(received.is_empty(), "{received:?}");
}

/// A browser's preflight, which never has a key, is no 401.
#[track_caller]
fn preflight(gateway: &dyn Gateway, world: &World, running: &Running) {
    let request = Request::new("OPTIONS", PATH)
        .header("Origin", "https://app.test")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "x-api-key");
    let answer = send(running.address, &forged(request));
    let (status, reaches) = gateway.preflight();
    assert_eq!(answer.status, status, "{answer:?}");
    let received = world.application.take();
    assert_eq!(!received.is_empty(), reaches, "{received:?}");
    for received in received {
        assert_eq!(identity_of(&received), []);
    }
}

/// No file in the world's directory has a token's secret in it: no log, no body, no configuration.
#[track_caller]
fn kept_out_of_files(world: &World) {
    for token in [&world.keys.good, &world.keys.unknown, &world.keys.disabled] {
        let (_, secret) = token.rsplit_once('_').unwrap();
        let mut grep = world.site.clean("grep");
        grep.args(["-raF", "-D", "skip", "--", secret, "."]);
        run(&mut grep).code(1).stdout("");
    }
}

/// A good key is neither let in nor said to be a wrong one: the answer has this status, and says when
/// to try again or does not.
#[track_caller]
fn closed(
    name: &'static str,
    (status, retry): (u16, bool),
    world: &World,
    running: &Running,
    requests: &[Request],
) {
    for request in requests {
        let answer = send(running.address, &request.clone().key(&world.keys.good));
        let log = || running.process.stderr();
        assert_eq!(answer.status, status, "{name}: {answer:?} {}", log());
        let says = answer.header("retry-after").is_some();
        assert_eq!(says, retry, "{name}: {answer:?}");
        let received = world.application.take();
        assert!(received.is_empty(), "{name}: {received:?}");
    }
}

/// The server's own answer to every case is the one that gateways are to pass on.
#[test]
fn the_server_itself_answers_each_case() {
    let world = World::new();
    let server = world.serve(Socket::Unix, "--scope inference");
    for case in cases(&world) {
        let request = Request {
            path: "/verify".to_owned(),
            body: Vec::new(),
            chunked: false,
            ..case.request
        };
        let answer = send(server.place(), &request);
        assert_eq!(answer.status, case.status, "{}: {answer:?}", case.name);
    }
}
