//! What access or policy refuses is in the log.

use super::World;
use crate::harness::Event;
use serde_json::json;

/// A store of carol's with a key of bob's in it.
fn world() -> World {
    let world = World::quick();
    world
        .line("create --scope inference --name web")
        .user("bob")
        .run()
        .code(0);
    world
}

/// The refusals in the log: who, and which command.
fn refusals(world: &World) -> Vec<(String, String)> {
    let events = world.events().into_iter();
    events
        .filter(|event| event.action == "refuse")
        .map(|event| {
            let command = event.detail()["command"].as_str().unwrap().to_owned();
            (event.actor, command)
        })
        .collect()
}

fn last(world: &World) -> Event {
    world.events().pop().unwrap()
}

#[test]
fn what_access_refuses_is_logged_with_its_message() {
    let world = world();
    let message = "'alice' may not manage keys of 'bob'";
    let key = world.record("bob/web")["id"].as_str().unwrap().to_owned();
    world.line("disable bob/web").run().fails(4, message);
    let event = last(&world);
    assert_eq!(
        (
            event.actor.as_str(),
            event.action.as_str(),
            event.key_id.as_ref()
        ),
        ("alice", "refuse", Some(&key))
    );
    assert_eq!(event.at, world.now().millis());
    assert_eq!(
        event.detail(),
        json!({"command": "disable", "code": "access", "message": message, "uid": 4_000_001})
    );
    world.check_chain();
}

#[test]
fn why_it_was_tried_is_kept_with_the_key_that_it_was_tried_on() {
    let world = world();
    for verb in ["edit bob/web --name x", "rotate bob/web", "delete bob/web"] {
        let args = verb.split(' ').chain(["-m", "by mistake"]);
        world.cmd(args).terminal(80).run().code(4);
        assert_eq!(
            last(&world).detail()["reason"],
            json!("by mistake"),
            "{verb}"
        );
    }
    let id = world.record("bob/web")["id"].as_str().unwrap().to_owned();
    let log = world.run(&format!("log --key {id} --action refuse --format json"));
    assert_eq!(log.json().as_array().unwrap().len(), 3);
}

#[test]
fn what_policy_refuses_is_logged_too() {
    let world = world();
    let ran = world
        .line("create --scope inference --expires 366d")
        .user("carol")
        .run()
        .code(4);
    let event = last(&world);
    assert_eq!(event.actor, "carol");
    assert_eq!(event.detail()["code"], json!("policy"));
    assert_eq!(event.detail()["command"], json!("create"));
    let message = event.detail()["message"].as_str().unwrap().to_owned();
    assert!(
        ran.stderr.starts_with(&format!("keyctl: {message}\n")),
        "{message:?}: {ran:?}"
    );
}

#[test]
fn every_command_that_changes_something_logs_that_it_was_refused() {
    let world = world();
    let lines = [
        ("create", "create --scope inference --owner bob"),
        ("edit", "edit bob/web --name x"),
        ("rotate", "rotate bob/web"),
        ("disable", "disable bob/web"),
        ("delete", "delete bob/web --yes"),
        ("purge", "purge --owner bob --all --yes"),
        ("policy set", "policy set max-expiry 1d"),
        ("scope add", "scope add a"),
        ("member add", "member add search alice --role owner"),
        ("admin add", "admin add alice"),
        ("admin remove", "admin remove carol"),
    ];
    for (command, line) in lines {
        world.line(line).run().code(4);
        let expected = ("alice".to_owned(), command.to_owned());
        assert_eq!(refusals(&world).pop(), Some(expected), "{line}");
    }
    assert_eq!(refusals(&world).len(), lines.len());
    world.check_chain();
}

#[test]
fn it_is_logged_once_a_minute_for_each_actor_and_command() {
    let world = world();
    let disable = |user: &str| {
        world.line("disable bob/web").user(user).run().code(4);
        refusals(&world).len()
    };
    assert_eq!(disable("alice"), 1);
    assert_eq!(disable("alice"), 1);
    world.advance_millis(59_999);
    assert_eq!(disable("alice"), 1);
    assert_eq!(disable("dave"), 2);
    world.line("rotate bob/web").run().code(4);
    assert_eq!(refusals(&world).len(), 3);
    world.advance_millis(1);
    assert_eq!(disable("alice"), 4);
    assert_eq!(disable("alice"), 4);
    assert_eq!(disable("dave"), 4);
    world.check_chain();
}

#[test]
fn quiet_is_about_what_is_said_not_about_what_is_logged() {
    let world = world();
    world.line("disable bob/web --quiet").run().code(4);
    assert_eq!(refusals(&world).len(), 1);
}

#[test]
fn nothing_else_that_fails_is_logged() {
    let world = world();
    let token = world.create("--scope inference --name own");
    world.run("disable own");
    let before = world.events();
    for (code, line) in [
        (4, "rotate own"),
        (4, "delete own"),
        (4, "scope add inference"),
        (4, "admin remove carol"),
        (2, "create --scope nosuch"),
        (2, "policy set max-expiry soon"),
        (2, "create"),
        (3, "disable nosuch"),
        (3, "member remove nosuch alice"),
    ] {
        let ran = world
            .line(line)
            .user(if line.contains("own") {
                "alice"
            } else {
                "carol"
            })
            .run();
        assert_eq!(ran.code, code, "{line}: {}", ran.stderr);
    }
    assert_eq!(world.verify("kc_nothing", "--no-touch"), 1);
    assert_eq!(world.verify(&token, "--no-touch"), 1);
    assert_eq!(world.verify(&token, "--no-touch --scope nosuch"), 2);
    assert_eq!(world.verify("", ""), 1);
    assert_eq!(world.events(), before);
}

#[test]
fn an_unauthorized_verification_is_no_refusal() {
    let world = world();
    let token = world.create("--scope inference");
    let before = world.events();
    assert_eq!(world.verify(&token, "--scope project"), 6);
    assert_eq!(world.verify(&token, "--project search"), 6);
    assert_eq!(world.events(), before);
}

#[test]
fn a_refusal_is_said_though_there_is_no_store_to_log_it_in() {
    let world = World::new();
    world
        .line("disable web")
        .run()
        .fails(5, "there is no store ");
    assert!(!world.has_store());
}

#[test]
fn the_real_executable_logs_it() {
    let world = world();
    let output = world
        .real("create --scope inference --expires 400d")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    let event = last(&world);
    assert_eq!(event.action, "refuse");
    assert_eq!(event.detail()["code"], json!("policy"));
    world.check_chain();
}
