//! `keyctl list`: the filters that find keys, and the order in which they come.

use super::World;
use crate::harness::Cmd;

/// A list, with the rest of its command line.
fn list<'w>(world: &'w World, line: &str) -> Cmd<'w> {
    world.cmd(["list"].into_iter().chain(line.split_whitespace()))
}

/// The names of the keys that are listed, in order.
#[track_caller]
fn names(world: &World, line: &str) -> Vec<String> {
    let ran = list(world, &format!("{line} --format json")).run().code(0);
    let listed = ran.json();
    let keys = listed.as_array().unwrap().iter();
    keys.map(|key| key["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn search_finds_a_part_of_a_name_in_any_case_and_any_form() {
    let world = World::own();
    for name in ["ci-deploy", "Deploy-2", "größe", "web"] {
        world.create(&format!("--scope inference --name {name}"));
    }
    assert_eq!(names(&world, "--search DEPLOY"), ["ci-deploy", "Deploy-2"]);
    assert_eq!(names(&world, "--search ci-"), ["ci-deploy"]);
    assert_eq!(names(&world, "--search GRÖSSE"), ["größe"]);
    assert_eq!(names(&world, "--search Gro\u{308}ß"), ["größe"]);
    // No wildcards.
    assert!(names(&world, "--search %").is_empty());
    assert!(names(&world, "--search w_b").is_empty());
    // A limit counts what was found, not what was looked at.
    assert_eq!(names(&world, "--search deploy --limit 1"), ["ci-deploy"]);
    assert_eq!(names(&world, "--search web --limit 1"), ["web"]);
    assert_eq!(
        names(&world, "--search deploy --limit 1 --reverse"),
        ["Deploy-2"]
    );
    list(&world, "--search deploy --limit 1")
        .run()
        .code(0)
        .stderr("1 key; there may be more (--limit)\n");
    world
        .line("list --search=")
        .run()
        .fails(2, "--search has no value\n");
    list(&world, "--search nothing")
        .run()
        .code(0)
        .stdout("")
        .stderr("no keys\n");
    list(&world, "--search ci-*").run().code(0).stdout("").stderr(
        "no keys\nhint: --search takes '*' and '?' literally: it finds a text anywhere in the name\n",
    );
}

#[test]
fn label_without_a_value_finds_the_keys_that_have_it() {
    let world = World::own();
    world.create("--scope inference --name a --label team=search");
    world.create("--scope inference --name b --label team=");
    world.create("--scope inference --name c --label teams=search");
    world.create("--scope inference --name d --label env=team");
    assert_eq!(names(&world, "--label team"), ["a", "b"]);
    assert_eq!(names(&world, "--label team="), ["b"]);
    assert_eq!(names(&world, "--label team --label team=search"), ["a"]);
    list(&world, "--label a,b").run().fails(2, "'a,b'");
}

#[test]
fn grants_finds_the_keys_that_may_do_it_by_any_number_of_steps() {
    let world = World::own();
    world.run("scope add data:write --implies project");
    world.run("scope add data:read");
    for (name, scopes) in [
        ("held", "inference"),
        ("implied", "project"),
        ("twice", "data:write"),
        ("both", "data:write,data:read"),
        ("other", "data:read"),
    ] {
        world.create(&format!("--scope {scopes} --name {name}"));
    }
    world.create("--kind legacy --name legacy");
    let may = ["held", "implied", "twice", "both"];
    assert_eq!(names(&world, "--grants inference"), may);
    assert_eq!(names(&world, "--grants project"), may[1..]);
    assert_eq!(names(&world, "--grants data:write"), ["twice", "both"]);
    // All of several.
    assert_eq!(names(&world, "--grants inference,data:read"), ["both"]);
    assert_eq!(
        names(&world, "--grants inference --grants data:read"),
        ["both"]
    );
    // Together with one that is held.
    assert_eq!(
        names(&world, "--grants inference --scope project"),
        ["implied"]
    );
    // As --scope says it.
    for flag in ["--grants", "--scope"] {
        list(&world, &format!("{flag} infrence")).run().fails(
            2,
            "there is no scope 'infrence'\nhint: did you mean 'inference'?\n",
        );
    }
}

/// A world with keys that stopped or will stop, each named after when and how.
fn ending() -> World {
    let world = World::own();
    let make = |name: &str, expires: &str| {
        world.create(&format!(
            "--scope inference --name {name} --expires {expires}"
        ));
    };
    make("long-ago", "1h");
    make("off", "4d");
    world.create("--scope inference --name graced --expires 90d");
    world.create("--scope inference --name gone --expires 4d");
    world.run("rotate graced --grace 4d");
    world.run("disable off");
    world.run("delete gone --yes");
    world.advance("3d");
    make("lately", "1d");
    make("soon", "3d");
    make("later", "90d");
    world.advance("1d");
    world
}

#[test]
fn expired_within_lists_what_expired_or_ended_its_grace_lately() {
    let world = ending();
    assert_eq!(
        names(&world, "--expired-within 1h"),
        ["off", "graced", "lately"]
    );
    assert_eq!(
        names(&world, "--expired-within 30d"),
        ["long-ago", "off", "graced", "lately"]
    );
    assert_eq!(
        names(&world, "--expired-within 1h --state expired"),
        ["off", "lately"]
    );
    // No tombstones, also where they are asked for.
    let all = names(&world, "--expired-within 30d --state all");
    assert!(!all.contains(&"gone".to_owned()), "{all:?}");
    assert!(names(&world, "--expired-within 30d --state deleted").is_empty());
    // From the instant on, and not before.
    world.advance_millis(-1);
    assert!(names(&world, "--expired-within 1h").is_empty());
    world.advance("2h");
    assert!(names(&world, "--expired-within 1h").is_empty());
    list(&world, "--expired-within 30d --exit-code")
        .run()
        .code(1);
}

#[test]
fn expired_within_lists_no_rotated_key_that_was_stopped_at_once_or_by_hand() {
    let world = World::own();
    world.create("--scope inference --name at-once");
    world.run("rotate at-once");
    world.create("--scope inference --name by-hand");
    world.run("rotate by-hand --grace 1d");
    let old = list(&world, "--expiring-within 1d --format ids")
        .run()
        .stdout;
    world.create("--scope inference --name over");
    world.run("rotate over --grace 1h");
    world.advance("1h");
    world.run(&format!("edit {} --grace 0s", old.trim_end()));
    assert_eq!(names(&world, "--expired-within 1d"), ["over"]);
}

#[test]
fn expired_within_and_expiring_within_list_both() {
    let world = ending();
    assert_eq!(names(&world, "--expiring-within 7d"), ["soon"]);
    assert_eq!(
        names(&world, "--expired-within 1h --expiring-within 7d"),
        ["off", "graced", "lately", "soon"]
    );
    assert_eq!(
        names(
            &world,
            "--expired-within 1h --expiring-within 7d --sort expires --limit 2"
        ),
        ["off", "lately"]
    );
}

#[test]
fn reverse_turns_every_order_around_before_the_limit() {
    let world = World::own();
    world.policy("max-expiry", "never");
    for (name, expires) in [("delta", "9d"), ("charlie", "never"), ("bravo", "3d")] {
        world.create(&format!(
            "--scope inference --name {name} --expires {expires}"
        ));
    }
    // Made in the same moment: the order between them is turned around too.
    world.advance("1m");
    let token = world.create("--scope inference --name alpha --expires 5d");
    assert_eq!(world.verify(&token, ""), 0);
    for sort in ["created", "expires", "last-used", "name"] {
        let mut sorted = names(&world, &format!("--sort {sort}"));
        sorted.reverse();
        assert_eq!(names(&world, &format!("--sort {sort} --reverse")), sorted);
        assert_eq!(
            names(&world, &format!("--sort {sort} --reverse --limit 2")),
            sorted[..2]
        );
    }
    assert_eq!(names(&world, "--reverse --limit 1"), ["alpha"]);
}

#[test]
fn several_owners_list_the_keys_of_any_of_them() {
    let world = World::own();
    for owner in ["alice", "bob", "carol"] {
        world.create(&format!(
            "--scope inference --name of-{owner} --owner {owner}"
        ));
    }
    assert_eq!(
        names(&world, "--owner carol --owner alice"),
        ["of-alice", "of-carol"]
    );
    assert_eq!(names(&world, "--owner alice --owner alice"), ["of-alice"]);
    assert_eq!(names(&world, "--owner nobody --owner bob"), ["of-bob"]);
    // Each of whom there is no key is likely a typo.
    list(&world, "--owner alise --owner zoe --search x")
        .run()
        .code(0)
        .stderr(
            "no keys\nhint: 'alise' has no keys; did you mean 'alice'?\n\
             hint: 'zoe' has no keys; 'keyctl list --state all' shows every key and its owner\n",
        );
}
