//! `keyctl edit`

use super::World;
use crate::harness::id_of;
use serde_json::{Value, json};

#[test]
fn a_new_name_frees_the_old_one() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    world
        .run("edit web --name api")
        .stdout("")
        .stderr(&format!("changed {id} (api)\n  name  web → api\n"));
    world
        .run(&format!(
            "edit {id} --name api --label a=b --add-scope project"
        ))
        .stderr(&format!(
            "changed {id} (api)\n  scopes  inference → inference project\n  labels  none → a=b\n"
        ));
    world
        .run(&format!("edit {id} --remove-label a"))
        .says("  labels  a=b → none\n");
    assert_eq!(world.record("api")["id"], json!(id));
    world.line("show web").run().fails(3, "");
    world.create("--scope inference --name web");
}

#[test]
fn the_token_stays_as_it_is() {
    let world = World::own();
    let token = world.create("--scope inference --name web");
    let id = id_of(&token);
    let hash = world.hash(&id);
    world.run("edit web --name api --add-scope project --expires 1d --label team=a");
    assert_eq!(world.hash(&id), hash);
    assert_eq!(world.verify(&token, "--scope project"), 0);
}

#[test]
fn a_name_that_a_live_key_of_the_owner_has_is_refused() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let off = id_of(&world.create("--scope inference --name off"));
    let over = id_of(&world.create("--scope inference --name over --expires 1h"));
    world.run("disable off");
    world.advance("2h");
    let before = world.rows();
    for (taken, holder, state) in [("off", off, "disabled"), ("over", over, "expired")] {
        world
            .line(&format!("edit web --name {taken} --label a=b"))
            .run()
            .fails(
                4,
                &format!("the name '{taken}' of 'alice' is held by a key that is {state}: {holder}\nhint: choose another name, or free this one: keyctl edit {holder} --name OTHER or keyctl delete {holder}\n"),
            );
    }
    assert_eq!(world.rows(), before);
    // A deleted key holds none, nor does another user's.
    world.run("delete off --yes");
    world.run("edit web --name off");
    world
        .line("create --scope inference --name bobs")
        .user("bob")
        .run()
        .code(0);
    world.run("edit off --name bobs");
}

#[test]
fn a_name_that_misleads_is_refused() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.rows();
    let long = "n".repeat(129);
    for (name, message) in [
        ("", "the name is empty\n"),
        ("a/b", "the name 'a/b' has a '/'\n"),
        (" a", "the name ' a' begins or ends with a blank\n"),
        (
            "a\u{202e}b",
            "the name 'a\\u{202e}b' has a control character\n",
        ),
        (
            "7h2m9qxw4d1e",
            "the name '7h2m9qxw4d1e' is shaped like a key ID\n",
        ),
        (long.as_str(), "the name 'nnn"),
    ] {
        world
            .cmd(["edit", "web", "--name", name])
            .run()
            .fails(2, message);
    }
    world
        .cmd(["edit", "web", "--name=-a"])
        .run()
        .fails(2, "the name '-a' starts with '-'\n");
    assert_eq!(world.rows(), before);
    world
        .cmd(["edit", "web", "--name", &"ü".repeat(128)])
        .run()
        .code(0);
}

#[test]
fn scopes_are_replaced_added_and_taken_away() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    world.run("edit web --add-scope project");
    assert_eq!(
        world.record("web")["scopes"],
        json!(["inference", "project"])
    );
    assert_eq!(world.verify(&token, "--scope project"), 0);
    world.run("edit web --remove-scope inference");
    assert_eq!(world.record("web")["scopes"], json!(["project"]));
    assert_eq!(
        world.verify(&token, "--scope inference"),
        0,
        "project implies it"
    );
    world.run("edit web --scope inference");
    assert_eq!(world.record("web")["scopes"], json!(["inference"]));
    assert_eq!(world.verify(&token, "--scope project"), 6);
    world.run("edit web --add-scope project --remove-scope inference");
    assert_eq!(world.record("web")["scopes"], json!(["project"]));
}

#[test]
fn the_last_scope_stays() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference,project --name web"));
    let before = world.rows();
    world
        .line("edit web --remove-scope inference,project")
        .run()
        .fails(
            4,
            &format!("{id} ('web') cannot be left without a scope: it could do nothing\n"),
        )
        .says("hint: disable or delete it instead\n");
    assert_eq!(world.rows(), before);
    world.run("edit web --remove-scope inference");
    world
        .line("edit web --remove-scope project")
        .run()
        .fails(4, "");
    assert_eq!(world.record("web")["scopes"], json!(["project"]));
}

