//! `verify --server` against servers that a test makes up: the request that they get, and the verdict that
//! the program takes from each answer.

use super::harness::{Site, content, run, run_with};
use crate::harness::Ran;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::thread;

/// A token of nobody, with a right checksum.
const TOKEN: &str = "kc_7h2m9qxw4d1e_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5hJ7kL9m3FMJOi";
/// The ID in answers.
const ID: &str = "7h2m9qxw4d1e";

/// Headers of an answer about a valid token.
const VALID: &str = "x-key-id: 7h2m9qxw4d1e\r\nx-key-owner: alice\r\nx-key-name: ci%20run\r\n\
    x-key-kind: api\r\nx-key-scopes: inference project\r\nx-key-expires: 2099-02-20T00:00:00Z\r\n\
    x-key-state: active\r\nx-key-replaced-by: \r\n";

/// A port of this machine that a test listens on.
fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Reads one request and answers it; returns the request.
fn answer(mut stream: impl Read + Write, response: &str) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        request.push(byte[0]);
    }
    stream.write_all(response.as_bytes()).unwrap();
    String::from_utf8(request).unwrap()
}

/// The head of a response.
fn head(status: &str, headers: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}cache-control: no-store\r\ncontent-length: 0\r\n\r\n")
}

/// Nobody has connected to this port.
#[track_caller]
fn is_untouched(listener: &TcpListener) {
    listener.set_nonblocking(true).unwrap();
    let connected = listener.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(connected, Err(ErrorKind::WouldBlock));
}

/// A verification of [`TOKEN`] by the server at `url`.
fn verify(site: &Site, url: &str, line: &str) -> Command {
    site.bare(&format!("verify --server {url} {line}"))
}

/// Runs a verification of [`TOKEN`], of which nothing that is secret is printed.
#[track_caller]
fn verdict(command: &mut Command) -> Ran {
    let ran = run_with(command, TOKEN);
    let secret = &TOKEN[16..];
    assert!(
        !ran.stdout.contains(secret) && !ran.stderr.contains(secret),
        "{ran:?}"
    );
    ran
}

/// The verdict on one such answer, and the request.
#[track_caller]
fn asked(site: &Site, response: &str, line: &str) -> (Ran, String) {
    let (listener, url) = listener();
    let response = response.to_owned();
    let server = thread::spawn(move || answer(listener.accept().unwrap().0, &response));
    let ran = verdict(&mut verify(site, &url, line));
    (ran, server.join().unwrap())
}

