//! `keyctl doctor`, and what it finds wrong with a store's content.

use crate::harness::{Ran, World};
use crate::migrations;
use keyctl::store::DAMAGE;
use serde_json::json;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// A store in which somebody has worked: keys in every state, labels, projects, policy.
fn worked_in() -> World {
    let world = World::quick();
    world.create("--scope project --name web --label team=search --label tier=1");
    world.create("--scope inference --name ci");
    world.run("rotate ci --grace 30d");
    world.create("--scope inference --name gone");
    world.run("delete gone --yes");
    world.create("--scope inference,project --name off");
    world.run("disable off");
    for line in [
        "create --kind legacy --name robot",
        "scope add data:read --implies inference --description 'reads'",
        "member add search alice --role owner",
        "admin add dave",
        "policy set default-expiry 30d",
    ] {
        world.line(line).user("carol").run().code(0);
    }
    world
}

/// A world of its own with the same store.
fn copy_of(world: &World) -> World {
    let copy = World::new();
    let into = copy.db().display().to_string();
    world.sql().execute("VACUUM INTO ?1", [into]).unwrap();
    set_mode(copy.db(), 0o600);
    copy
}

/// What is wrong with the store's content.
fn damage(world: &World) -> Vec<String> {
    let remarks = World::examine(&world.db()).unwrap();
    let damage = remarks.findings.into_iter().filter(|it| it.code == DAMAGE);
    damage.map(|it| it.message).collect()
}

#[test]
fn a_sound_store_has_no_damage() {
    let world = worked_in();
    assert_eq!(damage(&world), Vec::<String>::new());
}

#[test]
fn each_damage_is_told() {
    let sound = worked_in();
    for (sql, told) in [
        (
            "CREATE TABLE extra (x)",
            "the table 'extra' was not made by keyctl",
        ),
        (
            "CREATE TRIGGER evil AFTER INSERT ON keys BEGIN DELETE FROM events; END",
            "the trigger 'evil' was not made by keyctl",
        ),
        (
            "CREATE VIEW peek AS SELECT hash FROM keys",
            "the view 'peek' was not made by keyctl",
        ),
        (
            "CREATE INDEX more ON keys (hash)",
            "the index 'more' was not made by keyctl",
        ),
        ("DROP INDEX keys_name", "the index keys_name is missing"),
        ("DROP TABLE members", "the table members is missing"),
        (
            "ALTER TABLE members ADD COLUMN x TEXT",
            "the table members is not as it was made",
        ),
        (
            "UPDATE keys SET id = 'x' WHERE name = 'web'",
            "the key in row 1: its id cannot be read",
        ),
        (
            "UPDATE keys SET replaces = 'x' WHERE name = 'web'",
            "its replaces cannot be read",
        ),
        (
            "UPDATE keys SET expires_at = 9223372036854775807 WHERE name = 'web'",
            "its expires_at cannot be read",
        ),
        (
            "UPDATE keys SET name = CAST(x'ff' AS TEXT) WHERE name = 'web'",
            "its name cannot be read",
        ),
        (
            "UPDATE keys SET name = 'a' || char(27) WHERE name = 'web'",
            "the field name is not valid",
        ),
        (
            "UPDATE keys SET owner = '' WHERE name = 'web'",
            "the field owner is not valid",
        ),
        (
            "UPDATE keys SET created_by = '' WHERE name = 'web'",
            "the field created_by is not valid",
        ),
        (
            "UPDATE keys SET hash = '$argon2id$v=19$m=1048577,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' WHERE name = 'web'",
            "its hash cannot be read, or would cost too much to check",
        ),
        (
            "UPDATE keys SET hash = 'plain' WHERE name = 'web'",
            "its hash cannot be read, or would cost too much to check",
        ),
        (
            "UPDATE keys SET hash = NULL WHERE name = 'web'",
            "its hash is missing",
        ),
        (
            "UPDATE keys SET hash = '$sha256$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0' WHERE name = 'gone'",
            "it is deleted, and its hash is still there",
        ),
        (
            "UPDATE keys SET scopes = 'nowhere' WHERE seq = 1;
             UPDATE key_scopes SET scope = 'nowhere' WHERE key = 1",
            "it has the scope 'nowhere', which is not registered",
        ),
        (
            "UPDATE keys SET labels = replace(labels, ':', ' : ')",
            "its scopes or labels are not written as keyctl writes them",
        ),
        (
            "UPDATE keys SET scopes = ' ' || scopes WHERE name = 'web'",
            "the field scopes is not valid",
        ),
        (
            "UPDATE keys SET labels = replace(labels, 'tier', 'a=b')",
            "the field labels is not valid",
        ),
        (
            "UPDATE keys SET labels = CAST(zeroblob(20000000) AS TEXT) WHERE name = 'web'",
            "string or blob too big",
        ),
        (
            "UPDATE scope_implies SET implied = 'nowhere' WHERE name = 'project'",
            "the scope 'project' implies the scope 'nowhere', but one of them is not registered",
        ),
        (
            "INSERT INTO scopes VALUES ('Not A Scope', '')",
            "a scope's name is not valid",
        ),
        (
            "INSERT INTO key_scopes VALUES ('inference', 99)",
            "the key in row 99: the index of scopes has a scope that it does not have",
        ),
        (
            "INSERT INTO key_scopes VALUES ('project', (SELECT seq FROM keys WHERE scopes = 'inference'))",
            ": the index of scopes has a scope that it does not have",
        ),
        (
            "DELETE FROM key_scopes WHERE key = 1",
            ": the index of scopes lacks its scope ",
        ),
        (
            "INSERT INTO policy VALUES ('max-expiry', 'often')",
            "its policy cannot be read: max-expiry",
        ),
        (
            "INSERT INTO policy VALUES ('nonsense', '1')",
            "its policy cannot be read: a setting that keyctl does not know",
        ),
        (
            "UPDATE members SET role = 'guest'",
            "a member of the project 'search' has a name or role that is not valid",
        ),
        (
            "INSERT INTO administrators VALUES ('')",
            "an administrator's name is not valid",
        ),
        (
            "UPDATE event_head SET hash = x'00'",
            "the head of its log cannot be read",
        ),
        ("DELETE FROM event_head", "the head of its log"),
    ] {
        let world = copy_of(&sound);
        world
            .sql()
            .execute_batch(&format!(
                "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; {sql}"
            ))
            .unwrap();
        let lines = damage(&world);
        assert!(
            lines.iter().any(|line| line.contains(told)),
            "{sql}: {lines:#?}"
        );
        assert!(lines.len() < 5, "{sql}: {lines:#?}");
    }
}

