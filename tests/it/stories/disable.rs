//! `keyctl disable`

use super::World;
use crate::harness::id_of;
use keyctl::key::Key;
use serde_json::{Value, json};

#[test]
fn a_disabled_key_is_rejected_until_it_is_enabled() {
    let world = World::own();
    let token = world.create("--scope inference --name web");
    let id = id_of(&token);
    world
        .run("disable web")
        .stdout("")
        .stderr(&format!("disabled {id} (web)\n"));
    assert_eq!(world.verify(&token, "--scope inference"), 1);
    let ran = world
        .line("verify --no-touch --format json")
        .stdin(&token)
        .run();
    assert_eq!(ran.json()["reason"], json!("disabled"));
    let record = world.record("web");
    assert_eq!(record["state"], json!("disabled"));
    assert_eq!(record["disabled_at"], json!("2026-11-22T00:00:00Z"));
    world
        .run("enable web")
        .stdout("")
        .stderr(&format!("enabled {id} (web)\n"));
    assert_eq!(world.verify(&token, "--scope inference"), 0);
    assert_eq!(world.record("web")["disabled_at"], Value::Null);
}

#[test]
fn a_key_that_is_so_already_is_left_as_it_is() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    world.line("disable web").user("carol").run().code(0);
    world.advance("1h");
    let before = world.rows();
    world
        .run("disable web")
        .stdout("")
        .stderr(&format!("{id} (web) is already disabled\n"));
    assert_eq!(world.rows(), before);
}

#[test]
fn it_stands_beside_expiry() {
    let world = World::quick();
    let token = world.create("--scope inference --name web --expires 1h");
    world.advance("2h");
    world.run("disable web");
    let record = world.record("web");
    assert_eq!(record["state"], json!("expired"));
    assert_eq!(record["disabled_at"], json!("2026-11-22T02:00:00Z"));
    world.run("edit web --expires 5h");
    assert_eq!(world.record("web")["state"], json!("disabled"));
    assert_eq!(world.verify(&token, ""), 1);
    world.run("enable web");
    assert_eq!(world.verify(&token, ""), 0);
}

#[test]
fn on_a_phased_out_key_it_ends_the_grace_for_good() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    let id = id_of(&old);
    world.advance("1h");
    world.run("rotate web --grace 4h");
    world.advance("1h");
    assert_eq!(world.verify(&old, ""), 0);
    world.run(&format!("disable {id}"));
    let record = world.record(&id);
    assert_eq!(record["state"], json!("phased-out"));
    assert_eq!(record["usable_until"], json!("2026-11-22T02:00:00Z"));
    assert_eq!(world.verify(&old, ""), 1);
    world.run(&format!("enable {id}"));
    assert_eq!(world.verify(&old, ""), 1);
    // Into the grace that was, and to before it.
    for _ in 0..2 {
        world.advance_millis(-1_800_000);
        assert_eq!(world.verify(&old, ""), 1);
        assert_eq!(world.record(&id)["usable"], json!(false));
    }
}

#[test]
fn a_grace_that_had_run_out_when_its_key_was_disabled_does_not_come_back() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    let id = id_of(&old);
    world.run("rotate web --grace 1h");
    world.advance("2h");
    world.run(&format!("disable {id}"));
    assert_eq!(
        world.record(&id)["usable_until"],
        json!("2026-11-22T01:00:00Z")
    );
    world.run(&format!("enable {id}"));
    world.advance_millis(-5_400_000);
    assert_eq!(world.verify(&old, ""), 1);
}

#[test]
fn a_deleted_key_is_refused() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    world.run("delete web --yes");
    let before = world.rows();
    world.line(&format!("disable {id}")).run().fails(
        4,
        &format!("{id} ('web') cannot be disabled: it is deleted\nhint: verify rejects it already: there is nothing left to stop\n"),
    );
    assert_eq!(world.rows(), before);
}

#[test]
fn several_keys_are_all_disabled_or_none() {
    let world = World::quick();
    world.create("--scope inference --name a");
    world.create("--scope inference --name b");
    let gone = id_of(&world.create("--scope inference --name gone"));
    world.run("delete gone --yes");
    world
        .line("create --scope inference --name theirs --owner bob")
        .user("carol")
        .run()
        .code(0);
    let before = world.rows();
    world
        .line(&format!("disable a b {gone}"))
        .run()
        .fails(4, "");
    world
        .line("disable a nosuch b")
        .run()
        .fails(3, "there is no key 'nosuch'\n");
    world
        .line("disable a bob/theirs")
        .run()
        .fails(4, "'alice' may not manage keys of 'bob'\n");
    assert_eq!(world.rows(), before);
    world.run("disable b a");
    assert_eq!(world.record("a")["state"], json!("disabled"));
    assert_eq!(world.record("b")["state"], json!("disabled"));
}

#[test]
fn a_key_given_twice_counts_once() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    let id = id_of(&token);
    world
        .line(&format!("disable web alice/web - {id}"))
        .stdin(format!("{token}\nweb\n"))
        .run()
        .code(0)
        .stderr(&format!("disabled {id} (web)\n"));
    assert_eq!(world.log(), ["init", "create", "disable"]);
}

