//! `keyctl verify --server` of a real server: the verdict of `verify` over its store.

use super::server::{Served, quick};
use crate::exe::harness::{Site, content, run, run_with};
use crate::exe::strace;
use crate::gateways::server::{Place, Server, Socket};
use crate::harness::{Ran, id_of};
use serde_json::Value;
use std::fs;

/// The URL of a server.
fn url(server: &Server) -> String {
    match server.place() {
        Place::Tcp(address) => format!("http://{address}"),
        Place::Unix(path) => format!("unix:{}", path.display()),
    }
}

/// A verification of a token by the server.
#[track_caller]
fn asked(site: &Site, server: &Server, token: &str, line: &str) -> Ran {
    let line = format!("verify --server {} {line}", url(server));
    run_with(&mut site.bare(&line), token)
}

/// A verification of a token over the server's store.
#[track_caller]
fn on_store(site: &Site, token: &str, line: &str) -> Ran {
    run_with(&mut site.cmd(&format!("verify {line}")), token)
}

fn one(site: &Site, line: &str) -> String {
    site.run(line).stdout.trim_end().to_owned()
}

/// Tokens in every state, with a server of their store.
struct Tokens {
    served: Served,
    all: Vec<String>,
}

fn tokens() -> Tokens {
    let site = quick();
    let valid = one(
        &site,
        "create --scope inference --name chat --owner zoë --expires 90d",
    );
    let forever = one(&site, "create --kind legacy --name cron");
    let disabled = site.create();
    let deleted = site.create();
    let expired = site.create();
    let replaced = one(&site, "create --scope inference --name old");
    site.run("rotate old");
    let in_grace = one(&site, "create --scope inference --name eve");
    site.run("rotate eve --grace 1h");
    let near = one(
        &site,
        "create --scope project --name near --allow-from 192.0.2.0/24",
    );
    let of_another = quick().create();
    let mistyped = format!("{}0", &valid[..valid.len() - 1]);
    let id = id_of(&expired);
    let sql = format!("UPDATE keys SET expires_at = created_at + 1 WHERE id = '{id}'");
    site.sql().execute_batch(&sql).unwrap();
    let served = Served::of(site, "--replica gpu-2 --client-header x-real-ip");
    served.on("disable KEY", &disabled);
    served.on("delete KEY --yes", &deleted);
    let all = vec![
        valid,
        forever,
        disabled,
        deleted,
        expired,
        replaced,
        in_grace,
        near,
        of_another,
        mistyped,
        "sk-not-of-ours-but-long-enough".to_owned(),
    ];
    Tokens { served, all }
}

#[test]
fn a_server_gives_the_verdict_and_the_exit_code_of_verify_over_its_store() {
    let Tokens { served, all } = tokens();
    let mut codes = Vec::new();
    for token in &all {
        for line in [
            "",
            "--scope inference",
            "--scope inference,project",
            "--project search",
            "--ip 192.0.2.7",
            "--ip 198.51.100.7 --scope project",
        ] {
            let json = format!("{line} --no-touch --format json");
            let own = on_store(&served.site, token, &json);
            let header = if line.contains("--ip") {
                " --client-header x-real-ip"
            } else {
                ""
            };
            let line = format!("{line}{header}");
            let ran = asked(
                &served.site,
                &served.server,
                token,
                &format!("{line} --format json"),
            );
            let ran = ran.code(own.code);
            let (own, theirs): (Value, Value) = (own.json(), ran.json());
            for field in ["valid", "reason"] {
                assert_eq!(theirs[field], own[field], "{line}: {theirs} {own}");
            }
            for field in [
                "id",
                "name",
                "owner",
                "state",
                "scopes",
                "expires_at",
                "replaced_by",
            ] {
                assert!(
                    !own["valid"].as_bool().unwrap() || theirs[field] == own[field],
                    "{theirs} {own}"
                );
            }
            let lacks = own["reason"] == "scope";
            assert!(!lacks || theirs["lacks"] == own["lacks"], "{theirs} {own}");
            let status = match ran.code {
                0 => Value::from(200),
                6 => Value::from(403),
                _ if token == &all[9] => Value::Null,
                _ => Value::from(401),
            };
            assert_eq!(theirs["http_status"], status, "{theirs}");
            let replica = if status.is_null() {
                Value::Null
            } else {
                Value::from("gpu-2")
            };
            assert_eq!(theirs["replica"], replica, "{theirs}");
            let code = ran.code;
            // The same in words.
            let ran = asked(&served.site, &served.server, token, &line).code(ran.code);
            let said = match ran.code {
                0 => ran.stdout,
                _ => ran.stderr,
            };
            assert!(
                status.is_null() || said.ends_with(&format!("HTTP {status}, replica gpu-2)\n")),
                "{said}"
            );
            codes.push(code);
        }
    }
    for code in [0, 1, 6] {
        assert!(codes.contains(&code), "{codes:?}");
    }
}

