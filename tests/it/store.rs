//! The store's file: its schema, and what is not taken for a store.

use crate::harness::{Cmd, World, id_of};
use keyctl::error::{Error, FailureKind};
use keyctl::store::{self, Address, Mode};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// How many steps of the schema there are.
const SCHEMA: &str = "6";

/// A command of each kind: one that makes a store, those that change one, those that only look.
const CREATE: &str = "create --scope inference";
const OTHERS: [&str; 9] = [
    "edit web --name other",
    "rotate web",
    "disable web",
    "enable web",
    "delete web --yes",
    "purge --owner alice --yes",
    "list",
    "show web",
    "list --state all --format ids",
];

/// Every file in a directory, with what is in it.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    entries
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// Every one of `lines` is refused with exit code 5 and `message`, and the files are as before.
#[track_caller]
fn refused<'a>(world: &World, lines: impl IntoIterator<Item = &'a str>, message: &str) {
    let dir = world.db().parent().unwrap().to_owned();
    let before = files(&dir);
    for line in lines {
        world.line(line).run().fails(5, message);
        assert!(files(&dir) == before, "{line} changed a file");
    }
}

fn schema(world: &World) -> String {
    world.query("SELECT group_concat(type || ' ' || name || ' ' || coalesce(sql, ''), ';') FROM (SELECT * FROM sqlite_schema ORDER BY name)")
}

#[test]
fn a_store_is_made_from_nothing_and_that_is_said() {
    let world = World::new();
    let db = world.db();
    world
        .line("create --scope inference --quiet")
        .run()
        .code(0)
        .stderr(&format!(
            "made a new store at {}; its administrator is alice\n",
            db.display()
        ));
    let mode = fs::metadata(&db).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        world.query("PRAGMA application_id"),
        0x6b63_746c.to_string()
    );
    assert_eq!(world.query("PRAGMA user_version"), SCHEMA);
    assert_eq!(world.query("PRAGMA journal_mode"), "wal");
    assert_eq!(world.query("PRAGMA integrity_check"), "ok");
    assert_eq!(
        world.query("SELECT group_concat(name) FROM administrators"),
        "alice"
    );
    assert_eq!(
        world.query("SELECT group_concat(name) FROM scopes"),
        "inference,project"
    );
    assert_eq!(
        world.query("SELECT name || ' ' || implied FROM scope_implies"),
        "project inference"
    );
    assert_eq!(world.log(), ["init", "create"]);
    world.check_chain();
}

#[test]
fn a_second_command_leaves_the_schema_as_it_is() {
    let world = World::new();
    world.create("--scope inference --name web");
    let before = schema(&world);
    let ran = world
        .line("create --scope inference --quiet")
        .user("bob")
        .run()
        .code(0);
    assert_eq!(ran.stderr, "");
    world.run("edit web --name api");
    assert_eq!(schema(&world), before);
    assert_eq!(world.query("PRAGMA user_version"), SCHEMA);
    assert_eq!(
        world.query("SELECT group_concat(name) FROM administrators"),
        "alice"
    );
    assert_eq!(world.log(), ["init", "create", "create", "edit"]);
}

#[test]
fn columns_are_named_as_the_records_fields_and_no_statistics_are_kept() {
    let world = World::new();
    world.create("--scope inference --name web");
    let columns = world.query("SELECT group_concat(name) FROM pragma_table_info('keys')");
    let record = world.record("web");
    for field in record.as_object().unwrap().keys() {
        let elsewhere = ["state", "usable"].contains(&field.as_str());
        assert_eq!(
            columns.split(',').any(|column| column == field),
            !elsewhere,
            "{field}"
        );
    }
    assert_eq!(
        world.query("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'"),
        "0"
    );
    assert_eq!(
        world.query("SELECT typeof(created_at) || created_at FROM keys"),
        format!("integer{}", world.now().millis())
    );
    assert!(
        world
            .query("SELECT hash FROM keys")
            .starts_with("$argon2id$v=19$m=7168,t=5,p=1$")
    );
}

#[test]
fn an_empty_file_becomes_a_store_by_create_only() {
    let world = World::new();
    fs::write(world.db(), "").unwrap();
    let message = format!(
        "the store {} is empty\nhint: 'keyctl create --scope inference' sets it up, with a first key\n",
        world.db().display()
    );
    refused(&world, OTHERS, &message);
    world.line(CREATE).run().code(0).says(&format!(
        "made a new store at {}; its administrator is alice\n",
        world.db().display()
    ));
    assert_eq!(world.query("PRAGMA user_version"), SCHEMA);
    world.run("list --format ids");
}

