//! `keyctl rotate`

use super::World;
use crate::harness::{Ran, id_of};
use serde_json::{Value, json};

fn reason(world: &World, token: &str) -> Value {
    let ran = world
        .line("verify --no-touch --format json")
        .stdin(token)
        .run();
    let verdict = ran.json();
    if verdict["valid"] == json!(true) {
        json!("valid")
    } else {
        verdict["reason"].clone()
    }
}

#[test]
fn prints_the_new_token_alone_and_the_rest_on_stderr() {
    let world = World::own();
    let old = id_of(&world.create("--scope inference --name web"));
    let ran = world.run("rotate web");
    let new = id_of(ran.stdout.trim_end());
    assert_eq!(ran.stdout.lines().count(), 1);
    assert_eq!(ran.stdout.len(), 66);
    ran.stderr(&format!(
        "created {new}\n  name     web\n  owner    alice\n  scopes   inference\n  expires  \
         2027-11-22T00:00:00Z (in 365d)\nphased out {old}: it stopped working 2026-11-22T00:00:00Z (now)\n"
    ));
}

#[test]
fn the_successor_is_as_the_old_key_was_and_each_names_the_other() {
    let world = World::quick();
    let old =
        id_of(&world.create("--scope inference,project --name web --label team=a --expires 30d"));
    world.advance("10d");
    let ran = world
        .line("rotate web --format json")
        .user("carol")
        .run()
        .code(0);
    let new = ran.json();
    let token = new["token"].as_str().unwrap();
    assert_eq!(new["id"], json!(id_of(token)));
    assert_eq!(new["name"], json!("web"));
    assert_eq!(new["owner"], json!("alice"));
    assert_eq!(new["kind"], json!("api"));
    assert_eq!(new["state"], json!("active"));
    assert_eq!(new["scopes"], json!(["inference", "project"]));
    assert_eq!(new["labels"], json!({ "team": "a" }));
    assert_eq!(new["created_by"], json!("carol"));
    assert_eq!(new["created_at"], json!("2026-12-02T00:00:00Z"));
    assert_eq!(new["replaces"], json!(old));
    assert_eq!(new["replaced_by"], Value::Null);
    let old = world.record(&old);
    assert_eq!(old["state"], json!("phased-out"));
    assert_eq!(old["replaced_by"], new["id"]);
    assert_eq!(old["usable_until"], json!("2026-12-02T00:00:00Z"));
    assert_eq!(
        old["expires_at"],
        json!("2026-12-22T00:00:00Z"),
        "rotation wrote the expiry"
    );
}

#[test]
fn the_use_of_the_old_key_is_not_the_successors() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    assert_eq!(world.verify(&old, ""), 0);
    let old = id_of(&old);
    let new = id_of(world.run("rotate web").stdout.trim_end());
    assert_ne!(world.record(&old)["last_used_at"], Value::Null);
    assert_eq!(world.record(&new)["last_used_at"], Value::Null);
}

#[test]
fn without_a_grace_the_old_token_stops_at_once() {
    let world = World::own();
    let old = world.create("--scope inference --name web");
    let new = world.run("rotate web").stdout;
    assert_eq!(world.verify(&old, "--scope inference"), 1);
    assert_eq!(reason(&world, &old), json!("phased-out"));
    assert_eq!(world.verify(&new, "--scope inference"), 0);
}

#[test]
fn inside_its_grace_the_old_token_works_and_then_no_more() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    let ran = world.run("rotate web --grace 1h");
    let new = id_of(ran.stdout.trim_end());
    ran.says(&format!(
        "phased out {}: it works until 2026-11-22T01:00:00Z (in 60m)\n",
        id_of(&old)
    ));
    world.advance_millis(3_599_999);
    let ran = world
        .line("verify --no-touch --format json")
        .stdin(&old)
        .run()
        .code(0);
    ran.json();
    assert_eq!(ran.json()["usable_until"], json!("2026-11-22T01:00:00Z"));
    assert_eq!(ran.json()["replaced_by"], json!(new));
    ran.says(&format!(
        "was replaced by {new} and stops 2026-11-22T01:00:00Z"
    ));
    world.advance_millis(1);
    assert_eq!(reason(&world, &old), json!("phased-out"));
}

#[test]
fn a_grace_never_lasts_beyond_the_keys_own_expiry() {
    let world = World::quick();
    let old = world.create("--scope inference --name web --expires 1h");
    world
        .run("rotate web --grace 2h")
        .says("it works until 2026-11-22T01:00:00Z (in 60m)\n  (its grace ends early, since it expires then)\n");
    let record = world.record(&id_of(&old));
    assert_eq!(record["usable_until"], record["expires_at"]);
    world.advance_millis(3_599_999);
    assert_eq!(reason(&world, &old), json!("valid"));
    world.advance_millis(1);
    assert_eq!(reason(&world, &old), json!("phased-out"));
}