#[test]
fn a_scope_that_is_unknown_twice_or_not_there_is_refused() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.rows();
    for (flags, code, message) in [
        (
            "--scope infrence",
            2,
            "there is no scope 'infrence'\nhint: did you mean 'inference'?\n",
        ),
        (
            "--add-scope projekt",
            2,
            "there is no scope 'projekt'\nhint: did you mean 'project'?\n",
        ),
        ("--remove-scope nosuch", 2, "there is no scope 'nosuch'\n"),
        (
            "--add-scope project,project",
            2,
            "the scope 'project' is given twice\n",
        ),
        ("--scope project --add-scope inference", 2, ""),
        ("--scope project --remove-scope inference", 2, ""),
    ] {
        world
            .line(&format!("edit web {flags}"))
            .run()
            .fails(code, message);
    }
    world
        .line("edit web --remove-scope project")
        .run()
        .fails(3, "")
        .says("does not have the scope 'project'\nhint: it has: inference\n");
    assert_eq!(world.rows(), before);
}

#[test]
fn labels_are_set_and_taken_away() {
    let world = World::quick();
    world.create("--scope inference --name web --label team=a --label env=prod");
    world.run("edit web --label team=b --label note= --remove-label env");
    assert_eq!(
        world.record("web")["labels"],
        json!({ "team": "b", "note": "" })
    );
    let before = world.rows();
    for (flags, code, message) in [
        (
            "--label team=c --label team=d",
            2,
            "the label 'team' is given twice\n",
        ),
        ("--label team", 2, "the label 'team' has no '='\n"),
        (
            "--remove-label a=b",
            2,
            "'a=b' is not the name of a label\nhint: leave out the value: --remove-label a\n",
        ),
    ] {
        world
            .line(&format!("edit web {flags}"))
            .run()
            .fails(code, message);
    }
    world
        .line("edit web --label x=y --remove-label env")
        .run()
        .fails(3, "")
        .says(" has no label 'env'\nhint: it has: note, team\n");
    assert_eq!(world.rows(), before);
}

#[test]
fn an_expiry_is_counted_from_now_and_limited_from_creation() {
    let world = World::quick();
    world.create("--scope inference --name web --expires 10d");
    world.advance("5d");
    world
        .run("edit web --expires 1d")
        .says(" → 2026-11-28T00:00:00Z (in 24h)\n")
        .says("  expires  2026-12-02T00:00:00Z (in 5d) → ");
    world
        .run("edit web --expires 2027-11-21")
        .says(" → 2027-11-22T00:00:00Z (in 360d)\n");
    let before = world.rows();
    for (when, code, message) in [
        (
            "361d",
            4,
            "expiry 2027-11-23T00:00:00Z is later than policy allows: the latest is 2027-11-22T00:00:00Z\n",
        ),
        (
            "never",
            4,
            "policy does not allow a key that never expires: the latest expiry is 2027-11-22T00:00:00Z\n",
        ),
        (
            "2026-11-27T00:00:00Z",
            2,
            "'2026-11-27T00:00:00Z' is already past: it is now 2026-11-27T00:00:00Z\n",
        ),
        ("2027-02-29", 2, "there is no date '2027-02-29'\n"),
        ("0s", 2, "the duration '0s' must be more than zero\n"),
        ("30m1h", 2, "'30m1h' is not a time\n"),
    ] {
        world
            .line(&format!("edit web --name other --expires {when}"))
            .run()
            .fails(code, message);
    }
    assert_eq!(world.rows(), before);
    world.policy("max-expiry", "never");
    world.run("edit web --expires never").says(" → never\n");
    assert_eq!(world.record("web")["expires_at"], Value::Null);
}

#[test]
fn a_new_expiry_revives_an_expired_key() {
    let world = World::quick();
    let token = world.create("--scope inference --name web --expires 1h");
    world.advance("2h");
    assert_eq!(world.verify(&token, ""), 1);
    // The rest can be changed while it is expired.
    world.run("edit web --name api --add-scope project --label team=a");
    assert_eq!(world.record("api")["state"], json!("expired"));
    world.run("edit api --expires 1h");
    assert_eq!(world.record("api")["state"], json!("active"));
    assert_eq!(world.verify(&token, "--scope project"), 0);
}

#[test]
fn a_disabled_key_can_be_changed_and_stays_disabled() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    world.run("disable web");
    world.run("edit web --name api --scope project --expires 1d --label team=a");
    assert_eq!(world.record("api")["state"], json!("disabled"));
    assert_eq!(world.verify(&token, ""), 1);
}

