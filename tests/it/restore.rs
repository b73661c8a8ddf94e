//! `keyctl restore`: the copy in the store's place, and what is said, kept and refused.

use crate::harness::{Cmd, Ran, World, id_of};
use keyctl::project::Role;
use rusqlite::Connection;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::json;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// A store with a copy of it, and what was done since.
struct Since {
    world: World,
    copy: PathBuf,
    /// Made before the copy, and works still.
    kept: String,
    /// Made before the copy, and deleted since.
    deleted: String,
    /// Made since.
    new: String,
}

fn since() -> Since {
    let world = World::quick();
    let kept = world.create("--scope project --name kept --label team=search");
    let deleted = world.create("--scope inference --name deleted");
    world.create("--scope inference --name ci");
    world.run("rotate ci --grace 30d");
    for line in ["member add search alice --role owner", "admin add dave"] {
        world.line(line).user("carol").run().code(0);
    }
    let copy = world.path("copy.db");
    back_up(&world, &copy);
    world.advance("1h");
    world.run("delete deleted --yes");
    let new = world.create("--scope inference --name new");
    for line in ["admin remove dave", "policy set max-expiry 10d"] {
        world.line(line).user("carol").run().code(0);
    }
    Since {
        world,
        copy,
        kept,
        deleted,
        new,
    }
}

pub fn back_up(world: &World, copy: &Path) {
    let args = [OsString::from("backup"), copy.into()];
    world.cmd(args).run().code(0);
}

/// `restore COPY` with the rest of a command line, by carol, who is an administrator.
pub fn restore<'w>(world: &'w World, copy: &Path, line: &str) -> Cmd<'w> {
    let args = [OsString::from("restore"), copy.into()];
    let rest = line.split_whitespace().map(OsString::from);
    world.cmd(args.into_iter().chain(rest)).user("carol")
}

/// The files that were kept aside.
pub fn kept_aside(world: &World) -> Vec<PathBuf> {
    let entries = fs::read_dir(world.path("")).unwrap();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(".replaced-"))
        .collect();
    found.sort();
    found
}

/// The names in the world's directory.
fn names(world: &World) -> BTreeSet<OsString> {
    let entries = fs::read_dir(world.path("")).unwrap();
    entries.map(|entry| entry.unwrap().file_name()).collect()
}

/// The store is sound, and its log whole.
#[track_caller]
pub fn check_sound(world: &World) {
    assert_eq!(world.query("PRAGMA integrity_check"), "ok");
    assert_eq!(world.query("PRAGMA journal_mode"), "wal");
    world.check_chain();
    world.run("log --check");
}

/// Every row of a store's tables but for the log's, which a restore adds to.
fn content(path: &Path) -> Vec<String> {
    let sql = Connection::open(path).unwrap();
    let tables = [
        "keys",
        "key_scopes",
        "scopes",
        "scope_implies",
        "policy",
        "administrators",
        "members",
    ];
    let mut rows = Vec::new();
    for table in tables {
        let mut statement = sql.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let width = statement.column_count();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let values: Vec<rusqlite::types::Value> =
                (0..width).map(|index| row.get(index).unwrap()).collect();
            rows.push(format!("{table} {values:?}"));
        }
    }
    rows
}