#[test]
fn an_unknown_scope_and_a_failed_store_are_exit_2_and_5_until_the_store_is_back() {
    let served = Served::start("--replica gpu-2");
    let token = served.site.create();
    let ask = |line: &str| asked(&served.site, &served.server, &token, line);
    let ran = ask("--scope infrence").code(2).stdout("");
    assert!(ran.stderr.contains("(HTTP 500, replica gpu-2)"), "{ran:?}");
    ask("--scope inference").code(0);
    let (db, away) = (served.site.db(), served.site.path("away.db"));
    fs::rename(&db, &away).unwrap();
    let ran = ask("--scope inference").code(5).stdout("");
    assert!(
        ran.stderr
            .contains("cannot tell: its store failed (HTTP 503, replica gpu-2)"),
        "{ran:?}"
    );
    fs::rename(&away, &db).unwrap();
    served.until_it_is(&token, (200, ""));
    ask("--scope inference").code(0);
}

#[test]
fn a_server_that_takes_the_token_from_another_header_is_exit_5() {
    let served = Served::start("--header x-token --no-bearer");
    let token = served.site.create();
    let ran = asked(&served.site, &served.server, &token, "")
        .code(5)
        .stdout("");
    assert!(
        ran.stderr
            .contains("has not taken the token from the header x-api-key"),
        "{ran:?}"
    );
}

#[test]
fn a_unix_socket_is_asked_and_a_server_that_has_ended_is_exit_5() {
    let site = quick();
    let token = site.create();
    let mut server = Server::start(&site, Socket::Unix, "");
    let ran = asked(&site, &server, &token, "").code(0);
    assert!(ran.stdout.ends_with(" (HTTP 200)\n"), "{ran:?}");
    server.end();
    let ran = asked(&site, &server, &token, "").code(5).stdout("");
    assert!(ran.stderr.contains("cannot connect to unix:"), "{ran:?}");
}

#[test]
fn names_and_scopes_that_an_answer_has_no_room_for_are_left_out() {
    let site = quick();
    let mut scopes = Vec::new();
    for number in 0..30 {
        let scope = format!("{}-{number}", "s".repeat(50));
        site.run(&format!("scope add {scope} --description x"));
        scopes.push(scope);
    }
    let name = "\u{6f22}".repeat(128);
    let line = format!("create --scope {} --name {name}", scopes.join(","));
    let token = one(&site, &line);
    let served = Served::of(site, "");
    let ran = asked(&served.site, &served.server, &token, "--format json").code(0);
    let verdict = ran.json();
    assert_eq!(verdict["scopes"], Value::Null, "{verdict}");
    assert_eq!(verdict["scope_count"], 30, "{verdict}");
    assert!(
        verdict["name"] == Value::Null || verdict["name"] == *name,
        "{verdict}"
    );
    let ran = asked(&served.site, &served.server, &token, "").code(0);
    assert!(ran.stdout.contains(", 30 scopes, "), "{ran:?}");
}

#[test]
fn the_guide_s_curl_line_tells_the_status_and_the_replica_and_keeps_the_token_off_arguments() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide/verify.md"));
    let page = page.unwrap();
    let line = page
        .split("```")
        .find(|block| block.contains("| curl") || block.contains("|\n    curl"));
    let line = line.unwrap().strip_prefix("sh\n").unwrap();
    let served = Served::start("--replica gpu-2");
    served
        .site
        .run("create --scope inference --secret-file api.token");
    let token = String::from_utf8(content(served.site.path("api.token"))).unwrap();
    let there = url(&served.server);
    assert!(line.contains("http://127.0.0.1:9091"), "{line}");
    let script = line.replace("http://127.0.0.1:9091", &there);
    let ran = run(&mut served.site.sh(&script)).code(0).stderr("");
    let head = ran.stdout.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200 ok"), "{ran:?}");
    assert!(head.contains("\r\nx-keyctl-replica: gpu-2\r\n"), "{ran:?}");
    if strace::is_here() {
        let (_, arguments) = strace::arguments_of(&served.site.sh(&script));
        assert!(
            arguments.contains("curl") && !arguments.contains(&token),
            "{arguments}"
        );
    }
}