#[test]
fn only_what_is_given_is_checked() {
    let world = World::quick();
    world.create("--scope inference --name web --expires 300d");
    world.policy("max-expiry", "30d");
    world.run("edit web --name api --label team=a --add-scope project");
    assert_eq!(
        world.record("api")["expires_at"],
        json!("2027-09-18T00:00:00Z")
    );
    world.line("edit api --expires 299d").run().fails(4, "");
    world.run("edit api --expires 30d");
}

#[test]
fn a_deleted_key_is_not_changed() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    world.run("delete web --yes");
    let before = world.rows();
    for flags in [
        "--name api",
        "--expires 1d",
        "--label a=b",
        "--add-scope project",
        "--grace 1h",
    ] {
        world.line(&format!("edit {id} {flags}")).run().fails(
            4,
            &format!("{id} ('web') cannot be changed: it is deleted\nhint: it stays deleted; to make a new key: keyctl create --scope inference\n"),
        );
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn of_a_phased_out_key_only_the_grace_is_changed() {
    let world = World::quick();
    let old = id_of(&world.create("--scope inference --name web"));
    let new = id_of(world.run("rotate web --grace 1h").stdout.trim_end());
    let before = world.rows();
    for flags in [
        "--name api",
        "--expires 1d",
        "--label a=b",
        "--add-scope project",
        "--grace 2h --label a=b",
    ] {
        world
            .line(&format!("edit {old} {flags}"))
            .run()
            .fails(
                4,
                &format!("{old} ('web') cannot be changed: it is phased-out\n"),
            )
            .says(&format!(
                "hint: change {new}, its live successor; only --grace and --owner can be given for this key\n"
            ));
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn a_grace_given_for_the_new_key_of_a_rotation_is_refused_with_the_id_of_the_old_one() {
    let world = World::quick();
    let old = id_of(&world.create("--scope inference --name web"));
    let new = id_of(world.run("rotate web --grace 1h").stdout.trim_end());
    for (grace, to) in [("0s", "end"), ("2h", "change")] {
        world.line(&format!("edit web --grace {grace}")).run().fails(
            4,
            &format!(
                "{new} ('web') is the new key of a rotation\n\
                 hint: to {to} the grace period of the one it replaced: keyctl edit {old} --grace {grace}\n"
            ),
        );
    }
    world.advance("1h");
    let refused = format!("{new} ('web') cannot be given a grace period: it was not rotated\n");
    world.line("edit web --grace 0s").run().fails(4, &refused);
}

#[test]
fn the_end_of_a_grace_that_runs_is_moved() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    let id = id_of(&old);
    world.run("rotate web --grace 4h");
    world.advance("1h");
    world
        .run(&format!("edit {id} --grace 1h"))
        .says("  works until  2026-11-22T04:00:00Z (in 3h) → 2026-11-22T02:00:00Z (in 60m)\n");
    world.run(&format!("edit {id} --grace 2h"));
    assert_eq!(
        world.record(&id)["usable_until"],
        json!("2026-11-22T03:00:00Z")
    );
    world.advance_millis(7_199_999);
    assert_eq!(world.verify(&old, ""), 0);
    world.advance_millis(1);
    assert_eq!(world.verify(&old, ""), 1);
    let before = world.rows();
    world.line(&format!("edit {id} --grace 1h")).run().fails(
        4,
        &format!(
            "{id} ('web') cannot be given more grace: its grace ended at 2026-11-22T03:00:00Z\n"
        ),
    );
    assert_eq!(world.rows(), before);
}

#[test]
fn a_grace_of_nothing_ends_it_for_good() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    let id = id_of(&old);
    world.run("rotate web --grace 4h");
    world.advance("1h");
    world.run(&format!("edit {id} --grace 0s"));
    assert_eq!(
        world.record(&id)["usable_until"],
        json!("2026-11-22T01:00:00Z")
    );
    assert_eq!(world.verify(&old, ""), 1);
    world.advance_millis(-1_800_000);
    assert_eq!(world.verify(&old, ""), 1);
    world
        .line(&format!("edit {id} --grace 1h"))
        .run()
        .fails(4, "");
}

#[test]
fn a_grace_lasts_at_most_90_days_from_the_rotation_and_never_beyond_expiry() {
    let world = World::quick();
    let long = id_of(&world.create("--scope inference --name long"));
    let short = id_of(&world.create("--scope inference --name short --expires 20d"));
    world.run("rotate long --grace 30d");
    world.run("rotate short --grace 15d");
    world.advance("10d");
    let before = world.rows();
    world
        .line(&format!("edit {long} --grace 91d"))
        .run()
        .fails(4, "a grace of 91d is too long: the longest is 90d\n");
    world.line(&format!("edit {long} --grace 81d")).run().fails(
        4,
        "a grace until 2027-02-21T00:00:00Z is too long: the latest is 2027-02-20T00:00:00Z\n",
    );
    assert_eq!(world.rows(), before);
    world.run(&format!("edit {long} --grace 80d"));
    assert_eq!(
        world.record(&long)["usable_until"],
        json!("2027-02-20T00:00:00Z")
    );
    world.run(&format!("edit {short} --grace 80d"));
    assert_eq!(
        world.record(&short)["usable_until"],
        json!("2026-12-12T00:00:00Z")
    );
    assert_eq!(
        world.record(&short)["expires_at"],
        json!("2026-12-12T00:00:00Z")
    );
}

#[test]
fn a_key_that_was_not_rotated_has_no_grace() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web --expires 1h"));
    let refused = |world: &World| {
        let before = world.rows();
        world.line("edit web --grace 1h").run().fails(
            4,
            &format!("{id} ('web') cannot be given a grace period: it was not rotated\n"),
        );
        assert_eq!(world.rows(), before);
    };
    refused(&world);
    world.run("disable web");
    refused(&world);
    world.advance("2h");
    refused(&world);
}