#[test]
fn the_request_has_the_token_in_its_header_and_the_scopes_and_the_project_encoded() {
    let site = Site::new();
    let line = "--scope inference,a:b --scope inference --project grüne&scope=x";
    let (ran, request) = asked(&site, &head("200 OK", VALID), line);
    ran.code(0);
    let lines: Vec<&str> = request.lines().collect();
    assert_eq!(
        lines[0],
        "GET /verify?scope=a%3Ab,inference&project=gr%C3%BCne%26scope%3Dx HTTP/1.1"
    );
    assert!(lines[1].starts_with("host: 127.0.0.1:"), "{request}");
    assert!(
        lines.contains(&&*format!("x-api-key: {TOKEN}")),
        "{request}"
    );
    assert!(!request.contains("content-length") && !request.contains("authorization"));

    let line = "--ip 2001:db8::7 --client-header X-Real-IP";
    let (ran, request) = asked(&site, &head("200 OK", VALID), line);
    ran.code(0);
    assert!(request.starts_with("GET /verify HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains("\r\nx-real-ip: 2001:db8::7\r\n"),
        "{request}"
    );
}

#[test]
fn a_valid_answer_is_printed_as_over_a_store_with_the_status_and_the_replica() {
    let site = Site::new();
    let answered = head("200 OK", &format!("{VALID}x-keyctl-replica: gpu-2\r\n"));
    let (ran, _) = asked(&site, &answered, "--scope inference");
    let ran = ran.code(0).stderr("");
    let begin = format!(
        "valid: {ID} ci run of alice, scopes inference project, expires 2099-02-20T00:00:00Z (in "
    );
    assert!(ran.stdout.starts_with(&begin), "{ran:?}");
    assert!(
        ran.stdout.ends_with(") (HTTP 200, replica gpu-2)\n"),
        "{ran:?}"
    );

    let (ran, _) = asked(&site, &head("200 OK", VALID), "--format json");
    ran.code(0).stderr("").stdout(&format!(
        "{{\"valid\":true,\"id\":\"{ID}\",\"name\":\"ci run\",\"owner\":\"alice\",\"state\":\"active\",\
         \"scopes\":[\"inference\",\"project\"],\"expires_at\":\"2099-02-20T00:00:00Z\",\
         \"http_status\":200,\"replica\":null}}\n"
    ));

    let in_grace = VALID
        .replace("state: active", "state: phased-out")
        .replace("replaced-by: ", "replaced-by: 0123456789ab");
    let (ran, _) = asked(&site, &head("200 OK", &in_grace), "--format json");
    let ran = ran.code(0);
    assert!(
        ran.stdout.contains(",\"replaced_by\":\"0123456789ab\","),
        "{ran:?}"
    );
    assert!(
        ran.stderr
            .starts_with(&format!("warning: {ID} was replaced by 0123456789ab ")),
        "{ran:?}"
    );

    let many = VALID.replace("inference project", "") + "x-key-scope-count: 90\r\n";
    let (ran, _) = asked(&site, &head("200 OK", &many), "");
    assert!(
        ran.code(0)
            .stdout
            .contains(" of alice, 90 scopes, expires ")
    );
    let (ran, _) = asked(&site, &head("200 OK", &many), "--format json");
    assert!(
        ran.code(0)
            .stdout
            .contains(",\"scopes\":null,\"scope_count\":90,")
    );
}

#[test]
fn a_rejection_has_the_exit_code_of_verify_and_the_reason() {
    let site = Site::new();
    for (status, headers, code, shown) in [
        (
            "401 Unauthorized",
            "x-key-reason: unknown\r\n",
            1,
            "rejected: unknown: no such key",
        ),
        (
            "401 Unauthorized",
            "x-key-reason: expired\r\n",
            1,
            "rejected: expired: the key has expired",
        ),
        (
            "401 Unauthorized",
            "x-key-reason: disabled\r\n",
            1,
            "rejected: disabled: ",
        ),
        (
            "401 Unauthorized",
            "x-key-reason: a-new-one\r\n",
            1,
            "rejected: a-new-one (",
        ),
        (
            "403 Forbidden",
            "x-key-reason: scope\r\nx-key-id: 7h2m9qxw4d1e\r\n",
            6,
            "rejected: scope: 7h2m9qxw4d1e lacks a scope",
        ),
        (
            "403 Forbidden",
            "x-key-reason: address\r\nx-key-id: 7h2m9qxw4d1e\r\n",
            6,
            "rejected: address: 7h2m9qxw4d1e does not work from",
        ),
    ] {
        let headers = format!("{headers}x-keyctl-replica: gpu%2\r\n");
        let (ran, _) = asked(&site, &head(status, &headers), "");
        let ran = ran.code(code).stdout("");
        let number = &status[..3];
        assert!(ran.stderr.starts_with(shown), "{ran:?}");
        assert!(
            ran.stderr
                .ends_with(&format!(": HTTP {number}, replica gpu%2)\n")),
            "{ran:?}"
        );
        let (ran, _) = asked(&site, &head(status, &headers), "--format json");
        let ran = ran.code(code).stderr("");
        let reason = headers.split([' ', '\r']).nth(1).unwrap();
        let id = if code == 6 {
            format!(",\"id\":\"{ID}\"")
        } else {
            String::new()
        };
        assert_eq!(
            ran.stdout,
            format!(
                "{{\"valid\":false,\"reason\":\"{reason}\"{id},\"http_status\":{number},\"replica\":\"gpu%2\"}}\n"
            )
        );
    }
}

#[test]
fn an_answer_without_a_verdict_is_no_yes_and_no_no() {
    let site = Site::new();
    let without = |name: &str| {
        let kept = VALID
            .split_inclusive("\r\n")
            .filter(|line| !line.starts_with(name));
        head("200 OK", &kept.collect::<String>())
    };
    let foreign = "is not one of keyctl";
    for (response, code, shown) in [
        (
            head("500 Internal Server Error", "x-key-reason: usage\r\n"),
            2,
            "refuses the question (HTTP 500)",
        ),
        (
            head("503 Service Unavailable", "x-key-reason: store\r\n"),
            5,
            "cannot tell: its store failed (HTTP 503)",
        ),
        (
            head("503 Service Unavailable", "x-key-reason: busy\r\n"),
            5,
            "cannot tell: it is busy",
        ),
        (
            head("503 Service Unavailable", ""),
            5,
            "cannot tell (HTTP 503)",
        ),
        (
            head("401 Unauthorized", "x-key-reason: missing\r\n"),
            5,
            "has not taken the token",
        ),
        // Other web servers.
        (head("200 OK", ""), 5, foreign),
        (head("200 OK", "x-key-id: admin\r\n"), 5, foreign),
        (head("200 OK", &VALID.replace(ID, "admin")), 5, foreign),
        (head("200 OK", &format!("{VALID}{VALID}")), 5, foreign),
        (
            head("200 OK", &format!("{VALID}x-key-reason: unknown\r\n")),
            5,
            foreign,
        ),
        (
            head("200 OK", &VALID.replace("active", "expired")),
            5,
            foreign,
        ),
        (
            head("200 OK", &VALID.replace("2099-02-20T00:00:00Z", "soon")),
            5,
            foreign,
        ),
        (head("200 OK", &VALID.replace("%20", "%ff")), 5, foreign),
        (without("x-key-owner"), 5, foreign),
        (without("x-key-scopes"), 5, foreign),
        (head("204 No Content", VALID), 5, foreign),
        (
            head("401 Unauthorized", "www-authenticate: Basic\r\n"),
            5,
            foreign,
        ),
        (
            head("401 Unauthorized", "x-key-reason: A\u{1b}[31m\r\n"),
            5,
            "",
        ),
        (head("403 Forbidden", ""), 5, foreign),
        (head("403 Forbidden", "x-key-reason: scope\r\n"), 5, foreign),
        (head("404 Not Found", ""), 5, foreign),
        (head("500 Internal Server Error", ""), 5, foreign),
        (
            "SSH-2.0-OpenSSH_9.9\r\n".to_owned(),
            5,
            "gave no answer in HTTP",
        ),
        (String::new(), 5, "gave no answer in HTTP"),
    ] {
        for format in ["text", "json"] {
            let (ran, _) = asked(&site, &response, &format!("--format {format}"));
            let ran = ran.code(code).stdout("");
            assert!(
                ran.stderr.contains(shown) && ran.stderr.contains("hint"),
                "{response}: {ran:?}"
            );
            assert!(!ran.stderr.contains('\u{1b}'), "{response}: {ran:?}");
        }
    }
}

#[test]
fn control_characters_in_an_answer_are_not_printed() {
    let site = Site::new();
    let headers = VALID.replace("%20", "%1b%5b31m") + "x-keyctl-replica: gpu\u{202e}2\r\n";
    for format in ["text", "json"] {
        let (ran, _) = asked(
            &site,
            &head("200 OK", &headers),
            &format!("--format {format}"),
        );
        assert!(!ran.code(0).stdout.contains(['\u{1b}', '\u{202e}']));
    }
}

#[test]
fn a_redirect_is_not_followed_and_no_proxy_is_asked() {
    let site = Site::new();
    let (other, url) = listener();
    let headers = format!("location: {url}/verify\r\n");
    let (ran, _) = asked(&site, &head("302 Found", &headers), "");
    ran.code(5).stdout("").says("redirect");
    is_untouched(&other);

    let (listener, address) = listener();
    let response = head("200 OK", VALID);
    let server = thread::spawn(move || answer(listener.accept().unwrap().0, &response));
    let mut command = verify(&site, &address, "");
    for variable in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(variable, &url);
    }
    verdict(&mut command).code(0);
    server.join().unwrap();
    is_untouched(&other);
}

