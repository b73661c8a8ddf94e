//! `keyctl backup`: a copy that holds what the store holds, at a place where nothing was.

use crate::harness::{Ran, World, id_of};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// A store in which somebody has worked.
fn worked_in() -> World {
    let world = World::quick();
    world.create("--scope project --name web --label team=search");
    world.create("--scope inference --name ci");
    world.run("rotate ci --grace 30d");
    world.create("--scope inference --name gone");
    world.run("delete gone --yes");
    let line = "member add search alice --role owner";
    world.line(line).user("carol").run().code(0);
    world
}

fn back_up(world: &World, path: &Path) -> Ran {
    world.cmd([OsString::from("backup"), path.into()]).run()
}

/// A command line on the copy instead of the store.
fn on(world: &World, copy: &Path, line: &str) -> Ran {
    let args = [OsString::from("--db"), copy.into()];
    let rest = line.split_whitespace().map(OsString::from);
    world.cmd(args.into_iter().chain(rest)).without_db().run()
}

/// All that lies in the world's directory but the store and the copy: what was left behind.
fn left(world: &World, copy: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(world.path("")).unwrap();
    let known = ["", "-wal", "-shm"].map(|suffix| world.path(&format!("keyctl.db{suffix}")));
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path != copy && !known.contains(path))
        .collect()
}

#[test]
fn the_copy_is_a_store_that_holds_the_same() {
    let world = worked_in();
    let copy = world.path("copy.db");
    let head = world.run("log --head").stdout;
    back_up(&world, &copy).code(0).stdout("").stderr(&format!(
        "copied 4 keys to {}\nlog head (keep a copy elsewhere): {head}",
        copy.display()
    ));

    for line in [
        "list --state all --format json",
        "log --format json",
        "log --check",
        "policy show --format json",
        "scope list --format json",
        "member list --format json",
        "admin list --format json",
    ] {
        let original = world.run(line).stdout;
        assert_eq!(on(&world, &copy, line).code(0).stdout, original, "{line}");
    }
    let hashes = |sql: &Connection| -> Vec<Option<String>> {
        let mut statement = sql.prepare("SELECT hash FROM keys ORDER BY seq").unwrap();
        let hashes = statement.query_map([], |row| row.get(0)).unwrap();
        hashes.map(Result::unwrap).collect()
    };
    assert_eq!(
        hashes(&Connection::open(&copy).unwrap()),
        hashes(&world.sql())
    );
    // And goes on being one.
    on(&world, &copy, "create --scope inference").code(0);
}

#[test]
fn the_copy_is_one_file_for_its_maker_alone() {
    let world = worked_in();
    let copy = world.path("copy.db");
    back_up(&world, &copy).code(0);
    let mode = fs::metadata(&copy).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert_eq!(left(&world, &copy), BTreeSet::new());
}

#[test]
fn a_quiet_backup_says_nothing() {
    let world = worked_in();
    let copy = world.path("copy.db");
    let args = [OsString::from("backup"), "--quiet".into(), copy.into()];
    world.cmd(args).run().code(0).stdout("").stderr("");
}

#[test]
fn nothing_is_changed_in_the_store_and_nothing_logged() {
    let world = worked_in();
    let (rows, events) = (world.rows(), world.events());
    back_up(&world, &world.path("copy.db")).code(0);
    assert_eq!(world.rows(), rows);
    assert_eq!(world.events(), events);
}

#[test]
fn what_was_wiped_is_not_in_the_copy() {
    let world = worked_in();
    let hash = world.query("SELECT hash FROM keys WHERE name = 'web'");
    // A reader keeps the wiped hash in the store's own files.
    let reader = world.sql();
    reader.execute_batch("BEGIN").unwrap();
    reader
        .query_row("SELECT count(*) FROM keys", [], |_| Ok(()))
        .unwrap();
    world.run("delete web --yes");
    let copy = world.path("copy.db");
    back_up(&world, &copy).code(0);

    let holds = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        bytes
            .windows(hash.len())
            .any(|part| part == hash.as_bytes())
    };
    assert!(holds(&world.db()), "this test shows nothing");
    assert!(!holds(&copy));
    drop(reader);
}

#[test]
fn what_is_only_in_the_write_ahead_log_is_in_the_copy() {
    let world = worked_in();
    let reader = world.sql();
    reader.execute_batch("BEGIN").unwrap();
    reader
        .query_row("SELECT count(*) FROM keys", [], |_| Ok(()))
        .unwrap();
    let id = id_of(&world.create("--scope inference --name late"));
    let copy = world.path("copy.db");
    back_up(&world, &copy).code(0);
    on(&world, &copy, &format!("show {id}")).code(0);
}