#[test]
fn a_phased_out_key_that_was_disabled_gets_no_grace() {
    let world = World::quick();
    let old = id_of(&world.create("--scope inference --name web"));
    world.run("rotate web --grace 1h");
    world.run(&format!("disable {old}"));
    world
        .line(&format!("edit {old} --grace 1h"))
        .run()
        .fails(4, "");
    world.run(&format!("enable {old}"));
    world
        .line(&format!("edit {old} --grace 1h"))
        .run()
        .fails(4, "");
}

#[test]
fn an_edit_of_nothing_is_a_mistake() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.rows();
    for line in ["edit web", "edit web -m because"] {
        world.line(line).run().fails(2, "no change is given\n");
    }
    world.line("edit").run().fails(2, "missing argument: KEY\n");
    world.line("edit web other --name x").run().fails(2, "");
    assert_eq!(world.rows(), before);
}

#[test]
fn what_is_so_already_is_no_change() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web --label team=a --expires 1d"));
    let before = world.rows();
    world
        .run("edit web --name web --scope inference --label team=a --expires 1d")
        .stderr(&format!(
            "{id} already has these values: nothing was changed\n"
        ));
    assert_eq!(world.rows(), before);
}

#[test]
fn its_event_holds_old_and_new_of_what_changed_only() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web --label team=a --expires 1d"));
    let old = id_of(&world.create("--scope inference --name other"));
    world.run("rotate other --grace 1h");
    world.advance("1m");
    let before = world.events().len();
    world
        .cmd(
            "edit web --name api --add-scope project --label team=b --label x=y --expires 2d -m"
                .split(' '),
        )
        .run()
        .code(2);
    world
        .cmd(
            "edit web --name api --add-scope project --label team=b --label x=y --expires 2d -m grown"
                .split(' '),
        )
        .run()
        .code(0);
    world.run("edit api --name api --label x=z");
    world.run(&format!("edit {old} --grace 2h"));
    let events = world.events();
    let [first, second, third] = &events[before..] else {
        panic!("not three events: {events:?}");
    };
    let uid = first.detail()["uid"].clone();
    assert_eq!(first.action, "edit");
    assert_eq!(first.actor, "alice");
    assert_eq!(first.at, world.now().millis());
    assert_eq!(first.key_id.as_ref(), Some(&id));
    assert_eq!(
        first.detail(),
        json!({
            "uid": uid,
            "reason": "grown",
            "name": { "old": "web", "new": "api" },
            "scopes": { "old": ["inference"], "new": ["inference", "project"] },
            "labels": { "old": { "team": "a" }, "new": { "team": "b", "x": "y" } },
            "expires_at": { "old": "2026-11-23T00:00:00Z", "new": "2026-11-24T00:01:00Z" },
        })
    );
    assert_eq!(
        second.detail(),
        json!({
            "uid": uid,
            "labels": { "old": { "team": "b", "x": "y" }, "new": { "team": "b", "x": "z" } },
        })
    );
    assert_eq!(
        third.detail(),
        json!({
            "uid": uid,
            "usable_until": { "old": "2026-11-22T01:00:00Z", "new": "2026-11-22T02:01:00Z" },
        })
    );
    world.check_chain();
}

#[test]
fn only_the_owner_and_an_administrator_change_a_key() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.rows();
    world
        .line("edit alice/web --name mine")
        .user("bob")
        .run()
        .fails(4, "'bob' may not manage keys of 'alice'\n");
    assert_eq!(world.rows(), before);
    world.line("edit web --name a").user("carol").run().code(0);
    world
        .line("edit a --name b")
        .user("root")
        .uid(0)
        .run()
        .code(0);
    assert_eq!(world.record("b")["owner"], json!("alice"));
}