#[test]
fn an_expired_key_is_rotated_and_does_not_come_back() {
    let world = World::quick();
    let old = world.create("--scope inference --name web --expires 1h");
    world.advance("3h");
    let new = world
        .run("rotate web --grace 1h")
        .says(&format!(
            "phased out {}: it stopped working 2026-11-22T01:00:00Z (2h ago)\n  \
             (without a grace period, since it expired 2026-11-22T01:00:00Z (2h ago))\n",
            id_of(&old)
        ))
        .stdout;
    assert_eq!(
        world.record("web")["expires_at"],
        json!("2026-11-22T04:00:00Z")
    );
    assert_eq!(reason(&world, &old), json!("phased-out"));
    assert_eq!(reason(&world, &new), json!("valid"));
    // Before its expiry, and before the rotation.
    world.advance_millis(-9_000_000);
    assert_eq!(reason(&world, &old), json!("phased-out"));
}

#[test]
fn a_clock_set_back_revives_no_grace_that_had_no_length() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    world.advance("1h");
    world.run("rotate web --grace 0s");
    world.advance_millis(-1);
    assert_eq!(reason(&world, &old), json!("phased-out"));
    assert_eq!(world.record(&id_of(&old))["usable"], json!(false));
    world
        .line("list --expiring-within 2h --format ids")
        .run()
        .stdout("");
}