#[test]
fn everything_is_as_it_was_and_the_log_says_so() {
    let Since {
        world,
        copy,
        kept,
        deleted,
        new,
    } = since();
    let before = content(&copy);
    let replaced = world.run("log --head").stdout.trim().to_owned();
    let copied = Connection::open(&copy).unwrap();
    let lines: i64 = copied
        .query_row("SELECT count(*) FROM events", [], |row| row.get(0))
        .unwrap();
    let was = content(&world.db());
    let ran = restore(&world, &copy, "--yes -m lost")
        .run()
        .code(0)
        .stdout("");

    assert_eq!(content(&world.db()), before);
    assert_eq!(world.verify(&kept, "--project search"), 0);
    assert_eq!(world.verify(&deleted, ""), 0);
    assert_eq!(world.verify(&new, ""), 1);
    check_sound(&world);
    let aside = kept_aside(&world);
    let event = world.events().pop().unwrap();
    assert_eq!(event.seq, lines + 1);
    assert_eq!(
        (event.actor.as_str(), event.action.as_str()),
        ("carol", "restore")
    );
    assert_eq!(
        event.detail(),
        json!({
            "uid": 4_000_002,
            "copy": copy,
            "replaced": replaced,
            "revived": 1,
            "stopped": 1,
            "kept": aside[0],
            "reason": "lost",
        })
    );
    let head = world.run("log --head").stdout;
    assert_eq!(
        ran.stderr,
        format!(
            "1 key will become valid again:\n  {}  deleted  of alice: deleted now (now); active in the copy\n\
             hint: to keep them stopped: --keep-revoked\n\
             1 key will stop working:\n  {}  new  of alice, active, no use recorded\nthe log will lose its last 4 lines\n\
             administrators again after the restore: dave\npolicy max-expiry will be 365d, now 10d\nrestored {}\nthe replaced store is kept at {}\n\
             log head (keep a copy elsewhere): {head}",
            id_of(&deleted),
            id_of(&new),
            copy.display(),
            aside[0].display()
        )
    );
    // What was replaced is a store, for its maker alone, from which one can go back.
    assert_eq!(aside.len(), 1);
    assert_eq!(aside[0], world.path("keyctl.db.replaced-20261122T010000Z"));
    let mode = fs::metadata(&aside[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    restore(&world, &aside[0], "--yes").run().code(0);
    assert_eq!(content(&world.db()), was);
    assert_eq!(world.verify(&new, ""), 0);
    assert_eq!(world.verify(&deleted, ""), 1);
    // Within the same second: another name.
    assert_eq!(
        kept_aside(&world).last().unwrap(),
        &world.path("keyctl.db.replaced-20261122T010000Z-2")
    );
    check_sound(&world);
}

#[test]
fn nothing_but_the_store_and_what_it_replaced_is_left() {
    let Since { world, copy, .. } = since();
    let mut before = names(&world);
    let bytes = fs::read(&copy).unwrap();
    restore(&world, &copy, "--yes").run().code(0);
    before.insert("keyctl.db.replaced-20261122T010000Z".into());
    assert_eq!(names(&world), before);
    assert_eq!(fs::read(&copy).unwrap(), bytes);
}

#[test]
fn it_asks_and_does_nothing_unless_it_is_told_to() {
    let Since { world, copy, .. } = since();
    let (rows, before) = (world.rows(), names(&world));
    restore(&world, &copy, "").run().fails(
        4,
        "restore needs confirmation, and this is not a terminal\nhint: if you are sure, add --yes",
    );
    let ran = restore(&world, &copy, "")
        .terminal(80)
        .answer("n")
        .run()
        .fails(4, "not confirmed: nothing was changed");
    assert_eq!(
        ran.asked,
        "Restore the copy, and make 1 key valid again? [y/N] \n"
    );
    ran.says("1 key will become valid again:\n")
        .says("  deleted  of alice: deleted now (now); active in the copy\nhint: to keep them stopped: --keep-revoked\n")
        .says("1 key will stop")
        .says("the log will lose its last 4 lines\n");
    restore(&world, &copy, "")
        .terminal(80)
        .prompt_fails(ErrorKind::Interrupted)
        .run()
        .fails(130, "interrupted: nothing was changed");
    assert_eq!(world.rows(), rows);
    assert_eq!(names(&world), before);
    restore(&world, &copy, "")
        .terminal(80)
        .answer("y")
        .run()
        .code(0);
    assert_ne!(world.rows(), rows);
}

/// Runs `restore --dry-run`, which must say this, and change no file but the index of the log, in which
/// SQLite keeps the marks of readers.
#[track_caller]
fn dry_run(world: &World, cmd: Cmd<'_>, said: &[&str]) -> Ran {
    let files = || -> Vec<(OsString, Vec<u8>)> {
        let read = |name: OsString| match name.to_string_lossy().ends_with("-shm") {
            true => (name, Vec::new()),
            false => (name.clone(), fs::read(world.path("").join(name)).unwrap()),
        };
        names(world).into_iter().map(read).collect()
    };
    let before = files();
    let ran = cmd.run().code(0).stdout("");
    assert!(files() == before, "a file was changed: {ran:#?}");
    said.iter().fold(ran, |ran, part| ran.says(part))
}

#[test]
fn restore_with_dry_run_says_what_it_would_do_and_changes_nothing() {
    let Since { world, copy, .. } = since();
    let ran = dry_run(&world, restore(&world, &copy, "--dry-run"), &[]);
    let said = "nothing was changed: this was a dry run\n";
    let announced = ran.stderr.strip_suffix(said).unwrap().to_owned();
    assert!(announced.starts_with("1 key will become valid again:\n"));
    // With --yes, the same is said before anything is done.
    let done = restore(&world, &copy, "--yes").run().code(0);
    let rest = done.stderr.strip_prefix(&announced).unwrap();
    assert!(rest.starts_with("restored "), "{rest}");
}

#[test]
fn restore_with_dry_run_does_not_migrate_an_older_store() {
    let Since { world, copy, .. } = since();
    crate::migrations::downgrade(&world.sql());
    let version = world.query("PRAGMA user_version");
    let cmd = restore(&world, &copy, "--dry-run");
    dry_run(&world, cmd, &["1 key will become valid again:\n"]);
    assert_eq!(world.query("PRAGMA user_version"), version);
}

#[test]
fn restore_with_dry_run_says_that_a_store_is_damaged_and_leaves_it() {
    let Since { world, copy, .. } = since();
    let us = rustix::process::geteuid().as_raw();
    let mut bytes = fs::read(&copy).unwrap();
    bytes[3 * 4096..9 * 4096].fill(0x5a);
    fs::write(world.db(), bytes).unwrap();
    let said = [
        " is damaged: ",
        "so keyctl cannot tell which of its keys work now\n",
        "4 keys will become valid again:\n",
    ];
    let cmd = restore(&world, &copy, "--dry-run").uid(us);
    dry_run(&world, cmd, &said);
}

#[test]
fn restore_with_dry_run_makes_no_store() {
    let Since { world, copy, .. } = since();
    let elsewhere = world.path("made/deep/keyctl.db");
    let args = [OsString::from("--db"), elsewhere.into(), "restore".into()];
    let args = args.into_iter().chain([copy.into(), "--dry-run".into()]);
    let ran = world.cmd(args).without_db().run().code(0);
    ran.says("4 keys will become valid again:\n");
    assert!(!world.path("made").exists());
}

#[test]
fn restore_with_dry_run_is_for_administrators_alone() {
    let Since { world, copy, .. } = since();
    let args = [OsString::from("restore"), copy.into(), "--dry-run".into()];
    let ran = world.cmd(args).run();
    ran.fails(4, "'alice' may not restore the store");
}

#[test]
fn what_is_revoked_while_it_asks_does_not_come_alive() {
    for verb in ["delete kept --yes", "disable kept"] {
        let Since {
            world, copy, kept, ..
        } = since();
        let mut other = world.real(verb);
        let meanwhile = move || assert!(other.output().unwrap().status.success());
        restore(&world, &copy, "")
            .terminal(80)
            .answer_after(meanwhile, "y")
            .run()
            .code(4)
            .says(&id_of(&kept))
            .says("would become valid again too: it was stopped after this command started\n");
        check_sound(&world);
        assert_eq!(world.verify(&kept, ""), 1);
        assert_eq!(kept_aside(&world), Vec::<PathBuf>::new());
        restore(&world, &copy, "--yes")
            .run()
            .code(0)
            .says("2 keys will become valid again");
    }
}

#[test]
fn what_is_narrowed_or_made_while_it_asks_is_not_taken_back() {
    for line in [
        "edit kept --scope inference",
        "create --scope inference --name fresh",
    ] {
        let Since { world, copy, .. } = since();
        let mut other = world.real(line);
        let meanwhile = move || assert!(other.output().unwrap().status.success());
        let ran = restore(&world, &copy, "")
            .terminal(80)
            .answer_after(meanwhile, "y")
            .run()
            .code(4);
        ran.says("the store was changed while you were asked\n")
            .says("hint: nothing was changed; run the command again\n");
        check_sound(&world);
        assert_eq!(kept_aside(&world), Vec::<PathBuf>::new());
    }
}

#[test]
fn keys_that_will_be_allowed_less_are_named_with_what_they_lose() {
    let world = World::quick();
    let make = |line: &str| id_of(&world.create(&format!("--scope inference {line}")));
    let longer = make("--name longer --expires 10d");
    let wider = make("--name wider --allow-from 10.0.0.0/8");
    let more = make("--name more --expires 10d");
    make("--name same");
    let copy = world.path("copy.db");
    back_up(&world, &copy);
    let end = |id: &str| world.key(id).expires_at.unwrap();
    let then = end(&longer);
    world.run("edit longer --expires 200d");
    world.run("edit wider --allow-from any");
    world.run("edit more --scope inference,project --expires 20d --allow-from ::1");
    for line in ["--dry-run", "--yes"] {
        let (now, now_more) = (end(&longer), end(&more));
        let ran = restore(&world, &copy, line).run().code(0);
        ran.says("3 keys will be allowed less than now:\n")
            .says(&format!(
                "  {longer}  longer  of alice: until {then}, now until {now}\n"
            ))
            .says(&format!(
                "  {wider}  wider  of alice: from 10.0.0.0/8, now from any address\n"
            ))
            .says(&format!(
                "  {more}  more  of alice: without project; until {then}, now until {now_more}\n"
            ))
            .says(&format!(
                "  {more}  more  of alice: from any address, now from ::1/128\n"
            ));
    }
}

#[test]
fn a_stopped_token_that_is_presented_while_it_asks_does_not_matter() {
    let Since {
        world, copy, kept, ..
    } = since();
    let stopped = world.create("--scope inference --name stopped");
    world.run("disable stopped");
    let mut other = world.real("verify --batch");
    let input = world.path("token");
    fs::write(&input, format!("{stopped}\n")).unwrap();
    other.stdin(fs::File::open(&input).unwrap());
    let meanwhile = move || assert!(other.output().unwrap().status.code().is_some());
    restore(&world, &copy, "")
        .terminal(80)
        .answer_after(meanwhile, "y")
        .run()
        .code(0)
        .says("the log will lose its last ");
    let replaced = kept_aside(&world).remove(0);
    let reuse = "SELECT count(*) FROM events WHERE action = 'reuse'";
    let found: i64 = Connection::open(replaced)
        .unwrap()
        .query_row(reuse, [], |row| row.get(0))
        .unwrap();
    assert_eq!(found, 1);
    assert_eq!(world.verify(&kept, ""), 0);
}

#[test]
fn only_an_administrator_may() {
    let Since { world, copy, .. } = since();
    let rows = world.rows();
    let args = [OsString::from("restore"), copy.into(), "--yes".into()];
    world
        .cmd(args)
        .run()
        .fails(4, "'alice' may not restore the store");
    assert_eq!(world.rows(), rows);
    assert_eq!(world.events().pop().unwrap().action, "refuse");
    assert_eq!(kept_aside(&world), Vec::<PathBuf>::new());
}

#[test]
fn who_is_dismissed_while_it_asks_may_not() {
    let Since { world, copy, .. } = since();
    let mut other = world.real("admin add erin");
    let mut dismiss = world.real("admin remove carol");
    let meanwhile = move || {
        assert!(other.output().unwrap().status.success());
        assert!(dismiss.output().unwrap().status.success());
    };
    restore(&world, &copy, "")
        .terminal(80)
        .answer_after(meanwhile, "y")
        .run()
        .code(4)
        .says("'carol' may not restore the store");
    check_sound(&world);
}

#[test]
fn many_keys_are_not_named_one_by_one() {
    let world = World::quick();
    world.run("create --scope inference --name web --count 25");
    let copy = world.path("copy.db");
    back_up(&world, &copy);
    world.run("purge --owner alice --all --yes");
    let ran = restore(&world, &copy, "--yes").run().code(0);
    assert_eq!(
        ran.stderr
            .matches("of alice: not in the store now; active in the copy\n")
            .count(),
        20
    );
    assert!(!ran.stderr.contains("made a new store"), "{ran:#?}");
    ran.says("25 keys will become valid again:\n")
        .says("\n  and 5 more\n");

    let empty = World::quick();
    let copy = empty.path("copy.db");
    back_up(&empty, &copy);
    let ran = restore(&world, &copy, "--yes").run().code(0);
    assert_eq!(ran.stderr.matches("of alice, active").count(), 20);
    ran.says("25 keys will stop working:\n")
        .says("\n  and 5 more\n");
}

#[test]
fn restore_advises_keep_revoked_only_if_the_store_may_know_one_of_the_keys() {
    let world = World::quick();
    world.run("create --scope inference --name web");
    let copy = world.path("copy.db");
    back_up(&world, &copy);
    let hint = "hint: to keep them stopped: --keep-revoked\n";

    let other = World::quick();
    let moved = restore(&other, &copy, "--dry-run").run().code(0);
    assert!(!moved.stderr.contains(hint), "{moved:#?}");
    moved.says("1 key will become valid again:\n");
    world.run("purge --owner alice --all --yes");
    restore(&world, &copy, "--dry-run").run().code(0).says(hint);
}

#[test]
fn restore_says_which_rights_become_wider() {
    let world = World::quick();
    let make = |name: &str, rest: &str| {
        id_of(&world.create(&format!(
            "--scope project --name {name} --expires 90d {rest}"
        )))
    };
    let scoped = make("scoped", "");
    let short = make("short", "");
    let near = make("near", "");
    let old = make("old", "");
    let stopped = make("stopped", "");
    world.run("rotate old --grace 30d");
    let admin = |line: &str| drop(world.line(line).user("carol").run().code(0));
    admin("scope add data:read");
    for member in ["search alice", "search bob", "lab alice"] {
        admin(&format!("member add {member} --role owner"));
    }
    let copy = world.path("copy.db");
    back_up(&world, &copy);
    world.run(&format!("edit {scoped} --scope inference,data:read"));
    world.run(&format!("edit {short} --expires 5d"));
    world.alter(&near, |key| {
        key.allow_from = ["10.0.0.0/8".parse().unwrap()].into()
    });
    world.run(&format!("edit {old} --grace 1d"));
    // It becomes valid again, which says all of it.
    world.run(&format!("edit {stopped} --scope inference"));
    world.run(&format!("disable {stopped}"));
    admin("member remove search alice");
    admin("member add search bob --role collaborator");
    admin("policy set default-grace 1h");
    admin("policy set max-expiry 200d");
    let said = format!(
        "1 key will become valid again:\n  {stopped}  stopped  of alice: disabled now (now); active in the copy\n\
         hint: to keep them stopped: --keep-revoked\n\
         1 key will gain scopes:\n  {scoped}  scoped  of alice: project\n\
         2 keys will work longer:\n\
         \x20 {short}  short  of alice: until 2027-02-20T00:00:00Z, now until 2026-11-27T00:00:00Z\n\
         \x20 {old}  old  of alice: until 2026-12-22T00:00:00Z, now until 2026-11-23T00:00:00Z\n\
         1 key will be accepted from more addresses:\n\
         \x20 {near}  near  of alice: from any address, now from 10.0.0.0/8\n\
         1 key will be allowed less than now:\n  {scoped}  scoped  of alice: without data:read\n\
         the log will lose its last 9 lines\n\
         project members who come back or get a higher role:\n\
         \x20 search: alice, owner, now not a member\n  search: bob, owner, now collaborator\n\
         policy max-expiry will be 365d, now 200d\n\
         policy default-grace will be 0s, now 1h\n\
         nothing was changed: this was a dry run\n"
    );
    restore(&world, &copy, "--dry-run")
        .run()
        .code(0)
        .stderr(&said);
}

#[test]
fn restore_names_users_who_lose_rights() {
    let world = World::quick();
    let admin = |line: &str| drop(world.line(line).user("carol").run().code(0));
    admin("member add search alice --role collaborator");
    let copy = world.path("copy.db");
    back_up(&world, &copy);
    admin("member add search alice --role owner");
    admin("member add search bob --role owner");
    admin("admin add dave");
    let said = "no stopped key will become valid again\nthe log will lose its last 3 lines\n\
                no longer administrators after the restore: dave\n\
                project members who lose their role or get a lower one:\n\
                \x20 search: alice, collaborator, now owner\n  search: bob, not a member, now owner\n\
                nothing was changed: this was a dry run\n";
    restore(&world, &copy, "--dry-run")
        .run()
        .code(0)
        .stderr(said);
}

#[test]
fn restore_names_the_first_of_many_rights_that_become_wider() {
    let world = World::quick();
    world.run("create --scope project --name web --count 25");
    world.add_member("search", "zoe", Role::Owner);
    for number in 10..35 {
        world.add_member("search", &format!("user{number}"), Role::Owner);
    }
    let copy = world.path("copy.db");
    back_up(&world, &copy);
    for key in world.keys() {
        world.alter(key.id.as_str(), |key| {
            key.scopes = ["inference".to_owned()].into()
        });
    }
    for member in world.members().iter().filter(|member| member.user != "zoe") {
        world.write(|tx| tx.remove_member(&member.project, &member.user));
    }
    let ran = restore(&world, &copy, "--yes").run().code(0);
    assert_eq!(ran.stderr.matches("  of alice: project\n").count(), 20);
    assert_eq!(
        ran.stderr.matches(", owner, now not a member\n").count(),
        20
    );
    assert_eq!(ran.stderr.matches("\n  and 5 more\n").count(), 2);
    ran.says("25 keys will gain scopes:\n");
}

#[test]
fn an_expired_key_does_not_come_alive() {
    let world = World::quick();
    world.create("--scope inference --name web --expires 1h");
    let copy = world.path("copy.db");
    back_up(&world, &copy);
    world.run("delete web --yes");
    world.advance("1h");
    let ran = restore(&world, &copy, "")
        .terminal(80)
        .answer("y")
        .run()
        .code(0);
    assert_eq!(ran.asked, "Restore the copy? [y/N] \n");
    const NONE: &str = "no stopped key will become valid again\n";
    ran.says(NONE);
    // It is no warning.
    let quiet = restore(&world, &copy, "--yes -q").run().code(0);
    assert!(!quiet.stderr.contains(NONE), "{quiet:?}");
    restore(&world, &copy, "--yes").run().code(0).says(NONE);
}

#[test]
fn who_may_not_restore_is_told_that_before_anything_of_the_copy() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let missing = world.path("missing.db");
    let args = [OsString::from("restore"), missing.into(), "--yes".into()];
    let ran = world.cmd(args).user("bob").run();
    ran.fails(4, "'bob' may not restore the store");
}

#[test]
fn the_store_itself_is_no_copy_of_it() {
    let world = World::quick();
    symlink(world.db(), world.path("link")).unwrap();
    fs::hard_link(world.db(), world.path("hard")).unwrap();
    for path in [world.db(), world.path("link"), world.path("hard")] {
        let message = format!("{} is the store itself\n", path.display());
        restore(&world, &path, "--yes").run().fails(4, &message);
    }
}

#[test]
fn a_copy_that_is_a_link_is_what_it_leads_to() {
    let Since {
        world,
        copy,
        deleted,
        ..
    } = since();
    let link = world.path("link");
    symlink(&copy, &link).unwrap();
    restore(&world, &link, "--yes").run().code(0);
    assert_eq!(world.verify(&deleted, ""), 0);
}

#[test]
fn a_copy_that_has_more_than_one_name_is_a_copy() {
    let Since {
        world,
        copy,
        deleted,
        ..
    } = since();
    fs::hard_link(&copy, world.path("yesterday.db")).unwrap();
    restore(&world, &copy, "--yes").run().code(0);
    assert_eq!(world.verify(&deleted, ""), 0);
}

#[test]
fn a_copy_is_read_with_the_log_beside_it() {
    let Since { world, kept, .. } = since();
    let copy = world.path("other.db");
    let reader = world.sql();
    reader.execute_batch("BEGIN").unwrap();
    reader
        .query_row("SELECT count(*) FROM keys", [], |_| Ok(()))
        .unwrap();
    world.run("disable kept");
    for suffix in ["", "-wal"] {
        let from = world.path(&format!("keyctl.db{suffix}"));
        fs::copy(from, world.path(&format!("other.db{suffix}"))).unwrap();
    }
    drop(reader);
    world.run("enable kept");
    restore(&world, &copy, "--yes").run().code(0);
    assert_eq!(world.verify(&kept, ""), 1);
}

#[test]
fn damage_of_an_older_copy_is_found_before_it_is_brought_up_to_date() {
    let Since { world, copy, .. } = since();
    let connection = Connection::open(&copy).unwrap();
    crate::migrations::downgrade(&connection);
    let sql = "UPDATE key_scopes SET scope = x'70726f6a656374'";
    crate::migrations::spoil(&connection, "key_scopes", sql);
    drop(connection);
    let before = world.tables();
    let ran = restore(&world, &copy, "--yes").run();
    ran.fails(5, "the copy ").says("is damaged");
    assert_eq!(world.tables(), before);
}

#[test]
fn an_older_copy_is_brought_up_to_date_on_its_way() {
    let Since {
        world, copy, kept, ..
    } = since();
    crate::migrations::downgrade(&Connection::open(&copy).unwrap());
    let bytes = fs::read(&copy).unwrap();
    restore(&world, &copy, "--yes").run().code(0);
    assert_eq!(fs::read(&copy).unwrap(), bytes);
    assert_eq!(world.query("PRAGMA user_version"), "6");
    assert_eq!(world.verify(&kept, ""), 0);
    world.run("member list").stderr("no members\n");
    check_sound(&world);
}

/// A restore of what `spoil` made of a copy is refused with `message`, and changes nothing.
#[track_caller]
fn refused(spoil: impl FnOnce(&Path), message: &str) {
    let Since { world, copy, .. } = since();
    spoil(&copy);
    let (rows, before) = (world.rows(), names(&world));
    let ran = restore(&world, &copy, "--yes").run().code(5).stdout("");
    let message = message.replace("COPY", &copy.display().to_string());
    assert!(ran.stderr.contains(&message), "{message}: {ran:#?}");
    assert!(
        !ran.stderr.contains(&world.db().display().to_string()),
        "{ran:#?}"
    );
    ran.says("hint: nothing was changed; name another copy\n");
    assert_eq!(world.rows(), rows);
    assert_eq!(names(&world), before);
}

fn sql(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn restore_names_a_copy_by_its_path_whatever_words_are_in_it() {
    let world = World::quick();
    let copy = world.path("the store x.db");
    let shown = copy.display().to_string();
    let refused = |message: &str| {
        let ran = restore(&world, &copy, "--yes").run().code(5);
        ran.says(&format!("keyctl: {message}\nhint: nothing was changed; "));
    };
    refused(&format!("there is no store at {shown}"));
    fs::create_dir(&copy).unwrap();
    refused(&format!("{shown} is a directory, not a store"));
    fs::remove_dir(&copy).unwrap();
    fs::write(&copy, "some text\n".repeat(1000)).unwrap();
    refused(&format!("{shown} is not a keyctl store"));
    fs::write(&copy, "").unwrap();
    refused(&format!("the copy {shown} is empty"));
}

#[test]
fn a_copy_with_anything_foreign_in_it_is_refused() {
    for (spoil, what) in [
        (
            "CREATE TRIGGER evil AFTER INSERT ON keys BEGIN DELETE FROM events; END",
            "the trigger 'evil' was not made by keyctl",
        ),
        (
            "ALTER TABLE keys RENAME TO others; CREATE VIEW keys AS SELECT * FROM others",
            "the table 'others' was not made by keyctl",
        ),
        (
            "ALTER TABLE members ADD COLUMN extra TEXT",
            "the table members is not as it was made",
        ),
        (
            "DROP INDEX keys_live_name",
            "the index keys_live_name is missing",
        ),
        ("DELETE FROM event_head", "the head of its log"),
        (
            "DELETE FROM events WHERE seq = 3",
            "its log is broken: line 3 is missing",
        ),
    ] {
        refused(
            |copy| sql(copy, spoil),
            &format!("keyctl: the copy COPY is damaged: {what}"),
        );
    }
}

#[test]
fn a_copy_with_a_broken_index_is_refused() {
    refused(
        |copy| {
            // The index's root holds what another's does: SQLite finds rows missing in it.
            sql(
                copy,
                "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = \
                 (SELECT rootpage FROM sqlite_schema WHERE name = 'keys_owner') WHERE name = 'keys_created'",
            );
        },
        "keyctl: the copy COPY is damaged: ",
    );
}

#[test]
fn what_is_no_copy_is_refused() {
    refused(
        |copy| {
            let file = fs::File::options().write(true).open(copy).unwrap();
            file.set_len(8192).unwrap();
        },
        "the copy COPY is damaged: ",
    );
    refused(
        |copy| fs::write(copy, "").unwrap(),
        "the copy COPY is empty\n",
    );
    refused(
        |copy| fs::write(copy, "some text\n".repeat(1000)).unwrap(),
        "COPY is not a keyctl store\n",
    );
    refused(
        |copy| sql(copy, "PRAGMA application_id = 7"),
        "COPY is another program's SQLite file, not a keyctl store\n",
    );
    refused(
        |copy| sql(copy, "PRAGMA user_version = 99"),
        "the copy COPY was written by a newer keyctl: its schema is 99",
    );
    refused(
        |copy| fs::remove_file(copy).unwrap(),
        "there is no store at COPY\n",
    );
    refused(
        |copy| {
            fs::remove_file(copy).unwrap();
            fs::create_dir(copy).unwrap();
        },
        "COPY is a directory, not a store\n",
    );
    refused(
        |copy| {
            fs::remove_file(copy).unwrap();
            mknodat(CWD, copy, FileType::Fifo, Mode::RUSR, 0).unwrap();
        },
        "COPY is not an ordinary file\n",
    );
    refused(
        |copy| {
            fs::remove_file(copy).unwrap();
            symlink("nowhere", copy).unwrap();
        },
        "COPY is a symbolic link to a file that is not there\n",
    );
}

#[test]
fn where_there_is_no_store_one_is_made() {
    let Since {
        world, copy, kept, ..
    } = since();
    let elsewhere = world.path("made/deep/keyctl.db");
    let on = |line: &str| -> Ran {
        let args = [OsString::from("--db"), elsewhere.clone().into()];
        let rest = line.split_whitespace().map(OsString::from);
        world.cmd(args.into_iter().chain(rest)).without_db().run()
    };
    on(&format!("restore {}", copy.display())).fails(4, "restore needs confirmation");
    assert!(!world.path("made").exists());
    // By anybody: who can make a file there can make a store there.
    let ran = on(&format!("restore {} --yes", copy.display())).code(0);
    assert!(!ran.stderr.contains("is kept"), "{ran:#?}");
    ran.says("4 keys will become valid again:\n")
        .says(&format!("made a new store at {}\n", elsewhere.display()));
    let sql = Connection::open(&elsewhere).unwrap();
    let kept_id: String = sql
        .query_row("SELECT id FROM keys WHERE name = 'kept'", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(kept_id, id_of(&kept));
    on("log --check").code(0);
    assert_eq!(content(&elsewhere), content(&copy));
    for (name, mode) in [("", 0o700), ("keyctl.db", 0o600), ("keyctl.db-wal", 0o600)] {
        let found = fs::metadata(world.path("made/deep").join(name)).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, mode, "{name}");
    }
    assert!(!world.path("made/deep/keyctl.db-journal").exists());
}

#[test]
fn an_empty_file_becomes_the_store() {
    let Since {
        world, copy, kept, ..
    } = since();
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(world.path(&format!("keyctl.db{suffix}"))).unwrap();
    }
    fs::write(world.db(), "").unwrap();
    fs::set_permissions(world.db(), fs::Permissions::from_mode(0o666)).unwrap();
    restore(&world, &copy, "--yes").run().code(0);
    assert_eq!(world.verify(&kept, ""), 0);
    let mode = fs::metadata(world.db()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    check_sound(&world);
}

#[test]
fn a_log_whose_store_is_gone_is_not_applied_to_the_new_one() {
    let Since {
        world, copy, kept, ..
    } = since();
    let reader = world.sql();
    reader.execute_batch("BEGIN").unwrap();
    reader
        .query_row("SELECT count(*) FROM keys", [], |_| Ok(()))
        .unwrap();
    world.run("disable kept");
    let wal = fs::read(world.path("keyctl.db-wal")).unwrap();
    assert!(!wal.is_empty());
    drop(reader);
    fs::remove_file(world.db()).unwrap();
    fs::write(world.path("keyctl.db-wal"), &wal).unwrap();
    restore(&world, &copy, "--yes").run().code(0);
    assert_eq!(content(&world.db()), content(&copy));
    assert_eq!(world.verify(&kept, ""), 0);
    check_sound(&world);
    let aside = world.path("keyctl.db.replaced-20261122T010000Z-wal");
    assert_eq!(fs::read(aside).unwrap(), wal);
}

#[test]
fn a_damaged_store_is_replaced_by_its_files_owner_and_kept_as_it_was() {
    type Spoil = fn(&Path);
    let spoil: [(&str, Spoil); 5] = [
        ("a page", |db| {
            let mut bytes = fs::read(db).unwrap();
            bytes[3 * 4096..9 * 4096].fill(0x5a);
            fs::write(db, bytes).unwrap();
        }),
        ("its header", |db| {
            let mut bytes = fs::read(db).unwrap();
            bytes[16..60].fill(0xff);
            fs::write(db, bytes).unwrap();
        }),
        ("its end", |db| {
            let file = fs::File::options().write(true).open(db).unwrap();
            file.set_len(5 * 4096).unwrap();
        }),
        ("its schema", |db| sql(db, "CREATE TABLE extra (x)")),
        ("a row", |db| {
            sql(
                db,
                "INSERT OR REPLACE INTO policy VALUES ('max-expiry', 'often')",
            );
        }),
    ];
    for (what, spoil) in spoil {
        let Since {
            world, copy, kept, ..
        } = since();
        spoil(&world.db());
        restore(&world, &copy, "--yes").run().fails(
            4,
            "'carol' may not restore the store\nhint: it is damaged: only the owner of its file, or root, may replace it\n",
        );
        // After the refusal, which is logged where that can be done.
        let damaged = fs::read(world.db()).unwrap();
        let us = rustix::process::geteuid().as_raw();
        let ran = restore(&world, &copy, "--yes").uid(us).run().code(0);
        ran.says("the store is damaged: ")
            .says("so keyctl cannot tell which of its keys work now\n")
            .says("4 keys will become valid again:\n");
        assert_eq!(content(&world.db()), content(&copy), "{what}");
        assert_eq!(world.verify(&kept, ""), 0, "{what}");
        check_sound(&world);
        assert!(!world.path("keyctl.db-journal").exists());
        let aside = &kept_aside(&world)[0];
        assert!(fs::read(aside).unwrap() == damaged, "{what}");
        let mode = fs::metadata(aside).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(
            world.events().pop().unwrap().detail()["replaced"],
            json!(null)
        );
    }
}

#[test]
fn what_is_no_store_is_not_replaced() {
    let Since { world, copy, .. } = since();
    let place = world.path("place.db");
    let args = |yes: &str| {
        let args: [OsString; 5] = [
            "--db".into(),
            place.clone().into(),
            "restore".into(),
            copy.clone().into(),
            yes.into(),
        ];
        world.cmd(args).without_db().uid(0)
    };
    let text = "some text\n".repeat(1000);
    fs::write(&place, &text).unwrap();
    args("--yes")
        .run()
        .fails(5, "")
        .says(" is not a keyctl store\nhint: move it away, or name another file: --db PATH\n");
    assert_eq!(fs::read_to_string(&place).unwrap(), text);
    fs::remove_file(&place).unwrap();
    sql(&place, "CREATE TABLE theirs (x)");
    args("--yes")
        .run()
        .fails(5, "")
        .says("is another program's SQLite file, not a keyctl store\nhint: move it away");
    sql(&place, "SELECT * FROM theirs");
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    args("--yes").run().fails(5, "").says("is a directory");
}

#[test]
fn restore_of_a_store_with_a_broken_log_counts_the_lines_behind_a_common_one() {
    for (spoil, lost) in [
        ("UPDATE events SET hash = x'00' WHERE seq = 3", 4),
        ("UPDATE events SET hash = x'00' WHERE seq = 12", 4),
        ("UPDATE events SET hash = zeroblob(32) WHERE seq <= 8", 12),
        ("UPDATE events SET at = -1 WHERE seq = 12", 4),
        ("UPDATE events SET detail = 'x' WHERE seq = 3", 4),
        ("UPDATE events SET seq = -seq WHERE seq = 3", 4),
        ("DELETE FROM events WHERE seq = 3", 4),
        ("DELETE FROM events WHERE seq > 8", 0),
        ("DELETE FROM events", 0),
    ] {
        let Since { world, copy, .. } = since();
        assert_eq!(world.events().len(), 12);
        sql(&world.db(), spoil);
        let ran = restore(&world, &copy, "--yes").run().code(0);
        if lost > 0 {
            ran.says(&format!("the log will lose its last {lost} line"));
        }
        assert_eq!(content(&world.db()), content(&copy), "{spoil}");
        check_sound(&world);
        assert_eq!(kept_aside(&world).len(), 1, "{spoil}");
    }
}

#[test]
fn restore_of_a_copy_that_went_another_way_counts_the_lines_since_both_were_one() {
    let Since { world, copy, .. } = since();
    let other = world.path("other.db");
    fs::copy(&copy, &other).unwrap();
    for line in ["policy set max-expiry 20d", "policy set max-expiry 30d"] {
        let on_other = format!("--db {} {line}", other.display());
        world
            .line(&on_other)
            .without_db()
            .user("carol")
            .run()
            .code(0);
    }
    // The store has twelve lines, the copy has ten: they share eight.
    restore(&world, &other, "--yes")
        .run()
        .code(0)
        .says("the log will lose its last 4 lines\n");
    // It holds the ten now, and the line of the restore.
    restore(&world, &copy, "--yes")
        .run()
        .code(0)
        .says("the log will lose its last 3 lines\n");
    let ran = restore(&world, &copy, "--yes").run().code(0);
    ran.says("the log will lose its last line\n");
}

#[test]
fn whatever_is_wrong_with_a_store_it_can_be_restored() {
    let schema =
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '')";
    let Since { world, copy, .. } = since();
    let us = rustix::process::geteuid().as_raw();
    let beside = |suffix: &str| world.path(&format!("keyctl.db{suffix}"));
    assert_eq!(fs::metadata(beside("-wal")).unwrap().len(), 0);
    let sound = fs::read(world.db()).unwrap();
    for (table, spoil) in [
        ("scopes", "UPDATE scopes SET description = x'ff'"),
        ("scope_implies", "UPDATE scope_implies SET implied = x'ff'"),
        ("keys", "UPDATE keys SET created_at = 'never'"),
        ("keys", "UPDATE keys SET id = x'ff' WHERE seq = 1"),
        ("keys", "UPDATE keys SET id = 'x' WHERE seq = 1"),
        ("key_scopes", "UPDATE key_scopes SET scope = x'ff'"),
        ("keys", "UPDATE keys SET scopes = x'ff'"),
        ("keys", "UPDATE keys SET labels = x'ff'"),
        ("policy", "UPDATE policy SET value = 'garbage'"),
        (
            "policy",
            "UPDATE OR REPLACE policy SET name = x'ff', value = x'ff'",
        ),
        (
            "administrators",
            "INSERT INTO administrators VALUES (x'ff')",
        ),
        (
            "administrators",
            "INSERT INTO administrators VALUES (cast(x'ff' AS TEXT))",
        ),
        ("members", "UPDATE members SET role = 'king'"),
        ("events", "UPDATE events SET actor = x'ff', hash = 7"),
        ("events", "DROP TABLE events"),
        ("event_head", "DELETE FROM event_head"),
        ("event_head", "UPDATE event_head SET seq = 'x'"),
        (
            "event_head",
            "UPDATE event_head SET seq = -9223372036854775808, hash = zeroblob(32)",
        ),
        (
            "event_head",
            "UPDATE event_head SET seq = 9223372036854775807",
        ),
        ("version", "PRAGMA user_version = 0"),
        ("version", "PRAGMA user_version = 1"),
        ("version", "PRAGMA user_version = -1"),
    ] {
        for suffix in ["-wal", "-shm"] {
            fs::remove_file(beside(suffix)).unwrap();
        }
        fs::write(world.db(), &sound).unwrap();
        sql(&world.db(), &format!("{schema} WHERE name = '{table}'"));
        let unchecked = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON";
        sql(&world.db(), &format!("{unchecked}; {spoil}"));
        let ran = restore(&world, &copy, "--yes").uid(us).run();
        assert_eq!(ran.code, 0, "{spoil}: {ran:#?}");
        assert_eq!(content(&world.db()), content(&copy), "{spoil}");
        check_sound(&world);
    }
}

#[test]
fn a_store_whose_name_is_as_long_as_can_be_is_kept_too() {
    let world = World::quick();
    let token = world.create("--scope inference");
    let copy = world.path("copy.db");
    back_up(&world, &copy);
    // SQLite's own suffix is all that there is room for.
    let long = world.path(&"n".repeat(255 - "-journal".len()));
    for number in [1, 2] {
        let args: [OsString; 5] = [
            "--db".into(),
            long.clone().into(),
            "restore".into(),
            copy.clone().into(),
            "--yes".into(),
        ];
        world.cmd(args).without_db().uid(0).run().code(0);
        assert_eq!(kept_aside(&world).len(), number - 1);
    }
    let args = [
        OsString::from("--db"),
        kept_aside(&world)[0].clone().into(),
        "verify".into(),
    ];
    world.cmd(args).without_db().stdin(&token).run().code(0);
}

#[test]
fn what_lies_about_under_the_name_of_a_scratch_directory_is_left() {
    let Since { world, copy, .. } = since();
    mknodat(
        CWD,
        world.path(".keyctl-1-0"),
        FileType::Fifo,
        Mode::RUSR | Mode::WUSR,
        0,
    )
    .unwrap();
    let elsewhere = world.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("file"), "").unwrap();
    symlink(&elsewhere, world.path(".keyctl-1-1")).unwrap();
    restore(&world, &copy, "--yes").run().code(0);
    assert!(elsewhere.join("file").exists());
    for name in [".keyctl-1-0", ".keyctl-1-1"] {
        assert!(names(&world).contains(&OsString::from(name)));
    }
}