#[test]
fn of_a_legacy_key_only_name_and_labels_are_changed() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name robot"));
    world.make_legacy(&id);
    let before = world.rows();
    for (flags, asked) in [
        ("--scope inference", "scopes"),
        ("--add-scope project", "scopes"),
        ("--expires 1d", "an expiry"),
        ("--expires never", "an expiry"),
        ("--expires 1d --scope inference", "scopes or an expiry"),
    ] {
        world.line(&format!("edit robot {flags}")).run().fails(
            4,
            &format!("{id} ('robot') cannot be given {asked}: it is a legacy key\n"),
        );
    }
    assert_eq!(world.rows(), before);
    world.run("edit robot --name machine --label team=a");
    assert_eq!(world.record("machine")["labels"], json!({ "team": "a" }));
}

#[test]
fn a_label_may_be_set_and_taken_away_in_any_number_but_not_both() {
    let world = World::quick();
    world.create("--scope inference --name web --label a=1");
    world.run("edit web --remove-label a --label b=2 --label c=3");
    assert_eq!(world.record("web")["labels"], json!({ "b": "2", "c": "3" }));
    world.run("edit web --remove-label b --remove-label c");
    assert_eq!(world.record("web")["labels"], json!({}));
}

#[test]
fn a_key_that_has_lived_as_long_as_policy_allows_is_to_be_rotated() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    world.advance("365d");
    world.advance("1s");
    for (when, message) in [
        (
            "1d",
            "expiry 2027-11-23T00:00:01Z is later than policy allows: the latest is",
        ),
        (
            "never",
            "policy does not allow a key that never expires: the latest expiry is",
        ),
    ] {
        world
            .line(&format!("edit web --expires {when}"))
            .run()
            .fails(4, message)
            .says(&format!("2027-11-22T00:00:00Z\nhint: it has lived as long as policy allows (max-expiry): to replace it: keyctl rotate {id}\n"));
    }
}

#[test]
fn what_to_change_instead_of_a_rotated_key_is_a_key_that_is_live() {
    let world = World::quick();
    let old = id_of(&world.create("--scope inference --name web"));
    let second = id_of(world.run("rotate web").stdout.trim_end());
    let third = id_of(world.run("rotate web").stdout.trim_end());
    let refused = |hint: &str| {
        let ran = world.line(&format!("edit {old} --label a=b")).run();
        ran.fails(
            4,
            &format!("{old} ('web') cannot be changed: it is phased-out\n"),
        )
        .says(&format!("hint: {hint}\n"));
        let ran = world.line(&format!("edit {old} --grace 1h")).run();
        ran.fails(
            4,
            &format!(
                "{old} ('web') cannot be given more grace: its grace ended at 2026-11-22T00:00:00Z\n"
            ),
        )
        .says(&format!("hint: {hint}\n"));
    };
    refused(&format!("change {third}, its live successor"));
    world.run(&format!("delete {third} --yes"));
    refused("it has no live successor; to make a new key: keyctl create --scope inference");
    assert_ne!(second, third);
}

/// As many labels as options, from `first` on.
fn labels(first: usize, count: usize) -> String {
    (first..first + count)
        .map(|i| format!(" --label l{i}=x"))
        .collect()
}

#[test]
fn a_key_gets_at_most_64_labels_and_keeps_what_it_has() {
    let world = World::quick();
    let too_many = |line: String, count: usize| {
        world.line(&line).run().fails(
            2,
            &format!("{count} labels are too many for one key\nhint: a key has at most 64: leave some out, or say more in one\n"),
        );
    };
    too_many(format!("create --scope inference{}", labels(0, 65)), 65);
    let id = id_of(&world.create(&format!("--scope inference --name web{}", labels(0, 64))));
    let before = world.rows();
    too_many(format!("edit web{}", labels(64, 1)), 65);
    assert_eq!(world.rows(), before);
    world.run(&format!("edit web --remove-label l0{}", labels(64, 1)));
    // An older version has given it more.
    world.alter(&id, |key| {
        let older = (1..=9).map(|number| (format!("older{number}"), String::new()));
        key.labels.extend(older);
    });
    world.run("edit web --label l5=y --remove-label older1");
    world.run("rotate web");
    assert_eq!(world.record("web")["labels"].as_object().unwrap().len(), 72);
    too_many(format!("edit web{}", labels(100, 1)), 73);
    world.run(&format!("edit web --remove-label older2{}", labels(100, 1)));
}

