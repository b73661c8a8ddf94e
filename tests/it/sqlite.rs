//! Commands on a SQLite file: what they leave in its bytes and rows, and what they meet in one that no
//! command has written so.

use crate::harness::{World, forged, id_of};
use crate::migrations::{DOWNGRADE_TO_THIRD, downgrade};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};

/// A uid that is neither 0 nor that of anybody else here.
const FILE_OWNER: u32 = 4_000_777;

/// `disable -` and `delete - --yes`.
const BOTH: [&str; 2] = ["disable -", "delete - --yes"];

/// Changes the store as no command does.
fn tamper(world: &World, sql: &str) {
    let tamper = format!("PRAGMA ignore_check_constraints = ON; {sql}");
    world.sql().execute_batch(&tamper).unwrap();
}

/// The bytes of the store's file and of the log beside it.
fn bytes(world: &World) -> Vec<u8> {
    let mut bytes = fs::read(world.db()).unwrap();
    // A look at the store by SQL may have removed the log.
    bytes.extend(fs::read(world.path("keyctl.db-wal")).unwrap_or_default());
    bytes
}

fn holds(bytes: &[u8], part: &str) -> bool {
    bytes
        .windows(part.len())
        .any(|found| found == part.as_bytes())
}

#[test]
fn the_files_owner_and_root_always_are_administrators() {
    let world = World::quick();
    world.hash_fast();
    if rustix::process::geteuid().is_root() {
        chown(world.db(), Some(FILE_OWNER), None).unwrap();
    }
    let owner = fs::metadata(world.db()).unwrap().uid();
    for (uid, name) in [(owner, "data:read"), (0, "data:write")] {
        world
            .line(&format!("scope add {name}"))
            .user("whoever")
            .uid(uid)
            .run()
            .code(0);
    }
    world
        .line("scope add data:list")
        .user("whoever")
        .uid(FILE_OWNER + 1)
        .run()
        .code(4);
    world.run("admin list").stdout("carol\n");
}

#[test]
fn create_for_another_owner_is_for_root_and_the_files_owner_too() {
    let world = World::quick();
    let file_owner = fs::metadata(world.db()).unwrap().uid();
    for uid in [0, file_owner] {
        world
            .line("create --scope inference --owner carol")
            .user("root")
            .uid(uid)
            .run()
            .code(0);
    }
    let keys = world.keys();
    assert_eq!(keys.iter().filter(|key| key.owner == "carol").count(), 2);
}

#[test]
fn the_hash_of_the_secret_is_kept_and_nothing_else_of_it() {
    let world = World::new();
    let token = world.create("--scope inference");
    let secret = &token[token.len() - 49..token.len() - 6];
    assert!(
        world
            .hash(&id_of(&token))
            .unwrap()
            .starts_with("$argon2id$v=19$m=7168,t=5,p=1$")
    );
    for file in fs::read_dir(world.path("")).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let found = bytes
            .windows(16)
            .any(|part| part == &secret.as_bytes()[..16]);
        assert!(!found, "the secret is in the store");
    }
}

#[test]
fn its_hash_is_wiped_from_the_file_and_the_log() {
    let world = World::quick();
    // Enough for several pages, so that a page is split or merged where a hash lay.
    world.create("--scope inference --name web --count 60 --label note=x");
    let hashes: Vec<String> = (1..=60)
        .map(|n| world.query(&format!("SELECT hash FROM keys WHERE name = 'web-{n}'")))
        .collect();
    let before = bytes(&world);
    assert!(hashes.iter().all(|hash| holds(&before, hash)));
    world.run("delete web-7 --yes");
    let after = bytes(&world);
    assert!(!holds(&after, &hashes[6]));
    // The tag alone would do to try secrets on.
    let (_, tag) = hashes[6].rsplit_once('$').unwrap();
    assert!(!holds(&after, tag));
    assert!(holds(&after, &hashes[7]));

    world.run("delete --owner alice --yes");
    let after = bytes(&world);
    for hash in &hashes {
        let (_, tag) = hash.rsplit_once('$').unwrap();
        assert!(!holds(&after, tag));
    }
    assert_eq!(world.query("SELECT count(hash) FROM keys"), "0");
}

#[test]
fn scopes_labels_and_hash_go_with_the_record() {
    let world = World::quick();
    world.create("--scope inference,project --name web --label team=a --expires 1h --count 30");
    world.create("--scope inference --name other --label team=b");
    world.advance("2h");
    let hash = world.query("SELECT hash FROM keys WHERE name = 'web-17'");
    world
        .run("purge --owner alice --yes")
        .stderr("purged 30 keys\n");
    let (_, tag) = hash.rsplit_once('$').unwrap();
    assert!(!holds(&bytes(&world), tag));
    assert_eq!(world.query("SELECT count(*) FROM key_scopes"), "1");
    assert_eq!(world.record("other")["replaces"], Value::Null);
}