#[test]
fn a_server_that_is_not_there_and_one_that_is_silent_are_exit_5() {
    let site = Site::new();
    let (gone, url) = listener();
    drop(gone);
    let ran = verdict(&mut verify(&site, &url, "")).code(5).stdout("");
    assert!(
        ran.stderr.starts_with(&format!(
            "keyctl: cannot connect to {url}: Connection refused\n"
        )),
        "{ran:?}"
    );
    assert!(
        ran.stderr
            .contains("hint: the server may not run there: keyctl serve --listen 127."),
        "{ran:?}"
    );

    // The kernel takes the connection, and nobody reads from it.
    let (_silent, url) = listener();
    let ran = verdict(&mut verify(&site, &url, "--format json"))
        .code(5)
        .stdout("");
    assert!(
        ran.stderr.contains("has not answered within 5 seconds"),
        "{ran:?}"
    );
}

#[test]
fn a_unix_socket_is_asked_by_its_path() {
    let site = Site::new();
    let path = site.path("serve.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let response = head("200 OK", VALID);
    let server = thread::spawn(move || answer(listener.accept().unwrap().0, &response));
    let ran = verdict(&mut verify(&site, "unix:serve.sock", "")).code(0);
    assert!(ran.stdout.starts_with("valid: "), "{ran:?}");
    assert!(server.join().unwrap().contains("\r\nhost: localhost\r\n"));

    std::fs::remove_file(&path).unwrap();
    let ran = verdict(&mut verify(&site, "unix:serve.sock", "")).code(5);
    assert!(
        ran.stderr
            .starts_with("keyctl: cannot connect to unix:serve.sock: No such file"),
        "{ran:?}"
    );
}

#[test]
fn text_that_is_no_token_is_not_sent() {
    let site = Site::new();
    let (listener, url) = listener();
    let mistyped = TOKEN.replace("FMJOi", "FMJOj");
    for text in ["", "short", &*mistyped, "two\nlines"] {
        let ran = run_with(&mut verify(&site, &url, ""), text)
            .code(1)
            .stdout("");
        assert!(ran.stderr.starts_with("rejected: malformed: "), "{ran:?}");
        assert!(!ran.stderr.contains("the store"), "{ran:?}");
        let ran = run_with(&mut verify(&site, &url, "--format json"), text).code(1);
        ran.stderr("").stdout(
            "{\"valid\":false,\"reason\":\"malformed\",\"http_status\":null,\"replica\":null}\n",
        );
    }
    is_untouched(&listener);
}

#[test]
fn options_that_do_not_go_with_a_server_are_refused_before_anything_is_sent() {
    let site = Site::new();
    let (listener, url) = listener();
    let port = url.rsplit(':').next().unwrap();
    for (line, shown) in [
        (
            format!("--server {url} --db keyctl.db"),
            "--server does not go with --db",
        ),
        (
            format!("--server {url} --batch"),
            "--server does not go with --batch",
        ),
        (
            format!("--server {url} --no-touch"),
            "--server does not go with --no-touch",
        ),
        (
            format!("--server {url} --ip 192.0.2.7"),
            "--client-header NAME",
        ),
        (
            format!("--server {url} --client-header X-Real-IP"),
            "--ip ADDRESS",
        ),
        (
            format!("--server {url} --ip ::1 --client-header X-Api-Key"),
            "no header for the address",
        ),
        (
            format!("--server {url} --ip ::1 --client-header a:b"),
            "no header for the address",
        ),
        (
            "--client-header X-Real-IP --ip ::1".to_owned(),
            "--server URL",
        ),
        ("--plaintext-ok".to_owned(), "--server URL"),
        (
            format!("--server {url} --scope inference,"),
            "is not a scope name",
        ),
        (
            format!("--server {url} --scope Inference"),
            "is not a scope name",
        ),
        (format!("--server {url}/verify"), "has a path or a query"),
        (format!("--server https://127.0.0.1:{port}"), "no TLS"),
        (
            format!("--server http://u:pass@127.0.0.1:{port}"),
            "a user or a password",
        ),
        (format!("--server http://192.0.2.7:{port}"), "in plain text"),
        (
            format!("--server http://keys.example:{port}"),
            "in plain text",
        ),
    ] {
        let ran = verdict(&mut site.bare(&format!("verify {line}")))
            .code(2)
            .stdout("");
        assert!(ran.stderr.contains(shown), "{line}: {ran:?}");
        assert!(!ran.stderr.contains("pass@"), "{line}: {ran:?}");
    }
    is_untouched(&listener);
}

#[test]
fn another_machine_is_asked_only_with_plaintext_ok() {
    let site = Site::new();
    let (listener, url) = listener();
    // All of these lead here, but are no loopback addresses to the eye.
    let port = url.rsplit(':').next().unwrap().to_owned();
    let server = thread::spawn(move || {
        for _ in 0..2 {
            answer(listener.accept().unwrap().0, &head("200 OK", VALID));
        }
    });
    let other = format!("http://0.0.0.0:{port}");
    verdict(&mut verify(&site, &other, ""))
        .code(2)
        .says("--plaintext-ok");
    verdict(&mut verify(&site, &other, "--plaintext-ok")).code(0);
    verdict(&mut verify(&site, &format!("http://localhost:{port}"), "")).code(0);
    server.join().unwrap();
}

#[test]
fn a_server_is_asked_without_a_look_at_any_store() {
    let site = Site::new();
    let (listener, url) = listener();
    let server =
        thread::spawn(move || answer(listener.accept().unwrap().0, &head("200 OK", VALID)));
    std::fs::write(site.path("token"), TOKEN).unwrap();
    let mut command = verify(&site, &url, "--key-file token");
    command.env("KEYCTL_DB", site.path("no/such/store"));
    run(&mut command).code(0).stderr("");
    server.join().unwrap();
    assert_eq!(content(site.path("no")), b"");
}