/// A world in which alice is the administrator, and bob and carol have keys.
fn with_owners() -> World {
    let world = World::own();
    for (owner, name, label) in [
        ("bob", "web", "team=search"),
        ("bob", "index", "team=search"),
        ("bob", "own", "team=ads"),
        ("dora", "job", "team=search"),
    ] {
        world.create(&format!(
            "--scope inference --owner {owner} --name {name} --label {label}"
        ));
    }
    world
}

#[test]
fn edit_owner_gives_the_key_and_its_token_goes_on_working() {
    let world = World::own();
    let token = world.create("--scope inference --owner bob --name web");
    let id = id_of(&token);
    let hash = world.hash(&id);
    world
        .cmd(["edit", "bob/web", "--owner", "dora", "-m", "bob has left"])
        .run()
        .code(0)
        .stdout("")
        .stderr(&format!("changed {id} (web)\n  owner  bob → dora\n"));
    assert_eq!(world.record(&id)["owner"], json!("dora"));
    assert_eq!(world.record(&id)["created_by"], json!("alice"));
    assert_eq!(world.hash(&id), hash);
    assert_eq!(world.verify(&token, "--scope inference"), 0);
    let event = world
        .events()
        .into_iter()
        .rfind(|event| event.action == "edit");
    let detail = event.unwrap().detail();
    assert_eq!(detail["owner"], json!({ "old": "bob", "new": "dora" }));
    assert_eq!(detail["reason"], json!("bob has left"));
    assert_eq!(
        world.run("list --owner dora --format ids").stdout,
        format!("{id}\n")
    );
    world.run("list --owner bob --format ids").stdout("");
    // Each owner's names are their own.
    world.create("--scope inference --owner bob --name web");
    world.check_chain();
}

#[test]
fn edit_owner_is_refused_to_all_but_administrators() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name web"));
    let before = world.rows();
    for line in [
        "edit web --owner bob",
        "edit web --owner alice",
        "edit web --owner bob --dry-run",
    ] {
        world
            .line(line)
            .run()
            .fails(4, "'alice' may not give keys to another owner\n");
    }
    assert_eq!(world.rows(), before);
    assert_eq!(
        world.events().pop().unwrap().detail()["code"],
        json!("access")
    );
    let by_carol = |line: &str| world.line(line).user("carol").run();
    by_carol("edit alice/web --owner bob").code(0);
    by_carol("edit bob/web --owner bob")
        .code(0)
        .stderr(&format!(
            "{id} already has these values: nothing was changed\n"
        ));
}

#[test]
fn edit_owner_takes_many_keys_from_stdin_in_one_transaction() {
    let world = with_owners();
    let listed = world.run("list --label team=search --format ids").stdout;
    let events = world.events().len();
    let ran = world
        .line("edit - --owner erin")
        .stdin(&listed)
        .run()
        .code(0);
    ran.says("  owner  bob → erin\n")
        .says("  owner  dora → erin\n")
        .says("changed 3 keys\n");
    assert_eq!(world.run("list --owner erin --format ids").stdout, listed);
    assert_eq!(world.events().len(), events + 3);
    assert_eq!(world.record("bob/own")["owner"], json!("bob"));
    world.check_chain();
}

#[test]
fn edit_changes_all_of_several_keys_or_none() {
    let world = with_owners();
    let gone = id_of(&world.create("--scope inference --name gone"));
    world.run("delete gone --yes");
    let before = world.rows();
    for (line, code, message) in [
        (
            "edit bob/web nosuch --label a=b",
            3,
            "there is no key 'nosuch'\n",
        ),
        (
            "edit bob/web bob/own --remove-label team --remove-label x",
            3,
            " has no label 'x'\n",
        ),
        (
            "edit bob/web bob/own --remove-scope inference",
            4,
            "cannot be left without a scope",
        ),
        (
            "edit bob/web bob/own --name x",
            2,
            "--name is given for 2 KEYs\n",
        ),
        ("edit bob/web", 2, "no change is given\n"),
    ] {
        let ran = world.line(line).run();
        assert_eq!(ran.code, code, "{line}: {ran:?}");
        ran.says(message);
    }
    world
        .line("edit - --name x")
        .stdin("bob/web\nbob/own\n")
        .run()
        .fails(2, "--name is given for 2 KEYs\n");
    world
        .line(&format!("edit bob/web {gone} --owner erin"))
        .run()
        .fails(
            4,
            &format!("{gone} ('gone') cannot be changed: it is deleted\n"),
        );
    assert_eq!(world.rows(), before);
    world.run("edit bob/web bob/own bob/web --label env=prod");
    assert_eq!(world.record("bob/own")["labels"]["env"], json!("prod"));
}

