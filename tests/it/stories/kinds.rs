//! Keys of kind `legacy`, tried from every command.

use super::World;
use crate::harness::{Cmd, id_of};
use serde_json::{Value, json};

/// A line that carol runs, the administrator.
fn carol<'w>(world: &'w World, line: &str) -> Cmd<'w> {
    world.line(line).user("carol")
}

/// A legacy key of alice, named `robot`.
fn robot(world: &World) -> String {
    let ran = carol(world, "create --kind legacy --owner alice --name robot")
        .run()
        .code(0);
    ran.stdout.trim_end().to_owned()
}

/// Each of `lines`, run by alice and by the administrator, is refused and changes nothing.
#[track_caller]
fn refused_to_all(world: &World, lines: &[&str], code: u8, message: &str) {
    let before = world.rows();
    for line in lines {
        world.line(line).run().fails(code, message);
        carol(world, line).run().fails(code, message);
        assert_eq!(world.rows(), before, "{line}");
    }
}

fn ids(world: &World, line: &str) -> Vec<String> {
    let ran = world.run(&format!("list --format ids {line}"));
    ran.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn a_key_is_of_kind_api_unless_it_is_said() {
    let world = World::quick();
    world.create("--scope inference --name a");
    world.create("--scope inference --name b --kind api");
    assert_eq!(world.record("a")["kind"], json!("api"));
    assert_eq!(world.record("b")["kind"], json!("api"));
    world
        .line("create --scope inference --kind robot")
        .run()
        .code(2)
        .stdout("");
}

#[test]
fn a_key_of_kind_api_needs_a_scope() {
    let world = World::quick();
    let before = world.rows();
    for line in ["create", "create --kind api --name a"] {
        world
            .line(line)
            .run()
            .fails(2, "missing argument: --scope SCOPE\n");
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn a_legacy_key_has_no_scopes_and_never_expires() {
    let world = World::quick();
    // The policy would give any other key an end.
    world.policy("max-expiry", "30d");
    world.policy("default-expiry", "1d");
    let ran = carol(&world, "create --kind legacy --owner alice --name robot")
        .run()
        .code(0);
    let token = ran.stdout.trim_end().to_owned();
    let id = id_of(&token);
    ran.stderr(&format!(
        "created {id}\n  name     robot\n  owner    alice\n  kind     legacy\n  expires  never\n"
    ));
    let record = world.record("robot");
    assert_eq!(record["kind"], json!("legacy"));
    assert_eq!(record["scopes"], json!([]));
    assert_eq!(record["expires_at"], Value::Null);
    assert_eq!(record["created_by"], json!("carol"));
    let event = world.events().pop().unwrap();
    assert_eq!(event.detail()["kind"], json!("legacy"));
    assert_eq!(event.detail()["scopes"], json!([]));
    world.advance("20y");
    assert_eq!(world.verify(&token, ""), 0);
    // What it is anyway may be said.
    carol(&world, "create --kind legacy --expires never --label a=b")
        .run()
        .code(0);
}

#[test]
fn only_an_administrator_makes_one() {
    let world = World::quick();
    let before = world.rows();
    world.line("create --kind legacy").run().fails(
        4,
        "'alice' may not make a legacy key\nhint: ask an administrator of this store: 'keyctl admin list' lists them\n",
    );
    world
        .line("create --kind legacy --owner bob")
        .run()
        .fails(4, "'alice' may not manage keys of 'bob'\n");
    assert_eq!(world.rows(), before);
    carol(&world, "create --kind legacy").run().code(0);
    carol(&world, "create --kind legacy --owner bob")
        .run()
        .code(0);
    world.line("create --kind legacy").uid(0).run().code(0);
}

#[test]
fn one_with_scopes_or_an_expiry_is_not_made() {
    let world = World::quick();
    refused_to_all(
        &world,
        &[
            "create --kind legacy --scope inference",
            "create --kind legacy --scope nosuch",
            "create --kind legacy --scope inference --expires never",
        ],
        2,
        "a legacy key has no scopes\nhint: leave --scope out\n",
    );
    refused_to_all(
        &world,
        &[
            "create --kind legacy --expires 30d",
            "create --kind legacy --expires 2027-03-31",
        ],
        2,
        "a legacy key never expires\nhint: leave --expires out\n",
    );
}

#[test]
fn several_are_made_at_once() {
    let world = World::quick();
    let ran = carol(
        &world,
        "create --kind legacy --name r --count 2 --format json",
    )
    .run()
    .code(0);
    for record in ran.json().as_array().unwrap() {
        assert_eq!(record["kind"], json!("legacy"));
        assert_eq!(record["expires_at"], Value::Null);
    }
}

#[test]
fn verify_lets_one_in_without_a_scope_only() {
    let world = World::quick();
    carol(&world, "member add apollo alice --role owner")
        .run()
        .code(0);
    let token = robot(&world);
    let verify = |flags: &str| {
        let line = format!("verify --format json {flags}");
        world.line(&line).stdin(&token).run()
    };
    let verdict = verify("").code(0).json();
    assert_eq!(
        verdict,
        json!({"valid": true, "id": id_of(&token), "name": "robot", "owner": "alice",
            "state": "active", "scopes": [], "expires_at": null})
    );
    let rejected = |flags: &str, code: u8, reason: &str| {
        let verdict = verify(flags).code(code).json();
        assert_eq!(verdict["valid"], json!(false), "{flags}");
        assert_eq!(verdict["reason"], json!(reason), "{flags}");
        assert_eq!(verdict["id"], json!(id_of(&token)), "{flags}");
    };
    for (flags, reason) in [
        ("--scope inference", "scope"),
        ("--scope project", "scope"),
        ("--scope inference,project", "scope"),
        // Though its owner is an owner of the project.
        ("--project apollo", "project"),
        ("--project nosuch", "project"),
        ("--scope inference --project apollo", "scope"),
    ] {
        rejected(flags, 6, reason);
    }
    let api = world.create("--scope inference");
    assert_eq!(world.verify(&api, "--project apollo"), 0);
    verify("--scope nosuch").code(2);
    // State comes first here too.
    world.run("disable robot");
    rejected("--scope inference", 1, "disabled");
}

#[test]
fn one_is_not_deleted_by_anybody() {
    let world = World::quick();
    let token = robot(&world);
    let id = id_of(&token);
    let message = format!(
        "{id} ('robot') cannot be deleted: it is a legacy key\nhint: rotate or disable it instead\n"
    );
    let by_id = format!("delete {id} --yes");
    refused_to_all(&world, &["delete robot --yes", &by_id], 4, &message);
    // Not even asked about: a question would fail the test.
    let before = world.rows();
    world
        .line("delete robot")
        .terminal(100)
        .run()
        .fails(4, &message);
    // Nor with others, which stay too.
    assert_eq!(world.rows(), before);
    let api = world.create("--scope inference --name web");
    refused_to_all(&world, &["delete web robot --yes"], 4, &message);
    assert_eq!(world.verify(&api, ""), 0);
    // In no state.
    world.run("disable robot");
    let refusal = format!("{id} ('robot') cannot be deleted: it is a legacy key\n");
    refused_to_all(&world, &["delete robot --yes"], 4, &refusal);
    world.run("enable robot");
    carol(&world, "rotate robot").run().code(0);
    refused_to_all(&world, &[&by_id], 4, &refusal);
}

#[test]
fn delete_of_all_keys_of_a_user_disables_one_and_says_so() {
    let world = World::quick();
    let token = robot(&world);
    let api = world.create("--scope inference --name web");
    carol(&world, "delete --owner alice --yes -m left")
        .run()
        .code(0)
        .says(&format!("disabled {} (robot)\n", id_of(&token)))
        .says(&format!("deleted {} (web)\n", id_of(&api)))
        .says("disabled instead of deleted, as legacy keys cannot be deleted: 1 key\n");
    assert_eq!(world.record("robot")["state"], json!("disabled"));
    assert_eq!(world.record("robot")["deleted_at"], Value::Null);
    assert_eq!(world.verify(&token, ""), 1);
    assert_eq!(world.verify(&api, ""), 1);
    let event = world
        .events()
        .into_iter()
        .find(|event| event.action == "disable")
        .unwrap();
    assert_eq!(event.key_id, Some(id_of(&token)));
    assert_eq!(event.detail()["reason"], json!("left"));
    // It can be switched on again; what is deleted cannot.
    carol(&world, "enable robot").run().code(0);
    assert_eq!(world.verify(&token, ""), 0);
    carol(&world, &format!("enable {}", id_of(&api)))
        .run()
        .code(4);
}

#[test]
fn delete_of_all_keys_says_that_one_was_disabled_with_quiet_too() {
    let world = World::quick();
    robot(&world);
    carol(&world, "delete --owner alice --yes --quiet")
        .run()
        .code(0)
        .stderr("disabled instead of deleted, as legacy keys cannot be deleted: 1 key\n");
}

#[test]
fn one_is_never_purged() {
    let world = World::quick();
    let old = id_of(&robot(&world));
    carol(&world, "rotate robot --grace 1h").run().code(0);
    let off = carol(&world, "create --kind legacy --owner alice --name off")
        .run()
        .code(0);
    let off = id_of(off.stdout.trim_end());
    world.run("disable off");
    world.advance("100d");
    let legacy = ids(&world, "--kind legacy --state all");
    assert_eq!(legacy.len(), 3);
    for line in [
        "purge --yes",
        "purge --older-than 1d --yes",
        "purge --owner alice --yes",
    ] {
        carol(&world, line)
            .run()
            .code(0)
            .stderr("nothing to purge\n");
    }
    let stay = "3 keys of kind legacy cannot be purged, 1 of them in use\nhint: to stop those: keyctl disable --owner alice\n";
    carol(&world, "purge --owner alice --all --yes")
        .run()
        .code(0)
        .stderr(&format!("nothing to purge\n{stay}"));
    carol(&world, "purge --owner alice --all --dry-run --format ids")
        .run()
        .code(0)
        .stdout("");
    // Among others too: those go.
    world.create("--scope inference --name web");
    carol(&world, "purge --owner alice --all --yes")
        .run()
        .code(0)
        .stderr(&format!("purged 1 key\n{stay}"));
    assert_eq!(ids(&world, "--state all"), legacy);
    carol(&world, "disable --owner alice").run().code(0);
    carol(&world, "purge --owner alice --all --yes")
        .run()
        .code(0)
        .stderr("nothing to purge\n3 keys of kind legacy cannot be purged\n");
    assert_eq!(world.record(&old)["state"], json!("phased-out"));
    assert_eq!(world.record(&off)["state"], json!("disabled"));
}

#[test]
fn edit_of_a_legacy_key_refuses_scopes_and_an_expiry() {
    let world = World::quick();
    let token = robot(&world);
    let id = id_of(&token);
    for (asked, lines) in [
        (
            "scopes",
            &[
                "edit robot --scope inference",
                "edit robot --add-scope inference",
                "edit robot --remove-scope inference",
                "edit robot --label a=b --add-scope project",
            ][..],
        ),
        (
            "an expiry",
            &[
                "edit robot --expires 30d",
                "edit robot --expires never",
                "edit robot --name machine --expires 30d",
            ],
        ),
    ] {
        refused_to_all(
            &world,
            lines,
            4,
            &format!(
                "{id} ('robot') cannot be given {asked}: it is a legacy key\nhint: only \
                 its name, owner, labels and networks can be changed\n"
            ),
        );
    }
    refused_to_all(
        &world,
        &["edit robot --grace 1h"],
        4,
        &format!("{id} ('robot') cannot be given a grace period: it was not rotated\n"),
    );
    world.run("edit robot --name machine --label team=ops");
    let record = world.record("machine");
    assert_eq!(record["labels"], json!({"team": "ops"}));
    assert_eq!(record["kind"], json!("legacy"));
    assert_eq!(record["scopes"], json!([]));
    assert_eq!(record["expires_at"], Value::Null);
    world.run("edit machine --remove-label team");
    assert_eq!(world.record("machine")["labels"], json!({}));
    assert_eq!(world.verify(&token, ""), 0);
}

#[test]
fn only_an_administrator_rotates_one_and_its_successor_is_one() {
    let world = World::quick();
    world.policy("max-expiry", "30d");
    let token = robot(&world);
    let before = world.rows();
    for line in ["rotate robot", "rotate robot --grace 1h"] {
        world.line(line).run().fails(
            4,
            "'alice' may not rotate a legacy key\nhint: ask an administrator of this store: 'keyctl admin list' lists them\n",
        );
    }
    carol(&world, "rotate robot --expires 7d").run().fails(
        4,
        &format!(
            "{} ('robot') is a legacy key, which never expires\nhint: leave --expires out\n",
            id_of(&token)
        ),
    );
    assert_eq!(world.rows(), before);
    assert_eq!(world.verify(&token, ""), 0);
    let new = carol(&world, "rotate robot --grace 1h --format json")
        .run()
        .code(0)
        .json();
    assert_eq!(new["kind"], json!("legacy"));
    assert_eq!(new["owner"], json!("alice"));
    assert_eq!(new["name"], json!("robot"));
    assert_eq!(new["scopes"], json!([]));
    assert_eq!(new["expires_at"], Value::Null);
    assert_eq!(new["replaces"], json!(id_of(&token)));
    // Both work while the grace lasts, and then the new one for ever.
    let fresh = new["token"].as_str().unwrap();
    assert_eq!(world.verify(&token, ""), 0);
    assert_eq!(world.verify(fresh, ""), 0);
    assert_eq!(world.verify(fresh, "--scope inference"), 6);
    world.advance("20y");
    assert_eq!(world.verify(&token, ""), 1);
    assert_eq!(world.verify(fresh, ""), 0);
    // A successor is no way around the rules.
    world.line("rotate robot").run().code(4);
    world.line("delete robot --yes").run().code(4);
    carol(&world, "rotate robot --expires never").run().code(0);
}

#[test]
fn its_owner_disables_and_enables_one() {
    let world = World::quick();
    let token = robot(&world);
    world
        .run("disable robot")
        .stderr(&format!("disabled {} (robot)\n", id_of(&token)));
    assert_eq!(world.verify(&token, ""), 1);
    world.run("enable robot");
    assert_eq!(world.verify(&token, ""), 0);
    // What an administrator did, only an administrator lifts: of one's legacy keys too.
    carol(&world, "disable --owner alice").run().code(0);
    assert_eq!(world.verify(&token, ""), 1);
    world.line("enable robot").run().code(4);
    carol(&world, "enable robot").run().code(0);
    assert_eq!(world.verify(&token, ""), 0);
    world.line("disable alice/robot").user("bob").run().code(4);
}

#[test]
fn one_that_is_disabled_is_not_rotated() {
    let world = World::quick();
    let id = id_of(&robot(&world));
    world.run("disable robot");
    carol(&world, "rotate robot").run().fails(
        4,
        &format!("{id} ('robot') cannot be rotated: it is disabled\n"),
    );
}

#[test]
fn list_tells_the_kinds_apart() {
    let world = World::quick();
    let legacy = id_of(&robot(&world));
    let api = id_of(&world.create("--scope inference --name web"));
    assert_eq!(ids(&world, "--kind legacy"), std::slice::from_ref(&legacy));
    assert_eq!(ids(&world, "--kind api"), std::slice::from_ref(&api));
    assert_eq!(ids(&world, ""), [legacy.clone(), api]);
    assert_eq!(ids(&world, "--owner alice --kind legacy"), [legacy]);
    assert!(ids(&world, "--kind legacy --scope inference").is_empty());
    // It has no end that could come near.
    assert!(ids(&world, "--kind legacy --expiring-within 365d").is_empty());
    world
        .run("list --kind legacy --format csv")
        .stdout(&format!(
            "id,name,owner,kind,state,usable,scopes,labels,allow_from,imported,created_at,created_by,expires_at,\
             first_used_at,last_used_at,usable_until,disabled_at,deleted_at,replaces,replaced_by\n\
             {},robot,alice,legacy,active,true,,{{}},,false,2026-11-22T00:00:00Z,carol,,,,,,,,\n",
            ids(&world, "--kind legacy")[0]
        ));
}

#[test]
fn show_says_that_one_is_legacy() {
    let world = World::quick();
    robot(&world);
    let text = world.run("show robot").stdout;
    let line = |name: &str| {
        let found = text.lines().find(|line| line.starts_with(name));
        let words = found.unwrap_or_default().split_whitespace();
        words.skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("Kind"), "legacy", "{text}");
    assert_eq!(line("Expires"), "never", "{text}");
    assert_eq!(world.record("robot")["usable"], json!(true));
}

#[test]
fn a_legacy_name_is_taken_like_any_other() {
    let world = World::quick();
    let id = id_of(&robot(&world));
    world
        .line("create --scope inference --name robot")
        .run()
        .fails(
            4,
            &format!("'alice' already has a live key named 'robot': {id} (active)\n"),
        );
}

#[test]
fn one_that_is_disabled_already_or_was_rotated_is_advised_to_what_is_left() {
    let world = World::quick();
    let old = id_of(&robot(&world));
    world.line("rotate robot").user("carol").run().code(0);
    let delete = |key: &str| world.line(&format!("delete {key} --yes")).run();
    delete(&old).fails(4, "").says("hint: disable it instead\n");
    world.run("disable robot");
    delete("robot")
        .fails(4, "")
        .says("hint: it is disabled already, so verify rejects it; its record stays\n");
}
