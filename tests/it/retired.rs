//! `keyctl backup --retire`: the store that is left behind takes no change and gives no verdict.

use crate::harness::{Ran, World};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// A store with one key, and its token.
fn store() -> (World, String) {
    let world = World::own();
    let token = world.create("--scope project --name web");
    (world, token)
}

fn retire(world: &World, path: &Path) -> Ran {
    let args = [OsString::from("backup"), "--retire".into(), path.into()];
    world.cmd(args).run()
}

/// A store that was retired, its token, and the copy.
fn retired() -> (World, String, PathBuf) {
    let (world, token) = store();
    let copy = world.path("copy.db");
    retire(&world, &copy).code(0);
    (world, token, copy)
}

fn restore(world: &World, copy: &Path) {
    let args = [OsString::from("restore"), copy.into(), "--yes".into()];
    world.cmd(args).run().code(0);
}

#[test]
fn retire_makes_a_copy_of_the_store_before_its_mark() {
    let (world, token) = store();
    let head = world.run("log --head").stdout;
    let copy = world.path("copy.db");
    retire(&world, &copy).code(0).stdout("").stderr(&format!(
        "copied 1 key to {copy}\nlog head (keep a copy elsewhere): {head}\
         retired the store {store}: it takes no change and verifies no token from now on\n",
        copy = copy.display(),
        store = world.db().display()
    ));
    let last = world.events().pop().unwrap();
    assert_eq!(last.action, "retire");
    let detail = last.detail();
    assert_eq!(detail["head"], head.trim());
    assert_eq!(detail["copy"], copy.to_str().unwrap());
    world.check_chain();

    let copied = World::of(&copy);
    assert_eq!(copied.run("log --head").stdout, head);
    assert_eq!(copied.verify(&token, ""), 0);
    copied.run("disable web");
}

#[test]
fn a_retired_store_refuses_each_change_and_each_verification_and_names_the_copy() {
    let (world, token, copy) = retired();
    let before = world.tables();
    let why = format!(
        "the store {} was retired by alice on {}, and its keys were moved with the copy {}",
        world.db().display(),
        world.now(),
        copy.display()
    );
    for line in [
        "create --scope inference --name new",
        "edit web --name other",
        "rotate web",
        "disable web",
        "enable web",
        "delete web --yes",
        "purge --owner alice --yes",
        "policy set max-expiry 9d",
        "scope add train",
        "member add search bob --role owner",
        "admin add bob",
        "backup --retire other.db",
    ] {
        world.line(line).run().fails(4, &why).says(&format!(
            "to use this one again: keyctl restore {}",
            copy.display()
        ));
    }
    for line in ["verify", "verify --no-touch", "verify --batch"] {
        let verify = world.line(line).stdin(&token);
        verify.run().fails(5, &why);
    }
    assert_eq!(world.tables(), before);
}

#[test]
fn a_retired_store_is_still_read_and_backed_up() {
    let (world, _, _) = retired();
    for line in [
        "list",
        "show web",
        "log",
        "log --check",
        "policy show",
        "scope list",
        "member list",
        "admin list",
    ] {
        world.run(line);
    }
    let doctor = world.run("doctor").stdout;
    assert!(doctor.contains("was retired by alice on "), "{doctor}");
    let later = world.path("later.db");
    world
        .cmd([OsString::from("backup"), later.clone().into()])
        .run()
        .code(0);
    // That copy is of a store that was retired.
    World::of(&later).line("disable web").run().code(4);
}

#[test]
fn an_older_keyctl_takes_a_retired_store_for_a_newer_one() {
    let (world, _, _) = retired();
    let before: i64 = store().0.query("PRAGMA user_version").parse().unwrap();
    let version: i64 = world.query("PRAGMA user_version").parse().unwrap();
    assert!(version > before, "{version} after {before}");
}

#[test]
fn restore_puts_a_retired_store_in_use_again() {
    let (world, token, copy) = retired();
    let later = world.path("later.db");
    world
        .cmd([OsString::from("backup"), later.clone().into()])
        .run()
        .code(0);
    for from in [copy, later] {
        restore(&world, &from);
        assert_eq!(world.verify(&token, ""), 0);
        world.run("edit web --label again=yes");
        world.check_chain();
        assert_eq!(
            world.run("doctor --format json").json()["findings"],
            serde_json::json!([])
        );
        retire(&world, &world.path(&format!("{}.db", world.events().len()))).code(0);
    }
}

#[test]
fn restore_of_a_retired_store_makes_one_that_is_in_use() {
    let (world, token, _) = retired();
    let later = world.path("later.db");
    world
        .cmd([OsString::from("backup"), later.clone().into()])
        .run()
        .code(0);
    let other = World::of(&world.path("other.db"));
    restore(&other, &later);
    assert_eq!(other.verify(&token, ""), 0);
    other.run("disable web");
}

#[test]
fn restore_with_keep_revoked_takes_what_a_retired_store_has_stopped() {
    let (world, token) = store();
    let early = world.path("early.db");
    world
        .cmd([OsString::from("backup"), early.clone().into()])
        .run()
        .code(0);
    let new = world.run("rotate web").stdout;
    retire(&world, &world.path("copy.db")).code(0);
    let args = [OsString::from("restore"), early.into()];
    let flags = ["--yes", "--keep-revoked"].map(OsString::from);
    world.cmd(args.into_iter().chain(flags)).run().code(0);
    assert_eq!(world.verify(&token, ""), 1);
    // The successor comes along with its hash.
    assert_eq!(world.verify(new.trim(), ""), 0);
}

#[test]
fn retire_is_for_administrators() {
    let world = World::quick();
    world.create("--scope project --name web");
    let copy = world.path("copy.db");
    retire(&world, &copy).fails(4, "'alice' may not retire the store");
    assert!(!copy.exists());
    world.run("disable web");
}

#[test]
fn retire_without_a_copy_marks_nothing() {
    let (world, token) = store();
    let copy = world.path("copy.db");
    fs::write(&copy, "mine").unwrap();
    retire(&world, &copy).fails(5, &format!("{} already exists", copy.display()));
    let nowhere = world.path("none/copy.db");
    retire(&world, &nowhere).code(5);
    let own = world.db();
    retire(&world, &own).fails(5, &format!("{} is the store itself", own.display()));
    assert_eq!(fs::read_to_string(&copy).unwrap(), "mine");
    assert_eq!(world.verify(&token, ""), 0);
    world.run("disable web");
}