#[test]
fn edit_asks_whether_a_key_that_is_not_there_is_another_scope() {
    let world = with_owners();
    let before = world.rows();
    world
        .line("edit bob/web --add-scope inference project")
        .run()
        .fails(
            3,
            "there is no key 'project'\nhint: did you mean '--add-scope inference,project'?\n",
        );
    let ran = world
        .line("edit bob/web --add-scope inference nosuch")
        .run();
    let ran = ran.fails(3, "there is no key 'nosuch'\n");
    assert!(!ran.stderr.contains("--add-scope"), "{ran:?}");
    assert_eq!(world.rows(), before);
}

#[test]
fn edit_owner_names_each_key_whose_name_the_new_owner_has() {
    let world = with_owners();
    let record = |key: &str| world.record(key)["id"].as_str().unwrap().to_owned();
    let web = record("bob/web");
    let index = record("bob/index");
    let theirs = id_of(&world.create("--scope inference --owner dora --name web"));
    let off = id_of(&world.create("--scope inference --owner dora --name index"));
    world.run("disable dora/index");
    let before = world.rows();
    world.line("edit bob/own bob/web --owner dora").run().fails(
        4,
        &format!(
            "'dora' would have two live keys named 'web'\n  \
             {web}  web  of bob, active\n  {theirs}  web  of dora, active\n\
             hint: nothing was changed; rename or leave out one key of each name: keyctl edit {web} --name OTHER\n"
        ),
    );
    world
        .line("edit bob/web bob/index --owner dora --dry-run")
        .run()
        .fails(4, "'dora' would have two live keys for each of 2 names\n")
        .says(&format!(
            "  {index}  index  of bob, active\n  {off}  index  of dora, disabled\n"
        ))
        .says(&format!(
            "  {web}  web  of bob, active\n  {theirs}  web  of dora, active\n"
        ));
    // Of the keys that go, too.
    let ran = world.line("edit bob/web dora/web --owner erin").run();
    ran.fails(4, "'erin' would have two live keys named 'web'\n")
        .says(&format!("{web}  web  of bob"))
        .says(&format!("{theirs}  web  of dora"));
    assert_eq!(world.rows(), before);
    world.run("edit bob/web --owner dora --name web-of-bob");
    assert_eq!(world.record(&web)["name"], json!("web-of-bob"));
}

#[test]
fn edit_owner_finds_a_name_in_another_unicode_form() {
    let world = World::own();
    let old = id_of(&world.create("--scope inference --owner bob --name web"));
    world.alter(&old, |key| key.name = "cafe\u{301}".to_owned());
    world.create("--scope inference --owner dora --name café");
    let before = world.rows();
    world
        .line(&format!("edit {old} --owner dora"))
        .run()
        .fails(4, "'dora' would have two live keys named 'café'\n");
    assert_eq!(world.rows(), before);
}

#[test]
fn edit_owner_gives_a_rotated_key_and_its_grace_runs_on() {
    let world = World::own();
    let old = world.create("--scope inference --owner bob --name web");
    let id = id_of(&old);
    let new = id_of(world.run("rotate bob/web --grace 2d").stdout.trim_end());
    world.run(&format!("edit {id} {new} --owner dora"));
    assert_eq!(world.record(&id)["owner"], json!("dora"));
    assert_eq!(
        world.record(&id)["usable_until"],
        json!("2026-11-24T00:00:00Z")
    );
    assert_eq!(world.verify(&old, "--no-touch"), 0);
    world
        .run(&format!("edit {id} --owner erin --grace 3d"))
        .says("  owner  dora → erin\n  works until  2026-11-24T00:00:00Z (in 2d) → ");
    let line = format!("edit {id} --owner bob --label a=b");
    world
        .line(&line)
        .run()
        .fails(4, "")
        .says("cannot be changed: it is phased-out\n");
    // A list of a user's keys has those too whose grace is over.
    world.advance("4d");
    world.run(&format!("edit {id} {new} --owner bob"));
    assert_eq!(world.verify(&old, "--no-touch"), 1);
    let line = format!("edit {id} --owner erin --grace 1d");
    world.line(&line).run().fails(4, "").says("its grace ended");
    assert_eq!(world.record(&id)["owner"], json!("bob"));
}