#[test]
fn no_touch_leaves_every_byte_of_the_store_as_it_is() {
    let world = World::new();
    let good = world.create("--scope inference --name good");
    let off = world.create("--scope inference --name off");
    world.run("disable off");
    world.policy("argon2-iterations", "6");
    world.run("list");
    let bytes = || fs::read(world.db()).unwrap();
    let before = bytes();
    for (token, code) in [(&good, 0), (&off, 1)] {
        assert_eq!(world.verify(token, "--no-touch"), code);
    }
    assert_eq!(bytes(), before);
    assert!(world.keys().iter().all(|key| key.last_used_at.is_none()));
    assert!(!world.log().contains(&"reuse".to_owned()));
    assert!(!world.log().contains(&"rehash".to_owned()));
}

#[test]
fn a_forged_token_where_no_hash_is_kept_stops_nothing_either() {
    for line in BOTH {
        let world = World::quick();
        let token = world.create("--scope inference --name web");
        world.policy("hash", "sha256");
        let fast = world.create("--scope inference --name fast");
        let before = world.tables();
        // No command leaves a key so that is not deleted.
        tamper(&world, "UPDATE keys SET hash = NULL WHERE name = 'web'");
        let wiped = world.tables();
        world
            .line(line)
            .stdin(&token)
            .run()
            .fails(5, "line 1: the key ");
        world
            .line(line)
            .stdin(forged(&fast))
            .run()
            .fails(3, "line 1: the token kc_");
        assert_eq!(world.tables(), wiped);
        assert_ne!(before, wiped);
        world.line(line).stdin(&fast).run().code(0);
    }
}

#[test]
fn a_row_that_cannot_be_read_keeps_no_other_key_alive() {
    let world = World::quick();
    let odd = world.create("--scope inference --name odd");
    let token = world.create("--scope inference --name web");
    tamper(&world, "UPDATE keys SET kind = 'odd' WHERE name = 'odd'");
    let ran = world
        .line("disable -")
        .stdin(format!("{odd}\n{token}"))
        .run();
    assert!(ran.fails(5, "line 1: ").stderr.starts_with("disabled "));
    assert_ne!(world.verify(&token, "--no-touch"), 0);
}

#[test]
fn in_a_list_of_all_each_key_has_its_own_scopes_and_labels() {
    let world = World::new();
    for (name, line) in [
        (
            "a",
            "--scope inference --label team=search --label env=prod",
        ),
        ("b", "--scope project,inference"),
        ("c", "--scope project --label env=test"),
        ("d", "--scope inference --label team=ads"),
        ("e", "--scope project,inference --label env=prod"),
    ] {
        world.create(&format!("{line} --name {name}"));
    }
    world.run("delete b --yes");
    // As if a clock had been put back: the order of creation is not that of the rows.
    let earlier = "UPDATE keys SET created_at = created_at - 1 WHERE name = 'd'";
    world.sql().execute(earlier, []).unwrap();
    // An entry of the index that leads to no key.
    world
        .sql()
        .execute_batch("INSERT INTO key_scopes VALUES ('project', 0), ('project', 99)")
        .unwrap();
    for (line, order) in [("--state all", "dabce"), ("", "dace")] {
        let listed = world.run(&format!("list {line} --format json")).json();
        let listed = listed.as_array().unwrap();
        let names = listed.iter().map(|key| key["name"].as_str().unwrap());
        assert_eq!(names.collect::<String>(), order);
        for key in listed {
            assert_eq!(*key, world.record(key["id"].as_str().unwrap()));
        }
    }
}

#[test]
fn in_a_store_of_the_first_schema_too_a_tombstone_holds_no_scope() {
    let world = World::new();
    world.run("init");
    downgrade(&world.sql());
    world
        .sql()
        .execute_batch(
            "INSERT INTO scopes VALUES ('data:read', '');
         INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by) VALUES
             ('7h2m9qxw4d1e', 'gone', 'alice', 'api', '$sha256$x', 0, 'alice'),
             ('7h2m9qxw4d1f', 'keep', 'alice', 'api', '$sha256$x', 0, 'alice');
         INSERT INTO key_scopes SELECT seq, 'data:read' FROM keys;
         INSERT INTO key_scopes SELECT seq, 'project' FROM keys WHERE name = 'keep'",
        )
        .unwrap();
    world.run("delete gone --yes");
    assert_eq!(
        world.record("keep")["scopes"],
        json!(["data:read", "project"])
    );
    world.run("edit keep --remove-scope data:read");
    world.run("scope remove data:read");
    assert_eq!(world.record("7h2m9qxw4d1e")["scopes"], json!(["data:read"]));
    world.run("purge --yes");
    assert_eq!(world.query("SELECT count(*) FROM key_scopes"), "1");
}

#[test]
fn a_policy_that_is_unset_or_set_to_its_default_leaves_no_row() {
    let world = World::new();
    world.run("init");
    let rows = || world.query("SELECT count(*) FROM policy");
    world.run("policy set max-expiry 30d");
    assert_eq!(rows(), "1");
    world.run("policy set max-expiry 365d");
    assert_eq!(rows(), "0");
    world.run("policy set key-prefix acme");
    world.run("policy unset key-prefix");
    assert_eq!(rows(), "0");
}

