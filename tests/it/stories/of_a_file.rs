//! Stories that hold for a store in a file alone: a server does otherwise, by design.

use super::World;
use crate::harness::START;
use std::sync::atomic::Ordering::Relaxed;

/// On a server, only `init` makes a store.
#[test]
fn create_makes_a_store_and_says_so() {
    let world = World::new();
    let ran = world.run("create --scope inference --name ci");
    let made = format!(
        "made a new store at {}; its administrator is alice\n",
        world.address().display()
    );
    assert!(
        ran.stderr.starts_with(&format!("{made}created ")),
        "{ran:?}"
    );
    world.run("admin list").stdout("alice\n");
}

#[test]
fn quiet_says_nothing_but_that_a_store_was_made() {
    let world = World::new();
    let made = format!(
        "made a new store at {}; its administrator is alice\n",
        world.address().display()
    );
    let first = world.run("create --scope inference -q").stderr(&made);
    assert_eq!(first.stdout.len(), 66);
    world.run("create --scope inference --quiet").stderr("");
}

#[test]
fn admin_list_names_those_who_always_are_administrators() {
    let world = World::own();
    world
        .run("admin list")
        .stdout("alice\n")
        .stderr("always administrators: the owner of the store's file, and root\n");
}

/// Whoever has made a store on a server owns it.
#[test]
fn who_made_the_store_can_be_dismissed() {
    let world = World::quick();
    world.line("admin add erin").user("carol").run().code(0);
    world.line("admin remove carol").user("carol").run().code(0);
    world.run("admin list").stdout("erin\n");
}

/// The roles of a server know no root.
#[test]
fn root_cannot_dismiss_the_last_appointed_administrator() {
    let world = World::quick();
    let remove = world.line("admin remove carol").user("root").uid(0);
    remove.run().fails(4, "'carol' is the last administrator\n");
}

#[test]
fn who_remains_one_is_told_so() {
    let world = World::quick();
    world.line("admin add root").user("carol").run().code(0);
    world
        .line("admin remove root")
        .user("root")
        .uid(0)
        .run()
        .stderr("root is no longer listed, but remains an administrator as root or the owner of the store's file\n");
}

/// A user of a server is one of its roles, or is refused.
#[test]
fn a_user_whom_nothing_knows_is_told_of_and_added() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let add = |line: &str, users: &[&str]| {
        let ran = world
            .line(&format!("{line} -q"))
            .user("carol")
            .users(users)
            .run();
        ran.code(0).stderr
    };
    let unknown = "warning: 'alcie' is neither a user of this machine nor the owner of any key\nhint: did you mean 'alice'?\n";
    for command in ["member add p alcie --role owner", "admin add alcie"] {
        assert_eq!(add(command, &[]), unknown);
        // They are listed already.
        assert_eq!(add(command, &[]), "");
    }
    for user in ["alice", "uid:4711", "carol"] {
        assert_eq!(add(&format!("member add p {user} --role owner"), &[]), "");
        assert_eq!(add(&format!("admin add {user}"), &[]), "");
    }
    assert_eq!(add("admin add dora", &["dora"]), "");
    let listed = world.run("admin list").stdout;
    assert!(listed.contains("alcie\n"), "{listed}");
}

/// A server has a clock of its own, with which a host's is compared.
#[test]
fn a_clock_before_the_last_line_of_the_log_is_told_by_what_writes_and_by_doctor() {
    let behind = |world: &World, last: &str| {
        format!(
            "warning: the clock is at {}, earlier than the last line of the log ({last}): keys expire by this clock\n\
             hint: compare the clock with another one: date -u\n",
            world.now()
        )
    };
    let lines = [
        "create --scope inference --name new -q",
        "edit ci --label a=b -q",
        "rotate ci -q",
        "disable ci -q",
        "enable off -q",
        "delete ci --yes -q",
        "purge --owner alice --yes -q",
        "member add p alice --role owner -q",
        "admin add bob -q",
        "policy set max-expiry 30d -q",
        "scope add x -q",
    ];
    for line in lines {
        let world = World::quick();
        world.create("--scope inference --name ci");
        world.create("--scope inference --name off");
        world.run("disable off");
        world.clock().store(START - 60_001, Relaxed);
        let told = behind(&world, "2026-11-22T00:00:00Z");
        world.line(line).user("carol").run().says(&told);
    }
    let world = World::quick();
    world.create("--scope inference --name ci");
    let doctor = || {
        let ran = world.line("doctor --format json").user("carol").run();
        let findings = ran.json()["findings"].clone();
        let found = findings
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["code"] == "clock");
        (ran.code, found)
    };
    // Two hosts may differ by a minute.
    world.clock().store(START - 60_000, Relaxed);
    assert_eq!(doctor(), (0, false));
    world.line("disable ci -q").run().code(0).stderr("");
    world.clock().store(5_000, Relaxed);
    assert_eq!(doctor(), (1, true));
    // What only reads says nothing of it.
    world.run("list -q").stderr("");
    world
        .run("enable ci -q")
        .says("warning: the clock is at 1970-01-01T00:00:05Z, earlier");
    world.check_chain();
}