#[test]
fn edit_owner_names_the_rotated_keys_that_work_on_for_the_old_owner() {
    let world = World::own();
    let first = id_of(&world.create("--scope inference --owner bob --name web"));
    let rotate = |line: &str| {
        let ran = world.run(&format!("rotate bob/web {line}"));
        id_of(ran.stdout.trim_end())
    };
    let second = rotate("--grace 2d");
    let third = rotate("");
    let fourth = rotate("--grace 3d");
    let stays = |stay: &str| {
        format!(
            "warning: {third} (web) was rotated, works until 2026-11-25T00:00:00Z (in 3d), and {stay} with 'bob'\n\
             warning: {first} (web) was rotated, works until 2026-11-24T00:00:00Z (in 2d), and {stay} with 'bob'\n"
        )
    };
    world
        .run("edit bob/web --owner dora --dry-run")
        .says(&format!(
            "nothing was changed\n{}hint: to move these keys too: keyctl edit {third} {first} --owner dora\n",
            stays("would stay")
        ));
    // A rotated key that has stopped is not named, nor one that moves too.
    world
        .run(&format!("edit bob/web {first} --owner dora -q"))
        .stderr(&format!(
            "warning: {third} (web) was rotated, works until 2026-11-25T00:00:00Z (in 3d), and stays with 'bob'\n\
             hint: to move it too: keyctl edit {third} --owner dora\n"
        ));
    world
        .run(&format!("edit {second} {third} --owner dora"))
        .stderr(&format!(
            "changed {second} (web)\n  owner  bob → dora\nchanged {third} (web)\n  owner  bob → dora\nchanged 2 keys\n"
        ));
    let ran = world.run(&format!("edit {fourth} --label a=b"));
    ran.stderr(&format!("changed {fourth} (web)\n  labels  none → a=b\n"));
}

#[test]
fn edit_owner_gives_a_legacy_key() {
    let world = World::own();
    let id = id_of(&world.create("--kind legacy --owner bob --name robot"));
    world.add_member("search", "bob", keyctl::project::Role::Owner);
    world
        .run("edit bob/robot --owner dora")
        .stderr(&format!("changed {id} (robot)\n  owner  bob → dora\n"));
    assert_eq!(world.record(&id)["owner"], json!("dora"));
}

#[test]
fn edit_owner_names_the_projects_that_the_new_owner_is_no_member_of() {
    use keyctl::project::Role;
    let world = World::own();
    let token = world.create("--scope inference --owner bob --name web");
    for (project, user) in [
        ("ads", "bob"),
        ("infra", "dora"),
        ("infra", "bob"),
        ("search", "bob"),
        ("shop", "dora"),
    ] {
        world.add_member(project, user, Role::Collaborator);
    }
    assert_eq!(world.verify(&token, "--project search"), 0);
    let dry = world.run("edit bob/web --owner dora --dry-run");
    dry.says("unlike 'bob': the keys would no longer work there\n");
    assert_eq!(world.verify(&token, "--project search"), 0);
    world.run("edit bob/web --owner dora -q").stderr(
        "warning: 'dora' is not a member of 'ads', 'search', unlike 'bob': the keys no longer work there\n\
         hint: keyctl member add ads dora --role collaborator\n",
    );
    assert_eq!(world.verify(&token, "--project search"), 6);
    assert_eq!(world.verify(&token, "--project shop"), 0);
}

#[test]
fn edit_owner_takes_a_user_as_create_does() {
    // On a server its roles are the users: `doctor_notes_the_owners_that_are_no_role_of_the_server`.
    if !World::is_a_file() {
        return;
    }
    let world = World::own();
    let id = id_of(&world.create("--scope inference --owner bob --name web"));
    let edit = |owner: &str, users: &[&str]| {
        world
            .cmd(["edit", &id, "--owner", owner, "-q"])
            .users(users)
            .run()
    };
    edit("bbo", &[])
        .code(0)
        .stderr("warning: 'bbo' is neither a user of this machine nor the owner of any key\n");
    edit("dora", &["dora"]).code(0).stderr("");
    edit("uid:4711", &[]).code(0).stderr("");
    edit("userns:4711", &[]).code(0).stderr("");
    edit("z\u{301}oe", &[]).code(0);
    assert_eq!(world.record(&id)["owner"], json!("źoe"));
    edit("a/b", &[]).fails(2, "");
    edit("", &[]).fails(2, "");
}

#[test]
fn edit_dry_run_prints_what_would_change_and_changes_nothing() {
    let world = with_owners();
    let id = |key: &str| world.record(key)["id"].as_str().unwrap().to_owned();
    let (web, own) = (id("bob/web"), id("bob/own"));
    let before = world.rows();
    world
        .run("edit bob/web bob/own --label team=ads --dry-run")
        .stdout(&format!(
            "would change {web} (web)\n  labels  team=search → team=ads\n{own} already has these values\n"
        ))
        .stderr("dry run: 1 key would be changed; nothing was changed\n");
    world
        .line("edit bob/web --remove-label x --dry-run")
        .run()
        .fails(3, "");
    assert_eq!(world.rows(), before);
}
