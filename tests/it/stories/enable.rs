//! `keyctl enable`

use super::World;
use crate::harness::id_of;
use serde_json::{Value, json};

#[test]
fn a_key_that_is_not_disabled_is_left_as_it_is() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    let before = world.rows();
    world
        .run("enable web")
        .stdout("")
        .stderr(&format!("{id} (web) is already enabled\n"));
    assert_eq!(world.rows(), before);
}

#[test]
fn only_an_administrator_lifts_what_an_administrator_did() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    for (who, uid) in [("carol", None), ("dave", Some(0))] {
        world.line("disable web").user("carol").run().code(0);
        let before = world.rows();
        world
            .line("enable web")
            .run()
            .fails(4, &format!("{id} ('web') was disabled by 'carol'\n"))
            .says(
                "hint: only an administrator can enable it again: 'keyctl admin list' lists them\n",
            );
        assert_eq!(world.rows(), before);
        let lifting = world.line("enable web").user(who);
        match uid {
            Some(uid) => lifting.uid(uid),
            None => lifting,
        }
        .run()
        .code(0);
        assert_eq!(world.record("web")["state"], json!("active"));
    }
}

#[test]
fn an_administrator_lifts_what_the_owner_did() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world.run("disable web");
    world.line("enable web").user("carol").run().code(0);
    assert_eq!(world.record("web")["state"], json!("active"));
}

#[test]
fn nobody_else_enables_a_key() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world.run("disable web");
    let before = world.rows();
    world
        .line("enable alice/web")
        .user("bob")
        .run()
        .fails(4, "'bob' may not manage keys of 'alice'\n");
    assert_eq!(world.rows(), before);
}

#[test]
fn an_expired_or_phased_out_key_stays_so() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    world.run("rotate web --grace 1h");
    let over = world.create("--scope inference --name over --expires 1h");
    world.run(&format!("disable {} over", id_of(&old)));
    world.advance("2h");
    let id = id_of(&old);
    let new = world.record("web")["id"].clone();
    let phased_out = format!(
        "{id} still does not work: it was replaced by {}\n",
        new.as_str().unwrap()
    );
    let over_id = id_of(&over);
    let expired = format!(
        "{over_id} still does not work: it expired 2026-11-22T01:00:00Z (60m ago)\n\
         hint: to give it more time: keyctl edit {over_id} --expires 90d; to replace it: keyctl rotate {over_id}\n"
    );
    let enabled = world.run(&format!("enable {id} over"));
    enabled.stderr(&format!(
        "enabled {id} (web)\n{phased_out}enabled {over_id} (over)\n{expired}enabled 2 keys\n"
    ));
    // They were not disabled, and work no more for that.
    let again = world.run(&format!("enable {id} over"));
    again.stderr(&format!(
        "{id} (web) is not disabled\n{phased_out}{over_id} (over) is not disabled\n{expired}"
    ));
    for (token, state) in [(old, "phased-out"), (over, "expired")] {
        let record = world.record(&id_of(&token));
        assert_eq!(record["state"], json!(state));
        assert_eq!(record["disabled_at"], Value::Null);
        assert_eq!(world.verify(&token, ""), 1);
    }
    let quiet = world.run(&format!("enable {id} over -q"));
    quiet.stderr(&format!("{phased_out}{expired}"));
}

#[test]
fn a_deleted_key_is_refused() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    world.run("disable web");
    world.run("delete web --yes");
    let before = world.rows();
    world.line(&format!("enable {id}")).run().fails(
        4,
        &format!("{id} ('web') cannot be enabled: it is deleted\nhint: it stays deleted; to make a new key: keyctl create --scope inference\n"),
    );
    assert_eq!(world.rows(), before);
}

#[test]
fn several_keys_are_all_enabled_or_none() {
    let world = World::quick();
    world.create("--scope inference --name mine");
    world.create("--scope inference --name barred");
    world.run("disable mine");
    world.line("disable barred").user("carol").run().code(0);
    let before = world.rows();
    world
        .line("enable mine barred")
        .run()
        .fails(4, "")
        .says("('barred') was disabled by 'carol'\n");
    world
        .line("enable mine nosuch")
        .run()
        .fails(3, "there is no key 'nosuch'\n");
    assert_eq!(world.rows(), before);
    world
        .line("enable -")
        .stdin("alice/barred\nalice/mine\n")
        .user("carol")
        .run()
        .code(0);
    assert_eq!(world.record("mine")["state"], json!("active"));
    assert_eq!(world.record("barred")["state"], json!("active"));
}

#[test]
fn it_is_one_event_a_key_with_its_reason() {
    let world = World::quick();
    let a = id_of(&world.create("--scope inference --name a"));
    world.create("--scope inference --name b");
    world.run("disable a");
    let count = world.events().len();
    world
        .cmd(["enable", "a", "b", "a", "-m", "back"])
        .run()
        .code(0)
        .says("(b) is already enabled\n");
    let events = world.events();
    assert_eq!(events.len(), count + 1);
    let last = events.last().unwrap();
    assert_eq!(last.action, "enable");
    assert_eq!(last.key_id, Some(a));
    assert_eq!(last.detail()["reason"], json!("back"));
    world.check_chain();
}

#[test]
fn a_key_is_needed() {
    let world = World::quick();
    world.line("enable").run().fails(2, "missing argument: ");
}

#[test]
fn how_an_expired_key_is_renewed_is_what_policy_leaves_room_for() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web --expires 1h"));
    world.advance("300d");
    world.run("enable web -q").stderr(&format!(
        "{id} still does not work: it expired 2026-11-22T01:00:00Z (300d ago)\nhint: to replace it: keyctl rotate {id}\n"
    ));
}