#[test]
fn every_key_of_a_user_is_disabled_at_once() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    world.run("rotate web --grace 1h");
    world.create("--scope inference --name gone");
    world.run("delete gone --yes");
    world.create("--scope inference --name off");
    world.run("disable off");
    world.create("--scope inference --name over --expires 1m");
    let theirs = world
        .line("create --scope inference --name web")
        .user("bob")
        .run()
        .code(0)
        .stdout;
    world.advance("2m");
    let events = world.events().len();
    world
        .line("disable --owner alice")
        .user("carol")
        .run()
        .code(0)
        .says("disabled");
    assert_eq!(
        world.events().len(),
        events + 4,
        "old, new and expired key, and the one that its owner had disabled"
    );
    let keys = world.keys();
    let on = |key: &&Key| key.owner == "alice" && key.disabled_at.is_none();
    assert_eq!(keys.iter().filter(on).count(), 1, "the deleted one");
    assert_eq!(world.verify(&old, ""), 1);
    assert_eq!(world.verify(&theirs, ""), 0);
}

#[test]
fn a_user_without_keys_is_likely_a_typo() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world
        .line("disable --owner alise")
        .user("carol")
        .run()
        .fails(3, "'alise' has no keys\nhint: did you mean 'alice'?\n");
    world.line("disable --owner zoe").user("carol").run().fails(
        3,
        "'zoe' has no keys\nhint: 'keyctl list --state all' shows every key and its owner\n",
    );
    world.run("delete web --yes");
    let before = world.rows();
    world
        .run("disable --owner alice")
        .stderr("every key of 'alice' is already deleted\n");
    assert_eq!(world.rows(), before);
}

#[test]
fn keys_and_a_user_are_not_given_together_and_one_is_needed() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.rows();
    world.line("disable web --owner alice").run().fails(2, "");
    world.line("disable").run().fails(2, "missing argument: ");
    // An empty file for a token's: nobody is to take its key for stopped.
    for line in ["disable -", "enable -", "delete - --yes", "disable - - -q"] {
        for nothing in ["", "\n \r\n"] {
            let ran = world.line(line).stdin(nothing).run();
            ran.fails(2, "standard input has no KEY");
        }
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn only_the_owner_and_an_administrator_disable_a_key() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.rows();
    for line in ["disable web", "disable --owner alice"] {
        world
            .line(line)
            .user("bob")
            .run()
            .fails(4, "'bob' may not manage keys of 'alice'\n");
    }
    assert_eq!(world.rows(), before);
    world.line("disable web").user("root").uid(0).run().code(0);
    assert_eq!(world.keys()[0].disabled_by.as_deref(), Some("root"));
}

#[test]
fn it_is_an_event_with_its_reason_and_who_did_it() {
    let world = World::quick();
    let a = id_of(&world.create("--scope inference --name a"));
    let b = id_of(&world.create("--scope inference --name b"));
    world.advance("1h");
    world
        .cmd(["disable", "a", "b", "--reason", "on holiday – 2 weeks"])
        .user("carol")
        .run()
        .code(0);
    let events = world.events();
    let [.., first, second] = &events[..] else {
        panic!("too few events");
    };
    for (event, id) in [(first, a), (second, b)] {
        assert_eq!(event.action, "disable");
        assert_eq!(event.actor, "carol");
        assert_eq!(event.at, world.now().millis());
        assert_eq!(event.key_id, Some(id));
        assert_eq!(event.detail()["reason"], json!("on holiday – 2 weeks"));
    }
    world.check_chain();
}

#[test]
fn a_reason_that_cannot_be_printed_or_is_too_long_is_refused() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.rows();
    for (reason, message) in [
        (
            "a\u{1b}[2Jb",
            "the reason 'a\\u{1b}[2Jb' has a control character\n",
        ),
        (&"x".repeat(1025), "the reason 'xxxx"),
    ] {
        world
            .cmd(["disable", "web", "-m", reason])
            .run()
            .fails(2, message);
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn an_administrator_takes_over_what_the_owner_has_disabled_once() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world.run("disable web");
    let by_carol = || world.line("disable alice/web").user("carol").run().code(0);
    assert!(by_carol().stderr.starts_with("disabled "));
    let events = world.events().len();
    by_carol().says("is already disabled\n");
    assert_eq!(world.events().len(), events);
    world.line("enable web").run().code(4);
    world.line("enable alice/web").user("carol").run().code(0);
    // An administrator's own key is nobody else's to take over.
    let line = "create --scope inference --name own";
    world.line(line).user("carol").run().code(0);
    world.line("disable own").user("carol").run().code(0);
    let again = world.line("disable own").user("carol").run();
    again.says("is already disabled\n");
}

#[test]
fn a_disabled_key_whose_grace_still_runs_is_rejected_all_the_same() {
    let world = World::own();
    let token = world.create("--scope inference --name web");
    world.run("rotate web --grace 1d");
    assert_eq!(world.verify(&token, "--no-touch"), 0);
    // No command leaves it so: to disable it would end its grace.
    world.alter(&id_of(&token), |key| {
        key.disabled_at = Some(key.created_at);
        key.disabled_by = Some("alice".to_owned());
    });
    assert_eq!(world.verify(&token, "--no-touch"), 1);
}

#[test]
fn a_blank_reason_is_none_and_keeps_no_key_from_being_stopped() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    for reason in ["", "  "] {
        world.cmd(["disable", "web", "-m", reason]).run().code(0);
        let event = world.events().pop().unwrap();
        assert_eq!(world.verify(&token, ""), 1);
        assert_eq!(event.action, "disable");
        assert_eq!(event.detail().get("reason"), None, "{event:?}");
        world
            .cmd(["enable", "web", "--reason", reason])
            .run()
            .code(0);
    }
}
