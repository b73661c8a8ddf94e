//! `docs/endpoint`: a server for a model that takes keys in the `x-api-key` header, asked by curl.

use super::{blocks, is_here, keeps_off_arguments, page};
use crate::exe::harness::{Site, run, run_with};
use crate::harness::{Ran, id_of};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};

/// A server that runs, and is stopped at the end.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// The server that `command` starts; it says where it is.
    #[track_caller]
    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut url).unwrap();
        assert!(url.starts_with("http://127.0.0.1:"), "{url:?}");
        let url = url.trim_end().to_owned();
        Server { child, url }
    }

    /// Stops it, and returns what it wrote to its log.
    fn log(mut self) -> String {
        self.child.kill().unwrap();
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The server of the page for this site's store, at any port that is free.
fn server(site: &Site) -> Command {
    let mut command = site.recipe("python3", "endpoint/server.py");
    // However much else the machine has to do.
    command.env("KEYCTL_TIMEOUT", "60");
    command
}

/// Whether what the recipe needs is here.
fn can_run() -> bool {
    is_here("python3", &["--version"]) && is_here("curl", &["--version"])
}

/// The status and the answer to a prompt that is sent with these headers.
#[track_caller]
fn ask(site: &Site, server: &Server, headers: &str) -> (u16, serde_json::Value) {
    let mut curl = site.clean("curl");
    curl.args(["--silent", "--noproxy", "*", "--header", "@-"])
        .args(["--data-binary", "hello", "--write-out", "%{http_code}"])
        .arg(&server.url);
    let ran = run_with(&mut curl, headers).code(0);
    let (answer, status) = ran.stdout.rsplit_once('\n').unwrap();
    (
        status.parse().unwrap(),
        serde_json::from_str(answer).unwrap(),
    )
}

/// The header with this value.
fn header(value: &str) -> String {
    format!("x-api-key: {value}\n")
}

/// The client of the page.
fn call(site: &Site, server: &Server, file: &str) -> Ran {
    let mut call = site.recipe("sh", "endpoint/call.sh");
    call.args([&server.url, file]);
    run_with(&mut call, "why is the sky blue?\n")
}

#[test]
fn each_verdict_has_its_status() {
    if !can_run() {
        return;
    }
    let site = Site::cheap();
    site.run("scope add other --description other");
    let token = site.create();
    let disabled = site.create();
    site.disable(&disabled);
    let other = site.run("create --scope other").stdout;
    let server = Server::start(&mut server(&site));

    let (status, answer) = ask(&site, &server, &header(&token));
    assert_eq!((status, &answer["key"]), (200, &id_of(&token).into()));
    let (status, _) = ask(&site, &server, &header(&format!("Bearer {token}")));
    assert_eq!(status, 200);
    let project = site.run("create --scope project").stdout;
    assert_eq!(
        ask(&site, &server, &header(&project)).0,
        200,
        "project implies inference"
    );

    let elsewhere = Site::cheap().create();
    for (headers, expected) in [
        (header("x"), 401),
        (header(&"x".repeat(2000)), 401),
        (header("\u{e9}\u{1}"), 401),
        (header(&elsewhere), 401),
        (header(&disabled), 401),
        (header(other.trim_end()), 403),
        (String::new(), 401),
        (header(&token) + &header(&token), 401),
        (format!("authorization: Bearer {token}\n"), 401),
    ] {
        let (status, answer) = ask(&site, &server, &headers);
        assert_eq!(status, expected, "{headers}");
        assert!(
            answer["error"].is_string() && answer["text"].is_null(),
            "{answer}"
        );
    }

    // Stopped while the server runs.
    site.disable(&token);
    assert_eq!(ask(&site, &server, &header(&token)).0, 401);
    fs::remove_file(site.db()).unwrap();
    assert_eq!(ask(&site, &server, &header(&token)).0, 503);

    let log = server.log();
    for token in [&token, &disabled, &elsewhere] {
        assert!(!log.contains(&token[17..]), "{log}");
    }
    assert!(log.contains("\"POST / HTTP/1.1\" 200"), "{log}");
}

#[test]
fn whatever_keyctl_does_instead_of_a_verdict_is_not_200() {
    if !can_run() {
        return;
    }
    let site = Site::cheap();
    let token = site.create();
    // Waits for ever, without a process of its own that would be left behind.
    let hang = "#!/bin/sh\nexec python3 -c 'import signal; signal.pause()'\n";
    for (name, stub) in [
        ("hangs", hang),
        ("silent", "#!/bin/sh\nexit 0\n"),
        ("garbage", "#!/bin/sh\necho yes\n"),
        ("list", "#!/bin/sh\necho '[]'\n"),
        ("null", "#!/bin/sh\necho null\n"),
        ("nothing", "#!/bin/sh\necho '{}'\n"),
        ("nobody", "#!/bin/sh\necho '{\"valid\":true}'\n"),
        ("rejected", "#!/bin/sh\necho '{\"valid\":false}'\n"),
        ("usage", "#!/bin/sh\nexit 2\n"),
        ("killed", "#!/bin/sh\nkill -9 $$\n"),
        ("nowhere", ""),
    ] {
        let path = site.path(name);
        if !stub.is_empty() {
            site.program(name, stub);
        }
        let mut command = server(&site);
        command.env("KEYCTL", path);
        if name == "hangs" {
            command.env("KEYCTL_TIMEOUT", "0.2");
        }
        let server = Server::start(&mut command);
        let (status, answer) = ask(&site, &server, &header(&token));
        assert_eq!(status, 503, "{name}: {answer}");
    }
}

#[test]
fn what_is_too_long_is_not_read() {
    if !can_run() {
        return;
    }
    let site = Site::cheap();
    let token = site.create();
    let server = Server::start(&mut server(&site));
    for length in ["1048577", "99999999999999999999", "-1", "x"] {
        let more = format!("content-length: {length}\n");
        let mut curl = site.clean("curl");
        curl.args([
            "--silent",
            "--noproxy",
            "*",
            "--header",
            "@-",
            "--request",
            "POST",
        ])
        .args(["--output", "/dev/null", "--write-out", "%{http_code}"])
        .arg(&server.url);
        run_with(&mut curl, header(&token) + &more).stdout("413");
    }
}

#[test]
fn the_client_prints_the_answer_and_fails_without_success() {
    if !can_run() {
        return;
    }
    let site = Site::cheap();
    let token = site.token_file("api.token", "--scope inference");
    let server = Server::start(&mut server(&site));
    let expected = blocks(&page("endpoint"), "text")[0].replace("ID", &id_of(&token));
    call(&site, &server, "api.token").code(0).stdout(&expected);
    fs::write(site.path("other"), "x").unwrap();
    let ran = call(&site, &server, "other").code(22);
    assert_eq!(ran.json()["error"], "not a valid key");
    call(&site, &server, "missing").code(22).says("missing");
    site.disable(&token);
    call(&site, &server, "api.token").code(22);
}

#[test]
fn no_process_on_either_side_has_the_token_in_an_argument() {
    if !can_run() {
        return;
    }
    let site = Site::cheap();
    let token = site.token_file("api.token", "--scope inference");
    // The page's own lines. Both in one shell, so that one look sees all: it ends with the client.
    let page = blocks(&page("endpoint"), "sh");
    let serve = page[1]
        .trim_end()
        .replace("/srv/keyctl/keyctl.db", site.db().to_str().unwrap())
        .replace("8080", "0");
    let ask = page[0].replace("http://127.0.0.1:8080", "\"$url\"");
    let script = format!(
        "rm -f address; mkfifo address; {serve} >address & trap 'kill $!' EXIT
         read -r url <address || exit
         {ask}"
    );
    keeps_off_arguments(&site.beside("endpoint", &script), || token);
    let ran = run(&mut site.beside("endpoint", &script)).code(0);
    assert!(ran.stdout.contains("how interesting"), "{ran:?}");
}
