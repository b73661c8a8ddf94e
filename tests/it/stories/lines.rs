//! `--format lines`: what is said to whom a table tells nothing, as with a screen reader.

use super::World;
use crate::harness::id_of;
use keyctl::event::Action;

/// A key in each state, and the lines that are said of them.
#[test]
fn each_key_is_a_line_that_says_what_its_values_are() {
    let world = World::own();
    let create = |line: &str| id_of(&world.create(line));
    let both = create("--scope inference,project --name ci --expires 90d");
    let soon = create("--scope inference --name soon --expires 1h");
    let off = create("--scope inference --name off");
    let old = create("--scope inference --name old --owner bob");
    let gone = create("--scope inference --name gone");
    let robot = create("--kind legacy --name robot");
    world.run("disable off");
    world.run("delete gone --yes");
    let next = id_of(world.run("rotate bob/old --grace 24h").stdout.trim_end());
    world.advance("2h");
    world.run("list --state all --format lines").stderr("7 keys\n").stdout(&format!(
        "name ci, owner alice, state active, scopes inference project, expires 2027-02-20 (in 90d), no use recorded, ID {both}\n\
         name soon, owner alice, state expired, scopes inference, expired 2026-11-22T01:00Z (60m ago), no use recorded, ID {soon}\n\
         name off, owner alice, state disabled, scopes inference, expires 2027-11-22 (in 365d), no use recorded, ID {off}\n\
         name old, owner bob, state phased-out, scopes inference, works until 2026-11-23T00:00Z (in 22h), no use recorded, ID {old}\n\
         name gone, owner alice, state deleted, scopes inference, deleted 2026-11-22T00:00Z (2h ago), no use recorded, ID {gone}\n\
         name robot, owner alice, state active, kind legacy, never expires, no use recorded, ID {robot}\n\
         name old, owner bob, state active, scopes inference, expires 2027-11-22 (in 365d), no use recorded, ID {next}\n"
    ));
}

#[test]
fn a_name_does_not_read_as_several_values() {
    let world = World::quick();
    world.create("--scope inference --name ci");
    let odd = "x, owner root, state active";
    world.cmd(["edit", "ci", "--name", odd]).run().code(0);
    let line = world.run("list --format lines").stdout;
    assert!(
        line.starts_with(&format!("name '{odd}', owner alice, state ")),
        "{line}"
    );
}

#[test]
fn a_line_tells_when_a_key_was_last_used() {
    let world = World::own();
    let token = world.create("--scope inference --name ci");
    assert_eq!(world.verify(&token, ""), 0);
    let said = world.run("list --format lines").stdout;
    assert!(
        said.contains(", last used 2026-11-22T00:00Z (now), ID "),
        "{said}"
    );
}

#[test]
fn no_line_is_broken_or_coloured_at_a_terminal() {
    let world = World::own();
    world.create(&format!("--scope inference --name {}", "n".repeat(100)));
    for line in [
        "list --format lines",
        "log --format lines",
        "purge --dry-run --format lines",
    ] {
        let piped = world.run(line);
        let shown = world
            .line(&format!("{line} --color always"))
            .terminal(20)
            .run();
        assert_eq!(shown.code(0).stdout, piped.stdout, "{line}");
    }
    assert_eq!(world.run("list --format lines --quiet").stderr, "");
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name hostile"));
    let hostile = "a\u{1b}[2J\nb\u{202e}".to_owned();
    world.alter(&id, |key| {
        key.name.clone_from(&hostile);
        key.owner.clone_from(&hostile);
    });
    world.append_by(&hostile, Action::Edit, None);
    for line in ["list --format lines", "log --format lines"] {
        let said = world.run(line).stdout;
        assert!(said.contains("a\\u{1b}[2J\\u{a}b\\u{202e}"), "{said}");
        let raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!said.contains(raw), "{said:?}");
    }
}

#[test]
fn each_event_is_a_line_that_says_what_its_values_are() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name ci"));
    world.advance("1h");
    world.run("disable ci -m holidays");
    let said = world.run("log --format lines").stderr("3 events\n").stdout;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines[0],
        "event 1, at 2026-11-22T00:00:00Z (60m ago), init by alice, administrator=alice"
    );
    assert_eq!(
        lines[2],
        format!(
            "event 3, at 2026-11-22T01:00:00Z (now), disable by alice, key {id}, name ci, reason=holidays"
        )
    );
    world
        .run("log --check --format lines")
        .stdout(&world.run("log --check").stdout);
    world
        .run("log --head --format lines")
        .stdout(&world.run("log --head").stdout);
}