#[test]
fn a_disabled_or_deleted_key_is_not_rotated() {
    let world = World::quick();
    let off = id_of(&world.create("--scope inference --name off"));
    let off_and_over = id_of(&world.create("--scope inference --name over --expires 1h"));
    let gone = id_of(&world.create("--scope inference --name gone"));
    world.run("disable off over");
    world.run("delete gone --yes");
    world.advance("2h");
    let before = world.rows();
    for (id, name, why) in [
        (
            &off,
            "off",
            &*format!("it is disabled\nhint: enable it first: keyctl enable {off}\n"),
        ),
        (&off_and_over, "over", "it is disabled\n"),
        (
            &gone,
            "gone",
            "it is deleted\nhint: it stays deleted; to make a new key: keyctl create --scope inference\n",
        ),
    ] {
        world
            .line(&format!("rotate {id} --grace 1h"))
            .run()
            .fails(4, &format!("{id} ('{name}') cannot be rotated: {why}"));
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn a_phased_out_key_is_not_rotated_and_its_live_successor_is_named() {
    let world = World::quick();
    let first = id_of(&world.create("--scope inference --name web"));
    let second = id_of(world.run("rotate web --grace 90d").stdout.trim_end());
    let third = id_of(world.run("rotate web").stdout.trim_end());
    let before = world.rows();
    let stop = format!("to stop this token now: keyctl disable {first}; ");
    // The first one's grace still runs.
    for (id, stop) in [(&first, &*stop), (&second, "")] {
        world
            .line(&format!("rotate {id}"))
            .run()
            .fails(
                4,
                &format!("{id} ('web') cannot be rotated: it is phased-out\n"),
            )
            .says(&format!(
                "hint: {stop}its live successor is {third}: keyctl rotate {third}\n"
            ));
    }
    assert_eq!(world.rows(), before);

    world.run(&format!("disable {third}"));
    world
        .line(&format!("rotate {first}"))
        .run()
        .fails(4, "")
        .says(&format!(
            "its live successor is {third}, which is disabled: keyctl enable {third}, then keyctl rotate {third}\n"
        ));
    world.run(&format!("delete {third} --yes"));
    world
        .line(&format!("rotate {first}"))
        .run()
        .fails(4, "")
        .says(&format!(
            "hint: {stop}it has no live successor; to make a new key: keyctl create --scope inference\n"
        ));
}

#[test]
fn the_successor_lives_as_long_as_the_old_key_was_to_live() {
    let world = World::quick();
    world.create("--scope inference --name web --expires 30d");
    world.advance("10d");
    world.run("rotate web");
    assert_eq!(
        world.record("web")["expires_at"],
        json!("2027-01-01T00:00:00Z")
    );

    // 40 days from its creation.
    world.run("edit web --expires 2027-01-11");
    world.advance("1d");
    world.run("rotate web");
    assert_eq!(
        world.record("web")["expires_at"],
        json!("2027-01-13T00:00:00Z")
    );
}

#[test]
fn no_successor_is_born_expired() {
    let world = World::quick();
    world.create("--scope inference --name web --expires 30d");
    world.advance_millis(-7_200_000);
    world.run("edit web --expires 1h");
    let new = world.run("rotate web").stdout;
    assert_eq!(reason(&world, &new), json!("valid"));
    assert_eq!(
        world.record("web")["expires_at"],
        json!("2027-11-21T22:00:00Z")
    );
}

#[test]
fn a_life_longer_than_policy_allows_is_cut_and_that_is_said() {
    let world = World::quick();
    world.policy("max-expiry", "never");
    world.create("--scope inference --name long --expires 30d");
    world.create("--scope inference --name ever --expires never");
    world.run("rotate ever --quiet");
    assert_eq!(world.record("ever")["expires_at"], Value::Null);
    world.policy("max-expiry", "7d");
    for name in ["long", "ever"] {
        world
            .run(&format!("rotate {name}"))
            .says("  expires  2026-11-29T00:00:00Z (in 7d)\n  (its lifetime is shortened to what policy allows: max-expiry)\n");
    }
    // A life of exactly the maximum is not cut.
    let ran = world.run("rotate long");
    assert!(!ran.stderr.contains("cut"), "{ran:#?}");
}

#[test]
fn the_successors_expiry_may_be_given_within_policy() {
    let world = World::quick();
    world.create("--scope inference --name web --expires 30d");
    world
        .run("rotate web --expires 2027-03-31")
        .says("  expires  2027-04-01T00:00:00Z (in 130d)\n");
    assert_eq!(
        world.record("web")["expires_at"],
        json!("2027-04-01T00:00:00Z")
    );
    let before = world.rows();
    for (when, code, message) in [
        (
            "366d",
            4,
            "expiry 2027-11-23T00:00:00Z is later than policy allows: the latest is 2027-11-22T00:00:00Z",
        ),
        (
            "never",
            4,
            "policy does not allow a key that never expires: the latest expiry is 2027-11-22T00:00:00Z",
        ),
        ("2026-11-21", 2, "'2026-11-21' is already past"),
        ("0d", 2, "the duration '0d' must be more than zero"),
        ("soon", 2, "'soon' is not a time"),
    ] {
        world
            .line(&format!("rotate web --expires {when}"))
            .run()
            .fails(code, message);
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn a_grace_is_at_most_90_days_and_policy_gives_the_default() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.rows();
    world
        .line("rotate web --grace 2161h")
        .run()
        .fails(4, "a grace of 2161h is too long: the longest is 90d\n");
    world
        .line("rotate web --grace never")
        .run()
        .fails(2, "'never' is not a duration");
    world
        .line("rotate web --grace=-1d")
        .run()
        .fails(2, "'-1d' is not a duration");
    assert_eq!(world.rows(), before);
    world
        .run("rotate web --grace 90d")
        .says("it works until 2027-02-20T00:00:00Z (in 90d)\n");

    world.policy("default-grace", "6h");
    world
        .run("rotate web")
        .says("it works until 2026-11-22T06:00:00Z (in 6h)\n");
    world
        .run("rotate web --grace 0s")
        .says(": it stopped working ");
}

#[test]
fn the_name_goes_on_meaning_the_live_key() {
    let world = World::quick();
    let first = id_of(&world.create("--scope inference --name web"));
    let second = id_of(world.run("rotate web --grace 1d").stdout.trim_end());
    let third = id_of(world.run("rotate web --grace 1d").stdout.trim_end());
    assert_eq!(world.record("web")["id"], json!(third));
    assert_eq!(world.record("web")["replaces"], json!(second));
    assert_eq!(world.record(&second)["replaces"], json!(first));
}

#[test]
fn the_token_can_go_to_a_new_file_only() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    std::fs::write(world.path("there"), "mine").unwrap();
    let before = world.rows();
    let rotate_to = |file: &str| {
        let path = world.path(file);
        world
            .cmd(["rotate", "web", "--secret-file", path.to_str().unwrap()])
            .run()
    };
    rotate_to("there").code(5).stdout("");
    assert_eq!(std::fs::read(world.path("there")).unwrap(), b"mine");
    assert_eq!(world.rows(), before);
    assert_eq!(reason(&world, &old), json!("valid"));

    let ran = rotate_to("new").code(0);
    let token = std::fs::read_to_string(world.path("new")).unwrap();
    assert_eq!(ran.stdout, format!("{}\n", id_of(&token)));
    assert_eq!(reason(&world, &token), json!("valid"));
}

#[test]
fn a_refused_rotation_leaves_no_secret_file() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world.run("disable web");
    let path = world.path("new");
    world
        .cmd(["rotate", "web", "--secret-file", path.to_str().unwrap()])
        .run()
        .fails(4, "");
    assert!(!path.exists());
}

#[test]
fn the_new_token_has_the_prefix_that_policy_now_says() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    world.policy("key-prefix", "acme_prod");
    let new = world.run("rotate web --grace 1h").stdout;
    assert!(new.starts_with("acme_prod_"), "{new}");
    assert_eq!(reason(&world, &new), json!("valid"));
    assert_eq!(reason(&world, &old), json!("valid"));
}

