//! The uses that a rotation waits for, as `show` and `list` tell them.

use super::World;
use crate::harness::id_of;

/// What `show` says that the rotation of the key `id` waits for.
fn waits(world: &World, id: &str) -> Option<String> {
    let shown = world.run(&format!("show {id}")).stdout;
    let mut lines = shown.lines().map(str::trim_end);
    let line = lines.find_map(|line| line.strip_prefix("Rotation"));
    line.map(|line| line.trim_start().to_owned())
}

#[test]
fn show_and_list_tell_the_last_use_of_the_old_token_and_the_first_of_the_new() {
    let world = World::quick();
    let old = world.create("--scope inference --name web");
    let new = world.run("rotate web --grace 1d").stdout;
    let id = id_of(&old);
    let is = |shown: &str, listed: &str| {
        assert_eq!(waits(&world, &id).as_deref(), Some(shown));
        world
            .run("list --state phased-out")
            .stderr(&format!("1 key\n{id} (web): {listed}\n"));
    };
    let nothing = "old token: no use recorded; new token: no use recorded yet";
    is(nothing, nothing);
    assert_eq!(world.verify(&old, ""), 0);
    world.advance("5m");
    is(
        "old token last used 2026-11-22T00:00:00Z (5m ago); new token: no use recorded yet",
        "old token last used 5m ago; new token: no use recorded yet",
    );
    assert_eq!(world.verify(&new, ""), 0);
    world.advance("5m");
    // A later use of the new token is not its first.
    assert_eq!(world.verify(&new, ""), 0);
    is(
        "old token last used 2026-11-22T00:00:00Z (10m ago); new token first used 2026-11-22T00:05:00Z (5m ago)",
        "old token last used 10m ago; new token first used 5m ago",
    );
}

#[test]
fn show_tells_what_is_known_of_a_new_key_without_a_first_use() {
    let world = World::quick();
    let old = id_of(&world.create("--scope inference --name web"));
    let new = world.run("rotate web --grace 1d").stdout;
    let new = id_of(&new);
    let now = world.now();
    // As a store of an older version has it.
    world.alter(&new, |key| key.last_used_at = Some(now));
    let says = |what: &str| {
        let says = format!("old token: no use recorded; new token{what}");
        assert_eq!(waits(&world, &old), Some(says));
    };
    says(" last used 2026-11-22T00:00:00Z (now)");
    world.run(&format!("delete {new} --yes"));
    says(": its key is deleted");
    world.run("purge --owner alice --yes");
    says(": its key cannot be read");
}

#[test]
fn nothing_waits_that_was_not_rotated_or_has_stopped() {
    let world = World::quick();
    let live = id_of(&world.create("--scope inference --name live"));
    let over = id_of(&world.create("--scope inference --name over"));
    world.run("rotate over --grace 1h");
    let stopped = id_of(&world.create("--scope inference --name stopped"));
    world.run("rotate stopped --grace 1d");
    world.run(&format!("disable {stopped}"));
    world.advance("1h");
    for id in [live, over, stopped] {
        assert_eq!(waits(&world, &id), None, "{id}");
    }
    world.run("list --state phased-out").stderr("2 keys\n");
}

#[test]
fn list_tells_of_waiting_keys_only_below_a_table_of_phased_out_keys() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world.run("rotate web --grace 1d");
    let waits = |line: &str| world.run(line).stderr.contains(": old token");
    for line in [
        "list",
        "list --state phased-out,active",
        "list --state phased-out --format json",
        "list --state phased-out --format ids",
        "list --state phased-out --quiet",
    ] {
        assert!(!waits(line), "{line}");
    }
    assert!(waits("list --state phased-out --format lines"));
}

#[test]
fn list_tells_of_the_first_waiting_keys_and_counts_the_rest() {
    let world = World::quick();
    world.run("create --scope inference --name web --count 22 --quiet");
    for number in 1..=22 {
        world.run(&format!("rotate web-{number} --grace 1d"));
    }
    let ran = world.run("list --state phased-out");
    assert_eq!(ran.stderr.matches("): old token").count(), 20, "{ran:#?}");
    ran.says("\nand 2 more\n");
}

#[test]
fn show_tells_of_a_new_key_until_when_the_old_one_works_and_when_it_was_last_used() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    let old = id_of(&token);
    world.run("rotate web --grace 1d");
    let replaces = |says: &str| {
        let shown = world.run("show web").stdout;
        let line = shown.lines().find_map(|line| line.strip_prefix("Replaces"));
        let line = line.map(|line| line.trim().to_owned());
        assert_eq!(line, Some(format!("{old}{says}")), "{shown}");
    };
    replaces(", which works until 2026-11-23T00:00:00Z (in 24h), no use recorded");
    assert_eq!(world.verify(&token, ""), 0);
    world.advance("2m");
    replaces(", which works until 2026-11-23T00:00:00Z (in 24h), last used 2m ago");
    world.advance("1d");
    replaces("");
}