#[test]
fn a_scope_is_implied_through_a_circle() {
    let world = World::new();
    world.create("--scope inference");
    tamper(
        &world,
        "INSERT INTO scopes VALUES ('all', ''), ('most', ''), ('other', '');
         INSERT INTO scope_implies VALUES ('all', 'most'), ('most', 'project'), ('most', 'all')",
    );
    let token = world.create("--scope all");
    for (scope, code) in [("most", 0), ("inference", 0), ("other", 6)] {
        let line = format!("--scope {scope}");
        assert_eq!(world.verify(&token, &line), code, "{scope}");
    }
}

#[test]
fn a_file_in_the_home_directory_is_looked_into_where_the_line_names_it() {
    let world = World::quick();
    world.create("--scope inference --name other");
    let ran = world
        .cmd(["--", "keyctl", "--db", "~/keyctl.db", "show", "o"])
        .without_db()
        .var("HOME", world.path("."))
        .var("KEYCTL_COMPLETE", "bash")
        .run();
    assert!(ran.stdout.starts_with("other\t"), "{ran:?}");
}

#[test]
fn list_and_scope_remove_go_by_the_key_where_the_index_has_more() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    let line = "scope add extra --description more";
    world.line(line).user("carol").run().code(0);
    world
        .sql()
        .execute_batch("INSERT INTO key_scopes SELECT 'extra', seq FROM keys")
        .unwrap();
    world
        .run("list --scope extra")
        .stdout("")
        .stderr("no keys\n");
    assert_eq!(world.verify(&token, "--scope extra"), 6);
    world.line("scope remove extra").user("carol").run().code(0);
}

#[test]
fn restore_makes_the_index_of_scopes_anew() {
    let world = World::quick();
    world.create("--scope inference,project --name web");
    world.create("--scope inference --name other");
    let entries = || world.query("SELECT group_concat(scope || key) FROM key_scopes");
    let before = entries();
    world
        .sql()
        .execute_batch(
            "DELETE FROM key_scopes WHERE key = 1; INSERT INTO key_scopes VALUES ('project', 2)",
        )
        .unwrap();
    let copy = world.path("copy.db").display().to_string();
    world.run(&format!("backup {copy}"));
    let restore = format!("restore {copy} --yes");
    world.line(&restore).user("carol").run().code(0);
    assert_eq!(entries(), before);
}

#[test]
fn purge_leaves_no_entry_in_the_index_of_scopes() {
    let world = World::quick();
    world.create("--scope inference,project --name web");
    let damaged = world.create("--scope inference,project --name bad");
    world.create("--scope inference --name other");
    let spoil = "UPDATE keys SET scopes = CAST(x'ff' AS TEXT) WHERE name = 'bad'";
    world.sql().execute(spoil, []).unwrap();
    world.run("delete web --yes");
    world.run("purge --owner alice --yes");
    world.run(&format!("delete {} --yes", id_of(&damaged)));
    assert_eq!(
        world.query("SELECT group_concat(scope) FROM key_scopes"),
        "inference"
    );
}

#[test]
fn edit_of_scopes_moves_the_key_in_the_index() {
    let world = World::quick();
    world.create("--scope inference,project --name web --label a=b");
    let row = || {
        let entries = world.query("SELECT group_concat(scope || key) FROM key_scopes");
        entries + " " + &world.query("SELECT scopes || labels FROM keys")
    };
    assert_eq!(row(), r#"inference1,project1 inference project{"a":"b"}"#);
    world.run("edit web --remove-scope inference");
    assert_eq!(row(), r#"project1 project{"a":"b"}"#);
    world.run("edit web --scope inference --label c=d");
    assert_eq!(row(), r#"inference1 inference{"a":"b","c":"d"}"#);
    world.run("edit web --remove-label a --name new");
    assert_eq!(row(), r#"inference1 inference{"c":"d"}"#);
}

#[test]
fn list_by_label_finds_exactly_the_keys_with_that_label_and_value() {
    let world = World::quick();
    let labels = [
        "team=search",
        "team=search2",
        "team2=search",
        r#"a={"team":"search"}"#,
        r#"a=,"team":"search"#,
        r#"team=search","a":"b"#,
        r"team=search\",
        "size=ärger",
        "empty=",
    ];
    for (number, label) in labels.iter().enumerate() {
        let line = "create --scope inference --label z=z";
        world.run(&format!("{line} --name k{number} --label {label}"));
    }
    let ids = || {
        let found = |label| world.run(&format!("list --format ids --label {label}"));
        labels.map(|label| found(label).stdout)
    };
    let before = ids();
    for (number, listed) in before.iter().enumerate() {
        let id = world.record(&format!("k{number}"))["id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(*listed, format!("{id}\n"), "{}", labels[number]);
    }
    world.sql().execute_batch(DOWNGRADE_TO_THIRD).unwrap();
    assert_eq!(ids(), before);
    world.run("edit k0 --name other");
    assert_eq!(ids(), before);
}