#[test]
fn where_there_is_no_store_only_create_makes_one() {
    let world = World::new();
    refused(
        &world,
        OTHERS,
        &format!("there is no store at {} (from", world.db().display()),
    );
    assert!(!world.db().exists());
}

#[test]
fn a_create_that_is_refused_for_its_flags_makes_no_store() {
    let world = World::new();
    for line in [
        "create",
        "create --scope inference --expires 2020-01-01",
        "create --scope inference --name a/b",
    ] {
        world.line(line).run().fails(2, "");
    }
    assert!(!world.db().exists());
}

#[test]
fn another_programs_file_is_refused() {
    let world = World::new();
    let theirs = Connection::open(world.db()).unwrap();
    theirs
        .execute_batch("CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('x')")
        .unwrap();
    drop(theirs);
    let message = format!(
        "{} is another program's SQLite file, not a keyctl store\n",
        world.db().display()
    );
    refused(&world, OTHERS.into_iter().chain([CREATE]), &message);
    world
        .sql()
        .execute_batch("DROP TABLE bookmarks; PRAGMA application_id = 77")
        .unwrap();
    refused(&world, OTHERS.into_iter().chain([CREATE]), &message);
    world
        .sql()
        .execute_batch("PRAGMA application_id = 0; PRAGMA user_version = 3")
        .unwrap();
    refused(&world, OTHERS.into_iter().chain([CREATE]), &message);
}

#[test]
fn what_is_no_sqlite_file_is_refused() {
    let world = World::new();
    let long = "not a database, but long enough for a header\n".repeat(200);
    for text in ["x", &long] {
        fs::write(world.db(), text).unwrap();
        let message = format!("{} is not a keyctl store\n", world.db().display());
        refused(&world, OTHERS.into_iter().chain([CREATE]), &message);
    }
}

#[test]
fn a_directory_is_refused() {
    let world = World::new();
    fs::create_dir(world.db()).unwrap();
    fs::write(world.db().join("inside"), "x").unwrap();
    let message = format!("{} is a directory, not a store\n", world.db().display());
    refused(&world, OTHERS.into_iter().chain([CREATE]), &message);
    assert_eq!(files(&world.db()).len(), 1);
}

#[test]
fn a_newer_schema_is_refused() {
    let world = World::new();
    let token = world.create("--scope inference --name web");
    world
        .sql()
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    let message = format!(
        "the store {} was written by a newer keyctl: its schema is 99, this one knows up to \
         {SCHEMA}\n",
        world.db().display()
    );
    let dir = world.db().parent().unwrap().to_owned();
    let before = files(&dir)["keyctl.db"].clone();
    for line in OTHERS.into_iter().chain([CREATE]) {
        world.line(line).run().fails(5, &message);
        assert!(
            files(&dir)["keyctl.db"] == before,
            "{line} changed the store"
        );
    }
    world
        .line("verify")
        .stdin(&token)
        .run()
        .fails(5, &message)
        .says("hint: use the newer keyctl\n");
}

#[test]
fn a_damaged_store_is_refused_and_never_guessed_at() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    let id = id_of(&token);
    for (damage, repair, what) in [
        (
            "created_at = 999999999999999999",
            "created_at = 1795305600000",
            "created_at",
        ),
        ("replaces = 'nonsense'", "replaces = NULL", "replaces"),
    ] {
        let set = |set: &str| {
            world
                .sql()
                .execute(&format!("UPDATE keys SET {set}"), [])
                .unwrap()
        };
        set(damage);
        for line in [
            format!("show {id}"),
            "show web".to_owned(),
            format!("disable {id}"),
        ] {
            world.line(&line).run().code(5).says(&format!(
                "the key {id} is damaged: its {what} cannot be read\n"
            ));
        }
        assert_eq!(world.verify(&token, ""), 5);
        set(repair);
    }
    world.policy("max-expiry", "forever");
    world
        .line(CREATE)
        .run()
        .code(5)
        .says("is damaged: its policy cannot be read");
}

#[test]
fn a_file_full_of_garbage_behind_its_header_is_an_error() {
    let world = World::new();
    let token = world.create("--scope inference --name web");
    // Into the file, and no log beside it.
    drop(
        world
            .sql()
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())),
    );
    let mut bytes = fs::read(world.db()).unwrap();
    bytes[100..].fill(0x5a);
    fs::write(world.db(), &bytes).unwrap();
    for line in ["list", "show web", "disable web", CREATE] {
        world.line(line).run().code(5).stdout("");
    }
    assert_eq!(world.verify(&token, ""), 5);
}

