//! `docs/endpoint`: the clients of the page, through nginx and the real server.

use super::application::{Application, BODY};
use super::nginx::stack;
use crate::exe::harness::{Site, run_with, until};
use crate::harness::{Ran, id_of};
use crate::recipes::{blocks, doc, is_here, page};
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::thread;

/// The clients that are here, with what runs each; the others are named as skipped.
fn clients() -> Vec<(&'static str, &'static str)> {
    let needed = [
        ("sh", "call.sh", "curl"),
        ("python3", "call.py", "python3"),
        ("node", "call.mjs", "node"),
    ];
    needed
        .into_iter()
        .filter(|(_, _, needed)| is_here(needed, &["--version"]))
        .map(|(program, client, _)| (program, client))
        .collect()
}

/// A client's command, for the token in this file.
fn command(site: &Site, (program, client): (&str, &str), to: SocketAddr, file: &str) -> Command {
    let mut command = site.clean(program);
    command
        .arg(doc("endpoint").join(client))
        .arg(format!("http://{to}/v1/generate"))
        .arg(file);
    command
}

/// The only request that the application got: its key and its body's length.
#[track_caller]
fn received(application: &Application) -> (String, usize) {
    let [received] = <[_; 1]>::try_from(application.take()).unwrap();
    (received.values("x-key-id").concat(), received.body)
}

#[test]
fn each_client_prints_the_answer_and_fails_without_one() {
    let Some((world, _server, nginx)) = stack("tcp.conf") else {
        return;
    };
    let keys = &world.keys;
    for (file, token) in [
        ("good", &keys.good),
        ("disabled", &keys.disabled),
        ("other", &keys.other),
    ] {
        fs::write(world.site.path(file), token).unwrap();
    }
    for client in clients() {
        let call = |file: &str| -> Ran {
            let mut command = command(&world.site, client, nginx.address, file);
            run_with(&mut command, "why is the sky blue?\n")
        };
        call("good").code(0).stdout(BODY).stderr("");
        assert_eq!(
            received(&world.application),
            (id_of(&keys.good), 21),
            "{client:?}"
        );
        for (file, status) in [("disabled", "401"), ("other", "403")] {
            let ran = call(file);
            assert_ne!(ran.code, 0, "{client:?}: {ran:?}");
            assert!(ran.stderr.contains(status), "{client:?}: {ran:?}");
        }
        assert_ne!(call("missing").code, 0, "{client:?}");
        assert!(world.application.take().is_empty(), "{client:?}");
    }
}

#[test]
fn a_client_that_tries_again_gets_through_with_the_token_that_the_file_has_by_then() {
    let Some((world, server, nginx)) = stack("tcp.conf") else {
        return;
    };
    let keys = &world.keys;
    let mut refused = 0;
    for client in clients() {
        if client.1 == "call.sh" {
            continue;
        }
        fs::write(world.site.path("token"), &keys.good).unwrap();
        fs::rename(world.site.db(), world.site.path("away")).unwrap();
        let mut command = command(&world.site, client, nginx.address, "token");
        let calling = thread::spawn(move || run_with(&mut command, "why?\n"));
        let count = || server.log().matches("\"status\":503").count();
        until("the client was refused", || count() > refused);
        fs::write(world.site.path("token"), &keys.phased_out).unwrap();
        fs::rename(world.site.path("away"), world.site.db()).unwrap();
        calling.join().unwrap().code(0).stdout(BODY);
        assert_eq!(
            received(&world.application),
            (id_of(&keys.phased_out), 5),
            "{client:?}"
        );
        refused = count();
    }
}

#[test]
fn what_the_page_shows_in_javascript_is_in_its_file() {
    let file = fs::read_to_string(doc("endpoint/call.mjs")).unwrap();
    for block in blocks(&page("endpoint"), "js") {
        assert!(file.contains(&block), "{block}");
    }
}