#[test]
fn the_store_itself_is_named_as_such_and_nobody_is_told_to_move_it_away() {
    let world = worked_in();
    let before = world.rows();
    let link = world.path("link");
    symlink(world.db(), &link).unwrap();
    for path in [&world.db(), &link] {
        let message = format!(
            "{} is the store itself\nhint: name another file for the copy\n",
            path.display()
        );
        back_up(&world, path).fails(5, &message);
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn whatever_is_there_already_is_left_as_it_is() {
    let world = worked_in();
    let taken = world.path("taken");
    let refused = |path: &Path| {
        let message = format!("{} already exists\n", path.display());
        back_up(&world, path).fails(5, &message);
    };
    fs::write(&taken, "kept").unwrap();
    refused(&taken);
    let link = world.path("link");
    symlink(&taken, &link).unwrap();
    refused(&link);
    let dangling = world.path("dangling");
    symlink(world.path("nowhere"), &dangling).unwrap();
    refused(&dangling);
    let hard = world.path("hard");
    fs::hard_link(&taken, &hard).unwrap();
    refused(&hard);
    fs::create_dir(world.path("directory")).unwrap();
    refused(&world.path("directory"));

    assert_eq!(fs::read(&taken).unwrap(), b"kept");
    assert!(!world.path("nowhere").exists());
    assert_eq!(fs::read_dir(world.path("directory")).unwrap().count(), 0);
    assert!(fs::symlink_metadata(&dangling).unwrap().is_symlink());
}

#[test]
fn a_log_that_lies_beside_the_place_is_not_applied_to_the_copy() {
    for suffix in ["-wal", "-journal"] {
        let world = worked_in();
        let stray = world.path(&format!("copy.db{suffix}"));
        fs::write(&stray, "stray").unwrap();
        let copy = world.path("copy.db");
        let message = format!(
            "{} would be taken for a part of the new file\n",
            stray.display()
        );
        back_up(&world, &copy).fails(5, &message);
        assert!(!copy.exists());
        assert_eq!(fs::read(&stray).unwrap(), b"stray");
    }
}

#[test]
fn what_is_no_name_of_a_file_is_a_mistake() {
    let world = worked_in();
    for path in ["..", "copies/", "/"] {
        let message = format!("'{path}' is not the path of a file\n");
        back_up(&world, Path::new(path)).fails(2, &message);
    }
    back_up(&world, &world.path("nowhere/copy.db")).fails(5, "cannot make the file ");
}

#[test]
fn a_missing_store_is_not_made_by_copying_it() {
    let world = World::new();
    back_up(&world, &world.path("copy.db")).fails(5, "there is no store at ");
    assert!(!world.db().exists());
    assert!(!world.path("copy.db").exists());
}

#[test]
fn a_damaged_store_is_not_passed_on() {
    for (damage, what) in [
        (
            "PRAGMA ignore_check_constraints = ON; UPDATE members SET role = 'guest'",
            "a member of the project 'search' has a name or role that is not valid",
        ),
        (
            "UPDATE events SET actor = 'mallory' WHERE seq = 2",
            "its log is broken: line 2 ",
        ),
        ("DROP INDEX keys_name", "the index keys_name is missing"),
    ] {
        let world = worked_in();
        world.sql().execute_batch(damage).unwrap();
        let copy = world.path("copy.db");
        let ran = back_up(&world, &copy).fails(5, "the store ");
        let ran = ran.says("is damaged, and was not copied: ").says(what);
        assert!(ran.stderr.contains(&world.db().display().to_string()));
        assert_eq!(left(&world, &world.db()), BTreeSet::new(), "{damage}");
    }
}

#[test]
fn an_older_store_is_copied_as_it_is() {
    let world = World::quick();
    crate::migrations::downgrade(&world.sql());
    let copy = world.path("copy.db");
    back_up(&world, &copy).code(0);
    let sql = Connection::open(&copy).unwrap();
    let version: i64 = sql
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 1);
}

#[test]
fn a_directory_that_is_not_there_is_to_be_made_first() {
    let world = worked_in();
    let nowhere = world.path("no/such");
    back_up(&world, &nowhere.join("copy.db"))
        .fails(5, "cannot make the file ")
        .says(&format!(
            "\nhint: make the directory '{}' first, or name another file\n",
            nowhere.display()
        ));
    assert!(!world.path("no").exists());
}