#[test]
fn the_checks_of_the_schema_hold() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world.create("--scope inference --name api");
    let sql = world.sql();
    let before = world.tables();
    for change in [
        "UPDATE keys SET kind = 'root'",
        "UPDATE keys SET hash = NULL",
        "UPDATE keys SET deleted_at = 1",
        "UPDATE keys SET usable_until = 1",
        "UPDATE keys SET grace_from = 1",
        "UPDATE keys SET disabled_at = 1",
        "UPDATE keys SET disabled_by = 'alice'",
        "UPDATE keys SET created_at = 'yesterday'",
        "UPDATE keys SET name = 'web'",
        "UPDATE keys SET id = '7h2m9qxw4d1e'",
        "UPDATE keys SET owner = NULL",
        "INSERT INTO event_head VALUES (2, 0, x'00')",
        "UPDATE events SET hash = NULL",
    ] {
        assert!(sql.execute(change, []).is_err(), "{change}");
    }
    sql.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    for change in [
        "INSERT INTO scope_implies VALUES ('project', 'nosuch')",
        "DELETE FROM scopes WHERE name = 'inference'",
    ] {
        assert!(sql.execute(change, []).is_err(), "{change}");
    }
    assert_eq!(world.tables(), before);
}

#[test]
fn the_log_and_its_index_stay_in_place() {
    let world = World::new();
    let token = world.create("--scope inference --name web");
    for line in ["list", "edit web --label a=b", "delete web --yes"] {
        for suffix in ["-wal", "-shm"] {
            assert!(
                world.path(&format!("keyctl.db{suffix}")).exists(),
                "before {line}: {suffix}"
            );
        }
        world.run(line);
    }
    world.verify(&token, "");
    for suffix in ["-wal", "-shm"] {
        assert!(
            world.path(&format!("keyctl.db{suffix}")).exists(),
            "at the end: {suffix}"
        );
    }
}

#[test]
fn a_reader_changes_no_byte() {
    let world = World::new();
    let token = world.create("--scope inference --name web");
    let dir = world.db().parent().unwrap().to_owned();
    let before = files(&dir);
    world.run("list");
    world.run("show web");
    world.run("purge --owner alice --dry-run");
    world.verify(&token, "--no-touch");
    let after = files(&dir);
    assert!(after["keyctl.db"] == before["keyctl.db"]);
    assert!(after["keyctl.db-wal"] == before["keyctl.db-wal"]);
}

#[test]
fn a_refused_change_leaves_the_whole_transaction_undone() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let before = world.tables();
    // The log cannot be written, so neither can the key.
    let sql = world.sql();
    sql.execute_batch("UPDATE event_head SET seq = 0").unwrap();
    let tampered = world.tables();
    for line in [
        "disable web",
        "edit web --name api",
        "rotate web",
        "delete web --yes",
        "create --scope inference",
    ] {
        world.line(line).run().code(5);
        assert_eq!(world.tables(), tampered, "{line}");
    }
    sql.execute_batch("UPDATE event_head SET seq = 2").unwrap();
    assert_eq!(world.tables(), before);
    world.run("disable web");
}

#[test]
fn an_empty_file_that_others_may_read_is_closed_to_them() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    std::fs::write(world.db(), "").unwrap();
    std::fs::set_permissions(world.db(), std::fs::Permissions::from_mode(0o664)).unwrap();
    world.create("--scope inference");
    for suffix in ["", "-wal", "-shm"] {
        let path = world.path(&format!("keyctl.db{suffix}"));
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{suffix}");
    }
}

#[test]
fn a_hash_is_replaced_only_if_it_is_still_the_one_that_was_read() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let hash = world.query("SELECT hash FROM keys");
    let id = world.query("SELECT id FROM keys").parse().unwrap();
    let address = Address::of_file(&world.db()).unwrap();
    let mut store = store::open(&address, Mode::Write).unwrap();
    let mut replace = |old: &str, new: &str| {
        store::write(&mut *store, |tx| tx.replace_hash(id, old, new)).unwrap()
    };
    assert!(!replace("another", "new"));
    assert!(replace(&hash, "new"));
    assert!(!replace(&hash, "newer"));
    assert_eq!(world.query("SELECT hash FROM keys"), "new");
    // Nor that of a key that was deleted meanwhile.
    world.run("delete web --yes");
    assert!(!replace("new", "newest"));
    assert_eq!(world.query("SELECT hash IS NULL FROM keys"), "1");
}