/// A world with a store in which nothing is to be remarked on, and a key.
fn healthy() -> World {
    let world = World::new();
    world.run("init");
    world.run("policy set hash sha256");
    world.create("--scope inference --name web");
    world
}

/// The code of what is planted, and how it is.
type Planted = (&'static str, Box<dyn Fn(&World)>);

fn set_mode(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn execute(world: &World, sql: &str) {
    let off = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON";
    world.sql().execute_batch(&format!("{off}; {sql}")).unwrap();
}

/// The codes of the findings and of the notes, and the exit code that goes with them.
#[track_caller]
fn codes(ran: Ran) -> (Vec<String>, Vec<String>) {
    assert!(!ran.stdout.is_empty(), "{ran:#?}");
    let report = ran.json();
    let of = |what: &str| -> Vec<String> {
        let remarks = report[what].as_array().unwrap();
        remarks
            .iter()
            .map(|remark| remark["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let (findings, notes) = (of("findings"), of("notes"));
    ran.code(u8::from(!findings.is_empty()));
    (findings, notes)
}

#[track_caller]
fn doctor(world: &World) -> (Vec<String>, Vec<String>) {
    codes(world.line("doctor --format json").run())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[test]
fn nothing_is_said_of_a_healthy_store() {
    let world = healthy();
    let shown = world.db().display().to_string();
    let nothing = format!("store {shown}: nothing found\n");
    world.run("doctor").stdout("").stderr(&nothing);
    world.run("doctor --quiet").stdout("").stderr("");
    world
        .run("doctor --format json")
        .stdout(&format!(
            "{{\"findings\":[],\"notes\":[],\"store\":\"{shown}\"}}\n"
        ))
        .stderr(&nothing);
}

#[test]
fn nothing_is_found_in_a_store_in_which_somebody_has_worked() {
    assert_eq!(doctor(&worked_in()), (vec![], words(&["weak-hash"])));
}

#[test]
fn anybody_may_ask() {
    let world = healthy();
    world.line("doctor").user("bob").run().code(0);
}

#[test]
fn a_report_has_a_line_for_each_thing_and_one_for_its_cure() {
    let world = healthy();
    execute(
        &world,
        "INSERT INTO policy VALUES ('argon2-memory', '8'); UPDATE policy SET value = 'argon2id' WHERE name = 'hash'",
    );
    let shown = world.db().display().to_string();
    let found = format!("others may read {shown} (mode 0644)");
    let id = world.query("SELECT id FROM keys");
    set_mode(world.db(), 0o644);
    let hash =
        format!("not hashed as policy says (argon2id with 8 KiB and 5 iterations): 1 key ({id})");
    let renewal = "the next successful verification renews the hash; until then, verifying such a key takes longer or shorter than others";
    let weak = "policy makes hashes too cheap: argon2 with 8 KiB and 5 iterations is too weak";
    let least = "the weakest that OWASP recommends: 47104 KiB with 1, 19456 KiB with 2, 12288 KiB with 3, 9216 KiB with 4, 7168 KiB with 5";
    world
        .line("doctor")
        .run()
        .code(1)
        .stdout(&format!(
            "finding: {found}\n  hint: chmod go= {shown}\n\
             note: {hash}\n  hint: {renewal}\n\
             note: {weak}\n  hint: {least}\n"
        ))
        .stderr(&format!("store {shown}: 1 finding, 2 notes\n"));
    let remark = |code: &str, message: &str, hint: &str| json!({"code": code, "message": message, "hint": hint});
    let ran = world.line("doctor --format json").run().code(1);
    assert_eq!(
        ran.json(),
        json!({
            "findings": [remark("open-file", &found, &format!("chmod go= {shown}"))],
            "notes": [remark("hash", &hash, renewal), remark("weak-hash", weak, least)],
            "store": shown,
        })
    );
    assert!(
        ran.stdout
            .starts_with("{\"findings\":[{\"code\":\"open-file\",\"message\":")
    );
    assert_eq!(ran.stdout.lines().count(), 1);
}

#[test]
fn each_fault_that_is_planted_is_found_and_nothing_else() {
    let faults: Vec<Planted> = vec![
        ("open-file", Box::new(|world| set_mode(world.db(), 0o601))),
        (
            "open-file",
            Box::new(|world| set_mode(world.path("keyctl.db-wal"), 0o604)),
        ),
        (
            "open-file",
            Box::new(|world| set_mode(world.path("keyctl.db-shm"), 0o602)),
        ),
        (
            "open-directory",
            Box::new(|world| set_mode(world.path(""), 0o702)),
        ),
        (
            "open-directory",
            Box::new(|world| set_mode(world.path(""), 0o1777)),
        ),
        (
            "hard-link",
            Box::new(|world| fs::hard_link(world.db(), world.path("other")).unwrap()),
        ),
        (
            "not-a-file",
            Box::new(|world| {
                let wal = world.path("keyctl.db-wal");
                fs::rename(&wal, world.path("elsewhere")).unwrap();
                symlink("elsewhere", wal).unwrap();
            }),
        ),
        (
            "journal",
            Box::new(|world| symlink("other", world.path("keyctl.db-journal")).unwrap()),
        ),
        (
            "damage",
            Box::new(|world| execute(world, "CREATE INDEX more ON keys (hash)")),
        ),
        (
            "damage",
            Box::new(|world| execute(world, "UPDATE keys SET hash = 'plain'")),
        ),
        (
            "damage",
            Box::new(|world| execute(world, "UPDATE keys SET id = 'x'")),
        ),
        (
            "damage",
            Box::new(|world| execute(world, "INSERT INTO policy VALUES ('x', 'y')")),
        ),
        (
            "log",
            Box::new(|world| execute(world, "UPDATE events SET actor = 'x' WHERE seq = 2")),
        ),
        (
            "log",
            Box::new(|world| execute(world, "DELETE FROM events WHERE seq = 1")),
        ),
        (
            "expiry",
            Box::new(|world| execute(world, "UPDATE keys SET expires_at = NULL")),
        ),
        (
            "expiry",
            Box::new(|world| execute(world, "UPDATE keys SET expires_at = expires_at + 1")),
        ),
        (
            "expiry",
            Box::new(|world| execute(world, "INSERT INTO policy VALUES ('max-expiry', '30d')")),
        ),
        (
            "grace",
            Box::new(|world| {
                world.run("rotate web --grace 90d");
                execute(
                    world,
                    "UPDATE keys SET usable_until = usable_until + 1 WHERE usable_until IS NOT NULL",
                );
            }),
        ),
        (
            "legacy",
            Box::new(|world| execute(world, "UPDATE keys SET kind = 'legacy'")),
        ),
        (
            "legacy",
            Box::new(|world| {
                execute(
                    world,
                    "UPDATE keys SET kind = 'legacy', scopes = ''; DELETE FROM key_scopes",
                )
            }),
        ),
        (
            "scopes",
            Box::new(|world| execute(world, "UPDATE keys SET scopes = ''; DELETE FROM key_scopes")),
        ),
    ];
    for (i, (code, plant)) in faults.iter().enumerate() {
        let world = healthy();
        plant(&world);
        let before = fs::read(world.db()).unwrap();
        let (findings, notes) = doctor(&world);
        assert_eq!(findings, [*code], "fault {i}");
        // SQLite is not to follow a link.
        let unread = if ["not-a-file", "journal"].contains(code) {
            &["unread"][..]
        } else {
            &[]
        };
        assert_eq!(notes, unread, "{code}, fault {i}");
        assert!(fs::read(world.db()).unwrap() == before, "{code}, fault {i}");
    }
}

#[test]
fn a_journal_that_would_be_rolled_back_is_found_and_left_as_it_is() {
    let world = healthy();
    let journal = world.path("keyctl.db-journal");
    fs::write(&journal, [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]).unwrap();
    let before = fs::read(world.db()).unwrap();
    assert_eq!(doctor(&world), (words(&["journal"]), words(&["unread"])));
    assert!(fs::read(world.db()).unwrap() == before && journal.exists());
}

#[test]
fn a_journal_that_was_done_with_is_nothing_to_remark_on() {
    for content in [&[][..], &[0; 512]] {
        let world = healthy();
        fs::write(world.path("keyctl.db-journal"), content).unwrap();
        assert_eq!(doctor(&world), (vec![], vec![]));
    }
}

#[test]
fn what_was_cut_short_is_undone_by_what_doctor_says() {
    let world = healthy();
    let (db, journal) = (world.db(), world.path("keyctl.db-journal"));
    let sql = world.sql();
    sql.execute_batch(
        "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; \
         PRAGMA locking_mode = EXCLUSIVE; BEGIN; DELETE FROM keys; \
         CREATE TABLE junk AS SELECT zeroblob(200000) AS x; DROP TABLE junk",
    )
    .unwrap();
    // As a kill would leave them.
    let (begun, undo) = (fs::read(&db).unwrap(), fs::read(&journal).unwrap());
    drop(sql);
    assert!(fs::read(&db).unwrap() != begun);
    fs::write(&db, &begun).unwrap();
    fs::write(&journal, &undo).unwrap();
    let ran = world.line("doctor").run().code(1);
    assert!(
        ran.stdout.contains("was interrupted") && ran.stdout.contains("leave it there"),
        "{ran:#?}"
    );
    assert!(!ran.stdout.contains("move it"), "{ran:#?}");
    assert!(fs::read(&db).unwrap() == begun && fs::read(&journal).unwrap() == undo);
    world.create("--scope inference --name next");
    assert_eq!(
        world.query("SELECT group_concat(name) FROM keys"),
        "web,next"
    );
    assert_eq!(doctor(&world), (vec![], vec![]));
}

#[test]
fn the_first_bad_line_of_a_broken_log_is_named_with_its_word() {
    let world = healthy();
    execute(&world, "DELETE FROM events WHERE seq = 2");
    let ran = world.line("doctor").run().code(1);
    assert!(
        ran.stdout
            .starts_with("finding: the log is broken (missing): line 2 is missing\n"),
        "{ran:#?}"
    );
}

#[test]
fn what_restores_and_backups_leave_beside_the_store_is_noted() {
    let world = healthy();
    let copy = world.path("copy.db");
    world.run(&format!("backup {}", copy.display())).code(0);
    world
        .run(&format!("restore {} --yes", copy.display()))
        .code(0);
    assert_eq!(doctor(&world), (vec![], words(&["replaced"])));
    let told = world.line("doctor").run().code(0).stdout;
    let shown = world.db().display().to_string();
    assert!(
        told.starts_with(&format!(
            "note: files of replaced stores are still here (1): {shown}.replaced-"
        )),
        "{told}"
    );
    for found in fs::read_dir(world.path("")).unwrap() {
        let path = found.unwrap().path();
        if path.display().to_string().contains(".replaced-") {
            set_mode(path, 0o604);
        }
    }
    let both = (words(&["open-file"]), words(&["replaced"]));
    assert_eq!(doctor(&world), both);

    let world = healthy();
    // Neither a file nor another name is one of those.
    fs::write(world.path(".keyctl-1-0"), "").unwrap();
    fs::create_dir(world.path(".keyctl-x-0")).unwrap();
    fs::create_dir(world.path("keyctl.db.replaced-x")).unwrap();
    assert_eq!(doctor(&world), (vec![], vec![]));
    fs::create_dir(world.path(".keyctl-4194305-0")).unwrap();
    assert_eq!(doctor(&world), (vec![], words(&["leftover"])));
    assert!(world.path(".keyctl-4194305-0").exists());
}

#[test]
fn a_directory_on_the_way_that_a_group_may_write_is_noted() {
    let world = World::new();
    let db = world.path("a/b/keyctl.db").display().to_string();
    let run = |line: &str| {
        let line = format!("--db {db} {line}");
        world.line(&line).without_db().run()
    };
    run("init").code(0);
    set_mode(world.path("a"), 0o775);
    let noted = codes(run("doctor --format json"));
    assert_eq!(noted, (vec![], words(&["group"])));
}

#[test]
fn that_the_logs_head_is_gone_is_told_once() {
    let world = healthy();
    execute(&world, "DELETE FROM event_head");
    let ran = world.line("doctor").run().code(1);
    assert!(
        ran.stdout
            .starts_with("finding: the head of its log cannot be read\n  hint: "),
        "{ran:#?}"
    );
    assert_eq!(ran.stdout.matches("finding:").count(), 1, "{ran:#?}");
}

#[test]
fn each_thing_to_be_known_is_noted_and_nothing_else() {
    let notes: Vec<Planted> = vec![
        ("group", Box::new(|world| set_mode(world.db(), 0o640))),
        (
            "group",
            Box::new(|world| set_mode(world.path("keyctl.db-wal"), 0o620)),
        ),
        ("group", Box::new(|world| set_mode(world.path(""), 0o730))),
        ("unused", Box::new(|world| world.advance("90d"))),
        (
            "hash",
            Box::new(|world| {
                world.run("policy unset hash");
            }),
        ),
        (
            "schema",
            Box::new(|world| migrations::downgrade(&world.sql())),
        ),
        (
            "weak-hash",
            Box::new(|world| {
                execute(
                    world,
                    "DELETE FROM policy; INSERT INTO policy VALUES ('argon2-iterations', '1')",
                );
                world.run("delete web --yes");
            }),
        ),
    ];
    for (code, plant) in notes {
        let world = healthy();
        plant(&world);
        assert_eq!(doctor(&world), (vec![], words(&[code])));
    }
}

#[test]
fn a_key_that_no_longer_works_or_that_is_within_policy_is_nothing_to_remark_on() {
    let world = healthy();
    world.run("policy set max-expiry never");
    world.create("--scope inference --name long --expires never");
    world.create("--scope inference --name short --expires 1h");
    world.create("--kind legacy --name robot");
    world.create("--scope inference --name old");
    world.run("rotate old --grace 90d");
    assert_eq!(doctor(&world), (vec![], vec![]));
    world.run("delete long --yes");
    let successor = "SELECT id FROM keys WHERE name = 'old' AND usable_until IS NULL";
    world.run(&format!("edit {} --expires 1d", world.query(successor)));
    world.run("policy set max-expiry 1d");
    world.run("disable web");
    world.advance("2h");
    // 'web', which may be enabled again, outlives what is allowed now; 'short' is over.
    assert_eq!(doctor(&world), (words(&["expiry"]), vec![]));
    let ran = world.line("doctor").run().code(1);
    let id = world.query("SELECT id FROM keys WHERE name = 'web'");
    assert!(
        ran.stdout.contains(&format!(
            "living longer than policy allows (max-expiry 1d): 1 key ({id})"
        )),
        "{ran:#?}"
    );
}

#[test]
fn doctor_notes_nothing_of_a_group_that_init_set_up_and_all_that_it_may_besides() {
    let world = World::new();
    let db = world.path("shared/keyctl.db");
    let run = |line: &str| {
        let db = db.display().to_string();
        world.line(&format!("--db {db} {line}")).without_db().run()
    };
    run("init --group staff").code(0);
    run("create --scope inference").code(0);
    run("doctor").code(0).stdout("");
    set_mode(db.parent().unwrap(), 0o770);
    let gid = rustix::process::getegid().as_raw();
    let noted = run("doctor").code(0).stdout;
    let shown = db.parent().unwrap().display();
    assert!(
        noted.starts_with(&format!(
            "note: the group 'staff' (gid {gid}) may write {shown}, where the store is (mode 0770)\n"
        )),
        "{noted}"
    );
    // A store that a group shares since somebody changed its mode: nobody said that it should.
    let world = World::new();
    world.run("init");
    set_mode(world.db(), 0o660);
    let noted = codes(world.run("doctor --format json"));
    assert_eq!(noted, (vec![], words(&["group"])));
}

#[test]
fn a_directory_above_the_store_or_above_a_link_to_it_counts() {
    for link in [false, true] {
        let world = World::new();
        let (real, shown) = (world.path("a/b/keyctl.db"), world.path("l/keyctl.db"));
        fs::create_dir(world.path("l")).unwrap();
        let on = |db: &Path, line: &str| {
            let db = db.display().to_string();
            world.line(&format!("--db {db} {line}")).without_db().run()
        };
        on(&real, "init").code(0);
        symlink(&real, &shown).unwrap();
        assert_eq!(
            codes(on(&shown, "doctor --format json")),
            (vec![], words(&["via-link"]))
        );
        let open = if link { "l" } else { "a" };
        set_mode(world.path(open), 0o777);
        let (findings, _) = codes(on(&shown, "doctor --format json"));
        assert_eq!(findings, ["open-ancestor"]);
        set_mode(world.path(open), 0o1777);
        let (findings, _) = codes(on(&shown, "doctor --format json"));
        assert_eq!(findings, [""; 0]);
    }
}

#[test]
fn the_keyctl_that_a_shell_finds_is_noted_unless_it_is_this_one() {
    let world = healthy();
    for directory in ["bin", "other", "plain", "none"] {
        fs::create_dir(world.path(directory)).unwrap();
    }
    for (name, mode) in [
        ("bin/keyctl", 0o755),
        ("other/keyctl", 0o755),
        ("plain/keyctl", 0o644),
    ] {
        fs::write(world.path(name), "").unwrap();
        set_mode(world.path(name), mode);
    }
    fs::create_dir(world.path("none/keyctl")).unwrap();
    symlink(world.path("bin"), world.path("link")).unwrap();
    let found = |directories: &[&str]| -> String {
        let path = std::env::join_paths(directories.iter().map(|name| world.path(name))).unwrap();
        let ran = world
            .line("doctor --format json")
            .var("PATH", path)
            .run()
            .code(0);
        let notes = ran.json()["notes"].clone();
        match notes.as_array().unwrap().as_slice() {
            [] => String::new(),
            [note] => {
                assert_eq!(note["code"], json!("program"));
                note["message"].as_str().unwrap().to_owned()
            }
            more => panic!("{more:?}"),
        }
    };
    let own = world.path("bin/keyctl").display().to_string();
    let other = world.path("other/keyctl").display().to_string();
    assert_eq!(found(&["bin", "other"]), "");
    assert_eq!(found(&["link"]), "");
    assert_eq!(found(&["none", "plain", "missing", "bin"]), "");
    assert_eq!(
        found(&["plain", "other", "bin"]),
        format!("the shell finds another keyctl, {other}, and not this one, {own}")
    );
    assert_eq!(
        found(&["none", "plain"]),
        format!("the shell finds no keyctl in PATH; this one is {own}")
    );
}

#[test]
fn where_there_is_no_store_doctor_fails() {
    let world = World::new();
    let fails = |message: &str| {
        for line in ["doctor", "doctor --format json"] {
            let ran = world.line(line).run().code(5).stdout("");
            assert!(ran.stderr.contains(message), "{ran:#?}");
        }
    };
    fails("there is no store at");
    fs::write(world.db(), "").unwrap();
    fails("is empty");
    fs::write(
        world.db(),
        "no SQLite file, but longer than a header has to be".repeat(9),
    )
    .unwrap();
    fails("is not a keyctl store");
    fs::remove_file(world.db()).unwrap();
    world
        .sql()
        .execute_batch("CREATE TABLE theirs (x)")
        .unwrap();
    fails("is another program's SQLite file");
    world
        .sql()
        .execute_batch("PRAGMA user_version = 99; PRAGMA application_id = 0x6b63746c")
        .unwrap();
    fails("was written by a newer keyctl");
}

#[test]
fn a_file_that_is_damaged_is_a_finding_wherever_the_damage_lies() {
    const PAGE: usize = 4096;
    let sound = worked_in();
    let copy = copy_of(&sound);
    let bytes = fs::read(copy.db()).unwrap();
    let pages = bytes.len() / PAGE;
    let damaged = |what: &str, bytes: &[u8]| {
        fs::write(copy.db(), bytes).unwrap();
        let ran = copy.line("doctor --format json").run();
        let (findings, _) = codes(ran);
        let expected = |code: &String| code == "damage" || code == "log";
        assert!(
            findings.iter().any(|code| code == "damage"),
            "{what}: {findings:?}"
        );
        assert!(findings.iter().all(expected), "{what}: {findings:?}");
    };
    let with = |at: usize, noise: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + noise.len()].copy_from_slice(noise);
        bytes
    };
    damaged("the size of a page", &with(16, &[0, 3]));
    damaged("what SQLite holds constant", &with(21, &[0, 0, 0]));
    damaged("the first page's kind", &with(100, &[0xff]));
    damaged("half of it", &bytes[..pages / 2 * PAGE]);
    damaged("the header alone", &bytes[..PAGE]);
    for page in 1..pages {
        damaged(
            &format!("page {page} filled"),
            &with(page * PAGE, &[0xa5; PAGE]),
        );
        damaged(
            &format!("page {page} emptied"),
            &with(page * PAGE, &[0; PAGE]),
        );
    }
}

#[test]
fn a_file_whose_beginning_is_gone_is_damaged_where_sqlites_files_lie_beside_it() {
    for content in [&b""[..], b"x", &[0; 8192]] {
        let world = copy_of(&healthy());
        let log = world.path("keyctl.db-wal");
        fs::write(world.db(), content).unwrap();
        fs::write(&log, "what was written last").unwrap();
        set_mode(&log, 0o600);
        assert_eq!(doctor(&world), (words(&["damage"]), vec![]));
        let told = world.line("doctor").run().code(1).stdout;
        let hint = "hint: move it away, then restore a backup: keyctl restore PATH\n";
        assert!(
            told.contains(" was a store, and is damaged: ") && told.contains(hint),
            "{told}"
        );
        assert!(fs::read(&log).unwrap() == b"what was written last");
        assert!(fs::read(world.db()).unwrap() == content);

        fs::remove_file(&log).unwrap();
        let ran = world.line("doctor").run().code(5).stdout("");
        assert!(
            content.is_empty()
                || ran
                    .stderr
                    .contains("name another file: --db PATH; if it was a store, move it away"),
            "{ran:#?}"
        );
    }
}

#[test]
fn what_a_restore_would_refuse_to_replace_is_to_be_moved_away() {
    let sound = healthy();
    let world = copy_of(&sound);
    let backup = world.path("backup.db").display().to_string();
    world.run(&format!("backup {backup}")).code(0);
    let bytes = fs::read(world.db()).unwrap();
    let hint = |content: &[u8]| -> String {
        fs::write(world.db(), content).unwrap();
        let ran = world.line("doctor --format json").run().code(1);
        ran.json()["findings"][0]["hint"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        hint(&bytes[..4096]),
        "restore a backup of it: keyctl restore PATH"
    );
    assert_eq!(
        hint(&bytes[..50]),
        "move it away, then restore a backup: keyctl restore PATH"
    );
    let restore = format!("restore {backup} --yes");
    world
        .line(&restore)
        .run()
        .code(5)
        .says("hint: move it away");
    fs::rename(world.db(), world.path("moved")).unwrap();
    world.run(&restore).code(0);
    assert_eq!(world.query("SELECT name FROM keys"), "web");
}

#[test]
fn an_index_that_lies_is_found() {
    let world = healthy();
    let sql = world.sql();
    // The index of another table's page: what is looked up by name is not there.
    sql.execute_batch(
        "PRAGMA writable_schema = ON; \
         UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'keys_owner') \
         WHERE name = 'keys_created'",
    )
    .unwrap();
    drop(sql);
    let (findings, _) = doctor(&world);
    assert!(
        findings.iter().all(|code| code == "damage") && !findings.is_empty(),
        "{findings:?}"
    );
}

#[test]
fn damage_without_end_ends_with_and_more() {
    let world = healthy();
    execute(
        &world,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
         INSERT INTO administrators SELECT char(7) || i FROM n",
    );
    let lines = damage(&world);
    assert_eq!(lines.len(), 21, "{lines:#?}");
    assert_eq!(lines.last().map(String::as_str), Some("and more"));
    let ran = world
        .line("doctor")
        .run()
        .code(1)
        .says("1 finding, 0 notes");
    let begin = "finding: the store is damaged (20 places or more)\n";
    assert!(ran.stdout.starts_with(begin), "{}", ran.stdout);
    assert!(!ran.stdout.contains('\u{7}'));
    assert_eq!(ran.stdout.matches("hint:").count(), 1);
}

#[test]
fn nothing_is_made_beside_a_store_that_nobody_uses() {
    let world = copy_of(&healthy());
    assert_eq!(doctor(&world), (vec![], vec![]));
    let left: Vec<_> = fs::read_dir(world.path("")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn no_hash_is_ever_shown() {
    let world = healthy();
    let hash = world.query("SELECT hash FROM keys");
    let (_, digest) = hash.rsplit_once('$').unwrap();
    for sql in [
        "UPDATE keys SET hash = hash || 'x'",
        "UPDATE keys SET hash = CAST(hash AS BLOB)",
        "UPDATE keys SET hash = '$argon2id$' || hash",
        "UPDATE keys SET deleted_at = 1",
        "UPDATE keys SET id = 'x'",
    ] {
        let world = copy_of(&world);
        world
            .sql()
            .execute_batch("PRAGMA ignore_check_constraints = ON")
            .unwrap();
        // A strict table takes no BLOB: that one is not planted.
        drop(
            world
                .sql()
                .execute_batch(&format!("PRAGMA ignore_check_constraints = ON; {sql}")),
        );
        for line in ["doctor", "doctor --format json"] {
            let ran = world.line(line).run();
            assert!(!ran.stdout.contains(&digest[..8]), "{sql}: {ran:#?}");
            assert!(!ran.stderr.contains(&digest[..8]), "{sql}: {ran:#?}");
        }
    }
}

#[test]
fn doctor_notes_usable_keys_whose_owner_is_no_user_here() {
    let world = worked_in();
    for line in [
        "--owner zoe --name a",
        "--owner zoe --name b",
        "--owner uid:4711",
        "--owner bob",
    ] {
        let line = format!("create --scope inference {line}");
        world.line(&line).user("carol").run().code(0);
    }
    let doctor = |users: &[&str]| world.line("doctor --format json").users(users).run();
    let notes = |ran: &Ran| {
        let notes = ran.json()["notes"].clone();
        let notes = notes.as_array().unwrap().clone();
        let owners = notes.into_iter().filter(|note| note["code"] == "owners");
        owners.collect::<Vec<_>>()
    };
    let ran = doctor(&["alice", "bob", "carol"]).code(0);
    let [note] = &notes(&ran)[..] else {
        panic!("not one note: {ran:?}")
    };
    assert_eq!(
        note["message"],
        json!("usable, but the owner is not a user of this machine: 2 keys of 'zoe' (2)")
    );
    assert_eq!(
        note["hint"],
        json!(
            "if a user has left: keyctl disable --owner zoe, or give a key to another one: keyctl edit KEY --owner USER"
        )
    );
    let stop = world.line("disable --owner zoe").user("carol").run();
    stop.code(0);
    assert!(notes(&doctor(&["alice", "bob", "carol"])).is_empty());
}
