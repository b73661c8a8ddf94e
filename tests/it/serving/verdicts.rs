//! Verdicts, their statuses and headers.

use super::server::{Served, quick, reason, rejected, valid};
use crate::exe::harness::{GUARD, Site, run_with, until};
use crate::gateways::client::Request;
use crate::gateways::server::Place;
use crate::harness::id_of;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

fn one(site: &Site, line: &str) -> String {
    site.run(line).stdout.trim_end().to_owned()
}

#[test]
fn each_verdict_has_its_status_and_reason() {
    let site = quick();
    let good = one(
        &site,
        "create --scope inference --name chat --owner zoë --expires 90d",
    );
    let disabled = site.create();
    let old = one(&site, "create --scope inference --name old");
    let new = one(&site, "rotate old");
    let unknown = quick().create();
    let served = Served::of(site, "--replica gpu-2");
    served.on("disable KEY", &disabled);
    assert_eq!(served.ask(&good), valid());
    assert_eq!(served.ask(&new), valid());
    assert_eq!(served.ask(&disabled), rejected("disabled"));
    assert_eq!(served.ask(&old), rejected("phased-out"));
    assert_eq!(served.ask(&unknown), rejected("unknown"));
    assert_eq!(served.ask("no-token"), rejected("malformed"));
    assert_eq!(served.ask(&format!("{good}x")), rejected("malformed"));
    for (path, status, expected) in [
        ("/verify?scope=inference", 200, ""),
        ("/verify?scope=project", 403, "scope"),
        ("/verify?scope=inference,project", 403, "scope"),
        ("/verify?project=none", 403, "project"),
        ("/verify?scope=nix", 500, "usage"),
        ("/verify?scop=inference", 500, "usage"),
        ("/at/inference/v1/chat?scope=project", 200, ""),
        ("/at/project/v1/chat", 403, "scope"),
        ("/livez", 200, ""),
        ("/readyz", 200, ""),
        ("/metrics", 404, ""),
        ("/", 404, ""),
    ] {
        let answer = served.ask_at(path, &good);
        assert_eq!(
            (answer.status, &*reason(&answer)),
            (status, expected),
            "{path}"
        );
        assert_eq!(answer.header("x-keyctl-replica"), Some("gpu-2"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("content-length"), Some("0"), "{path}");
    }
    let missing = served.send(&Request::new("GET", "/verify"));
    assert_eq!((missing.status, &*reason(&missing)), (401, "missing"));
}

#[test]
fn a_valid_answer_has_every_header_percent_encoded() {
    let site = quick();
    site.run("policy set max-expiry never");
    let name = "50 %";
    let mut create = site.cmd("create --scope inference --owner zoë --expires 2031-01-31 --name");
    let token = run_with(create.arg(name), "").stdout.trim_end().to_owned();
    let served = Served::of(site, "");
    let answer = served.ask_at("/verify", &token);
    let header = |name: &str| {
        answer
            .header(name)
            .unwrap_or_else(|| panic!("{name}: {answer:?}"))
    };
    assert_eq!(header("x-key-id"), id_of(&token));
    assert_eq!(header("x-key-owner"), "zo%C3%AB");
    assert_eq!(header("x-key-name"), "50%20%25");
    assert_eq!(header("x-key-kind"), "api");
    assert_eq!(header("x-key-scopes"), "inference");
    assert_eq!(header("x-key-expires"), "2031-02-01T00:00:00Z");
    assert_eq!(header("x-key-state"), "active");
    assert_eq!(header("x-key-replaced-by"), "");
    assert_eq!(answer.header("x-keyctl-replica"), None);
}

#[test]
fn a_key_in_its_grace_is_valid_and_names_its_successor() {
    let site = quick();
    let old = site.create();
    let new = one(&site, &format!("rotate {} --grace 1h", id_of(&old)));
    let mut served = Served::of(site, "");
    let answer = served.ask_at("/verify", &old);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-key-state"), Some("phased-out"));
    assert_eq!(answer.header("x-key-replaced-by"), Some(&*id_of(&new)));
    // The log says who still uses the old token, once.
    assert_eq!(served.ask(&old), valid());
    served.server.end();
    let log = served.server.log();
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("phased-out"))
        .collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains(&id_of(&old)), "{log}");
    assert!(!log.contains(&old), "{log}");
}

#[test]
fn what_every_request_requires_is_required_in_addition() {
    let site = quick();
    site.run("scope add other --description other");
    let both = one(&site, "create --scope inference,other --owner ann");
    let one_of_them = one(&site, "create --scope inference --owner ann");
    site.run("member add p ann --role owner");
    let served = Served::of(site, "--scope other --project p");
    assert_eq!(served.ask_at("/verify?scope=inference", &both).status, 200);
    assert_eq!(
        served
            .ask_at("/verify?scope=inference", &one_of_them)
            .status,
        403
    );
    assert_eq!(served.ask_at("/verify?project=q", &both).status, 403);
    served.site.run("member add q ann --role owner");
    assert_eq!(served.ask_at("/verify?project=q", &both).status, 200);
    served.site.run("member remove p ann");
    assert_eq!(
        reason(&served.ask_at("/verify?project=q", &both)),
        "project"
    );
}