#[test]
fn what_lies_beside_a_store_is_no_store_itself() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    let copy = world.path("copy.db");
    let copied = copy.to_str().unwrap();
    world.line(&format!("backup {copied}")).run().code(0);
    let commands: [&[&str]; 6] = [
        &["create", "--scope", "inference"],
        &["init"],
        &["list"],
        &["verify"],
        &["doctor"],
        &["restore", "--yes", copied],
    ];
    for suffix in ["-wal", "-shm", "-journal"] {
        let part = world.path(&format!("keyctl.db{suffix}"));
        let link = world.path(&format!("link{suffix}"));
        symlink(&part, &link).unwrap();
        let message = format!(
            "{} is a part of a store, not a store\nhint: the store is {}\n",
            part.display(),
            world.db().display()
        );
        for is_there in [false, true] {
            drop(fs::remove_file(&part));
            if is_there {
                fs::write(&part, "").unwrap();
            }
            let before = files(world.db().parent().unwrap());
            for command in commands {
                let ran = on(&world, &part, command).stdin(&token).run();
                ran.fails(5, &message);
                let ran = on(&world, &link, command).stdin(&token).run();
                if is_there {
                    ran.fails(5, &message);
                } else {
                    assert!([4, 5].contains(&ran.code), "{ran:?}");
                }
            }
            assert!(files(world.db().parent().unwrap()) == before, "{suffix}");
        }
        fs::remove_file(&part).unwrap();
    }
    world.run("show web");
}

#[test]
fn no_copy_comes_to_lie_where_it_would_be_a_part_of_a_store_nor_is_one_restored() {
    let world = World::quick();
    let copy = world.path("copy.db");
    world
        .line(&format!("backup {}", copy.display()))
        .run()
        .code(0);
    let part = world.path("copy.db-wal");
    let message = format!("{} is a part of a store, not a store\n", part.display());
    let backup = format!("backup {}", part.display());
    world.line(&backup).run().fails(5, &message);
    assert!(!part.exists());
    let restore = format!("restore --yes {}", part.display());
    world.line(&restore).run().fails(5, &message);
}

#[test]
fn a_missing_store_is_said_to_be_missing_where_it_was_looked_for() {
    let world = World::new();
    let db = world.path("gone.db");
    let hint = "makes one; if it is somewhere else, name it with --db or KEYCTL_DB\n";
    let from = world.line("list").var("KEYCTL_DB", &db).run();
    from.fails(
        5,
        &format!(
            "there is no store at {} (from KEYCTL_DB)\nhint: 'keyctl init' {hint}",
            db.display()
        ),
    );
    on(&world, &db, &["list"]).run().fails(
        5,
        &format!(
            "there is no store at {shown}\nhint: 'keyctl --db {shown} init' {hint}",
            shown = db.display()
        ),
    );
    let own = world.line("list").without_db().run().code(5).stderr;
    assert!(!own.contains("from"), "{own}");
    // Empty is as if it were not set.
    let empty = world.line("list").var("KEYCTL_DB", "").run().code(5);
    empty.stderr(&own);
}

#[test]
fn a_name_that_ends_as_a_part_s_is_good_where_there_is_no_whole() {
    let world = World::new();
    for name in ["keys-wal", "-journal", "directory-shm"] {
        fs::create_dir_all(world.path("directory")).unwrap();
        let path = world.path(name);
        on(&world, &path, &["init"]).run().code(0);
        on(&world, &path, &["list"]).run().code(0);
    }
}

#[test]
fn snapshot_inside_a_snapshot_is_refused_even_where_the_store_was_replaced() {
    let world = World::quick();
    let store = world.opened();
    let refused = |error: Error| {
        assert_eq!(error.kind, FailureKind::Busy);
        assert!(
            error.to_string().ends_with("is being read already"),
            "{error}"
        );
        Ok(())
    };
    let inner = || store::read(&*store, |_| Ok(())).or_else(refused);
    store::read(&*store, |_| inner()).unwrap();
    let another = world.path("another.db");
    world.run(&format!("backup {}", another.display()));
    store::read(&*store, |_| {
        fs::rename(&another, world.db()).unwrap();
        inner()
    })
    .unwrap();
    // It is of use again, and follows the path.
    store::read(&*store, |moment| moment.head()).unwrap();
}

#[test]
fn write_after_a_look_at_another_file_in_the_store_s_place_says_that_it_was_replaced() {
    let world = World::quick();
    let address = Address::of_file(&world.db()).unwrap();
    let mut store = store::open(&address, Mode::Write).unwrap();
    let another = world.path("another.db");
    world.run(&format!("backup {}", another.display()));
    fs::rename(&another, world.db()).unwrap();
    store::read(&*store, |moment| moment.head()).unwrap();
    let error = store::write(&mut *store, |_| Ok(())).unwrap_err();
    assert_eq!(error.kind, FailureKind::Busy);
    assert!(error.message.ends_with("was replaced while it was in use"));
}

/// A command line for the store at `path`.
fn on<'w>(world: &'w World, path: &Path, words: &[&str]) -> Cmd<'w> {
    let db = [OsString::from("--db"), path.into()];
    let words = words.iter().map(OsString::from);
    world.cmd(db.into_iter().chain(words)).without_db()
}