#[test]
fn a_rotation_is_an_event_of_each_of_the_two_keys() {
    let world = World::quick();
    let old = id_of(&world.create("--scope inference --name web"));
    world.advance("1h");
    let ran = world
        .cmd(["rotate", "web", "--grace", "1h", "-m", "it leaked"])
        .run()
        .code(0);
    let new = id_of(ran.stdout.trim_end());
    assert_eq!(world.log(), ["init", "create", "rotate", "create"]);
    let [.., rotate, create] = &world.events()[..] else {
        panic!("too few events");
    };
    assert_eq!(rotate.key_id.as_deref(), Some(old.as_str()));
    assert_eq!(rotate.actor, "alice");
    assert_eq!(rotate.at, world.now().millis());
    assert_eq!(rotate.detail()["replaced_by"], json!(new));
    assert_eq!(
        rotate.detail()["usable_until"],
        json!("2026-11-22T02:00:00Z")
    );
    assert_eq!(rotate.detail()["reason"], json!("it leaked"));
    assert_eq!(create.key_id, Some(new));
    assert_eq!(create.detail()["replaces"], json!(old));
    assert_eq!(create.detail()["name"], json!("web"));
    assert_eq!(create.detail()["reason"], json!("it leaked"));
    world.check_chain();
}

#[test]
fn only_the_owner_and_an_administrator_rotate_a_key() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.rows();
    world
        .line("rotate web")
        .user("bob")
        .run()
        .fails(4, "'bob' may not manage keys of 'alice'\n");
    assert_eq!(world.rows(), before);
    world.line("rotate web").user("bob").uid(0).run().code(0);
    world.line("rotate web").user("carol").run().code(0);
}

#[test]
fn only_an_administrator_rotates_a_legacy_key_and_it_never_expires() {
    let world = World::quick();
    let old = world.create("--scope inference --name robot");
    world.make_legacy(&id_of(&old));
    let before = world.rows();
    world
        .line("rotate robot")
        .run()
        .fails(4, "'alice' may not rotate a legacy key\n");
    world
        .line("rotate robot --expires 30d")
        .user("carol")
        .run()
        .fails(
            4,
            &format!(
                "{} ('robot') is a legacy key, which never expires\n",
                id_of(&old)
            ),
        );
    assert_eq!(world.rows(), before);
    let new = world
        .line("rotate robot --grace 1h --format json")
        .user("carol")
        .run()
        .code(0)
        .json();
    assert_eq!(new["kind"], json!("legacy"));
    assert_eq!(new["owner"], json!("alice"));
    assert_eq!(new["expires_at"], Value::Null);
    assert_eq!(new["scopes"], json!([]));
    assert_eq!(reason(&world, &old), json!("valid"));
}

#[test]
fn a_rotation_takes_one_key() {
    let world = World::quick();
    world.create("--scope inference --name a");
    world.create("--scope inference --name b");
    let before = world.rows();
    world.line("rotate a b").run().fails(2, "");
    world
        .line("rotate")
        .run()
        .fails(2, "missing argument: KEY\n");
    world.line("rotate -").stdin("a\nb\n").run().fails(
        2,
        "standard input has 2 KEYs\nhint: this command takes one\n",
    );
    assert_eq!(world.rows(), before);
    let token = world.create("--scope inference --name c");
    world.line("rotate -").stdin(&token).run().code(0);
    assert_eq!(reason(&world, &token), json!("phased-out"));
}

#[test]
fn a_key_of_the_name_that_an_earlier_rotation_left_working_is_named_even_when_quiet() {
    let world = World::quick();
    let first = world.create("--scope inference --name web");
    let id = id_of(&first);
    world.create("--scope inference --name other");
    world.run("rotate other --grace 2d");
    let said = |ran: &Ran| ran.stderr.contains("same name");
    assert!(!said(&world.run("rotate web --grace 24h")));
    let warning = format!(
        "{id} (same name) still works until 2026-11-23T00:00:00Z (in 24h)\nhint: to stop it now: keyctl disable {id}\n"
    );
    world.run("rotate web --quiet").stderr(&warning);
    assert_eq!(world.verify(&first, ""), 0);
    world.run(&format!("disable {id}"));
    assert!(!said(&world.run("rotate web")));
}