#[test]
fn a_key_of_some_networks_works_only_for_a_client_that_the_gateway_names() {
    let site = quick();
    let token = one(&site, "create --scope inference --allow-from 10.0.0.0/8");
    let served = Served::of(site, "--client-header X-Real-IP");
    let from = |values: &[&str]| {
        let request = Request::new("GET", "/verify").key(&token);
        let with = |request: Request, value: &&str| request.header("x-real-ip", value);
        served.send(&values.iter().fold(request, with)).status
    };
    assert_eq!(from(&["10.1.2.3"]), 200);
    assert_eq!(from(&["[::ffff:10.1.2.3]:80"]), 200);
    for values in [
        &[][..],
        &["11.0.0.1"],
        &["10.1.2.3", "10.1.2.3"],
        &["10.1.2.3, 10.1.2.4"],
        &["x"],
    ] {
        assert_eq!(from(values), 403, "{values:?}");
    }
}

#[test]
fn a_token_is_read_from_either_header_and_only_one() {
    let site = quick();
    let (token, other) = (site.create(), site.create());
    let served = Served::of(site, "");
    let bearer = format!("Bearer {token}");
    let ask = |headers: &[(&str, &str)]| {
        let request = Request::new("GET", "/verify");
        let with = |request: Request, (name, value): &(&str, &str)| request.header(name, value);
        let answer = served.send(&headers.iter().fold(request, with));
        (answer.status, reason(&answer))
    };
    assert_eq!(ask(&[("authorization", &bearer)]), valid());
    assert_eq!(
        ask(&[("authorization", &bearer), ("x-api-key", &token)]),
        valid()
    );
    assert_eq!(
        ask(&[("authorization", "Basic eDp5"), ("x-api-key", &token)]),
        valid()
    );
    assert_eq!(
        ask(&[("authorization", &bearer), ("x-api-key", &other)]),
        rejected("several")
    );
    assert_eq!(
        ask(&[("x-api-key", &token), ("x-api-key", &other)]),
        rejected("several")
    );
    assert_eq!(ask(&[("authorization", "Basic eDp5")]), rejected("missing"));
    let served = Served::of(served.site, "--no-bearer --header X-Token");
    let ask = |name: &str, value: &str| {
        served
            .send(&Request::new("GET", "/verify").header(name, value))
            .status
    };
    assert_eq!(ask("authorization", &bearer), 401);
    assert_eq!(ask("x-api-key", &token), 401);
    assert_eq!(ask("X-TOKEN", &token), 200);
}

#[test]
fn a_slow_hash_is_computed_once_a_token() {
    let site = Site::new();
    site.run("init");
    let token = site.create();
    let served = Served::of(site, "--log all --client-header x-real-ip");
    for _ in 0..3 {
        assert_eq!(served.ask(&token), valid());
    }
    let count = |hash: &str| {
        let log = served.server.log();
        log.matches(&format!(r#""hash":"{hash}""#)).count()
    };
    until("each answer has its line", || count("cached") == 2);
    assert_eq!(count("computed"), 1);
    // Another process renews the hash: it is another one, and computed again.
    served.site.run("policy set argon2-iterations 6");
    assert_eq!(served.ask(&token), valid());
    assert_eq!(served.site.verify(&token), 0);
    assert_eq!(served.ask(&token), valid());
}

#[test]
fn uses_and_reuses_are_noted() {
    let site = quick();
    let (used, stopped) = (site.create(), site.create());
    let mut served = Served::of(site, "");
    served.on("disable KEY", &stopped);
    for _ in 0..3 {
        assert_eq!(served.ask(&used), valid());
        assert_eq!(served.ask(&stopped), rejected("disabled"));
    }
    served.server.end();
    assert!(
        !served
            .site
            .record(&id_of(&used))
            .contains(r#""last_used_at":null"#)
    );
    let log = served
        .site
        .run(&format!("log --key {}", id_of(&stopped)))
        .stdout;
    assert_eq!(log.matches("reuse").count(), 1, "{log}");
}

#[test]
fn no_touch_writes_nothing() {
    let site = quick();
    let token = site.create();
    let mut served = Served::of(site, "--no-touch");
    assert_eq!(served.ask(&token), valid());
    served.server.end();
    assert!(
        served
            .site
            .record(&id_of(&token))
            .contains(r#""last_used_at":null"#)
    );
}

#[test]
fn a_client_that_has_sent_all_and_waits_gets_its_answer() {
    let site = Site::new();
    site.run("init");
    site.run("policy set argon2-iterations 20");
    let token = site.create();
    let served = Served::of(site, "--hash-wait 60s --client-header x-real-ip");
    let Place::Tcp(address) = served.server.place() else {
        unreachable!()
    };
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(GUARD)).unwrap();
    write!(
        stream,
        "GET /verify HTTP/1.1\r\nhost: x\r\nx-api-key: {token}\r\n\r\n"
    )
    .unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
}
