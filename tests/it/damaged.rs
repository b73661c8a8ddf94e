//! A key whose record somebody or something has spoilt: nobody can use it, doctor names it, it can be
//! deleted by its ID, and everything else goes on.

use crate::harness::{Ran, World, id_of};
use rusqlite::Connection;

/// The commands that spoil one column each of the key named `bad`, and the column.
const SPOILT: [(&str, &str); 27] = [
    ("expires_at = 9223372036854775807", "expires_at"),
    ("expires_at = -9223372036854775807", "expires_at"),
    ("created_at = 9223372036854775807", "created_at"),
    ("created_at = -9223372036854775807", "created_at"),
    ("last_used_at = 9223372036854775807", "last_used_at"),
    (
        "grace_from = 9223372036854775807, usable_until = 1",
        "grace_from",
    ),
    (
        "grace_from = 1, usable_until = 9223372036854775807",
        "usable_until",
    ),
    (
        "disabled_at = 9223372036854775807, disabled_by = 'eve'",
        "disabled_at",
    ),
    (
        "deleted_at = 9223372036854775807, hash = NULL",
        "deleted_at",
    ),
    ("replaces = 'x'", "replaces"),
    ("replaced_by = 'x'", "replaced_by"),
    ("kind = 'root'", "kind"),
    ("name = CAST(x'ff' AS TEXT)", "name"),
    ("owner = CAST(x'ff' AS TEXT)", "owner"),
    ("created_by = CAST(x'ff' AS TEXT)", "created_by"),
    ("scopes = CAST(x'ff' AS TEXT)", "scopes"),
    ("scopes = NULL", "scopes"),
    ("labels = CAST(x'ff' AS TEXT)", "labels"),
    ("labels = '{\"team\":1}'", "labels"),
    ("labels = NULL", "labels"),
    ("allow_from = ''", "allow_from"),
    ("allow_from = '10.0.0.0/8 '", "allow_from"),
    ("allow_from = '10.0.0.1/8'", "allow_from"),
    ("allow_from = CAST(x'ff' AS TEXT)", "allow_from"),
    ("first_used_at = 9223372036854775807", "first_used_at"),
    ("imported = 0", "imported"),
    ("imported = 2", "imported"),
];

/// A store with the keys `good`, `bad` and `last`, all of alice.
struct Scene {
    world: World,
    good: String,
    bad: String,
    last: String,
}

impl Scene {
    fn new() -> Self {
        let world = World::quick();
        world.policy("hash", "sha256");
        let make = |name: &str| {
            world.advance("1s");
            world.create(&format!(
                "--name {name} --scope inference --label team=search"
            ))
        };
        let (good, bad, last) = (make("good"), make("bad"), make("last"));
        Scene {
            world,
            good,
            bad,
            last,
        }
    }

    /// Spoils the record of `bad`.
    fn spoil(&self, change: &str) {
        let id = id_of(&self.bad);
        let sql = format!(
            "PRAGMA ignore_check_constraints = ON; UPDATE keys SET {change} WHERE id = '{id}'"
        );
        self.world.sql().execute_batch(&sql).unwrap();
    }

    fn line(&self, line: &str) -> Ran {
        self.world
            .line(&line.replace("BAD", &id_of(&self.bad)))
            .run()
    }
}

#[track_caller]
fn prints(ran: &Ran, part: &str) {
    assert!(
        ran.stdout.contains(part),
        "not printed: {part:?} in {ran:#?}"
    );
}

#[test]
fn each_damaged_column_makes_doctor_name_the_key_and_delete_remove_it() {
    for (change, column) in SPOILT {
        let scene = Scene::new();
        scene.spoil(change);
        let id = id_of(&scene.bad);
        let what = format!("its {column} cannot be read");
        let ran = scene.line("doctor").code(1);
        prints(&ran, &format!("the key {id}: {what}"));
        prints(&ran, " delete ID");
        // Verification reads no labels.
        let verified = if column == "labels" { 0 } else { 5 };
        assert_eq!(scene.world.verify(&scene.bad, ""), verified, "{change}");
        // Not by her name, where that or the owner cannot be read.
        let owner = if column == "owner" { "carol" } else { "alice" };
        let run = |line: &str| {
            let line = line.replace("BAD", &id);
            scene.world.line(&line).user(owner).run()
        };
        run("delete BAD").fails(4, "delete needs confirmation");
        run("delete BAD --yes -m spoilt")
            .code(0)
            .says(&format!("deleted {id}"));
        let events = scene.world.events();
        let event = events.last().unwrap();
        assert_eq!(
            (event.action.as_str(), event.key_id.as_deref()),
            ("delete", Some(&*id))
        );
        assert_eq!(event.detail()["reason"], "spoilt");
        assert!(event.detail()["damage"].to_string().contains(&what));
        scene.world.check_chain();
        assert_eq!(scene.world.verify(&scene.bad, ""), 1, "{change}");
        scene.line("show BAD").fails(3, "there is no key");
        let log = scene.line("log --key BAD --format json").code(0).json();
        assert_eq!(log[0]["key_name"], "bad", "{change}");
        let ran = scene.line("doctor --format json");
        assert!(!ran.stdout.contains("\"damage\""), "{change}: {ran:#?}");
    }
}

#[test]
fn everything_else_goes_on_beside_a_damaged_key() {
    for (change, column) in SPOILT {
        let scene = Scene::new();
        scene.spoil(change);
        let (world, id) = (&scene.world, id_of(&scene.bad));
        for token in [&scene.good, &scene.last] {
            assert_eq!(world.verify(token, "--scope inference"), 0, "{change}");
        }
        // An ID beside it that is none.
        let unknown = scene.bad.replace(&id, "000000000000");
        assert_ne!(world.verify(&unknown, ""), 5, "{change}");
        for line in [
            "show good",
            "create --scope inference --name new",
            "rotate good",
            "edit last --name other",
            "disable other",
            "enable other",
            "delete other --yes",
            "purge --owner alice --yes",
            "log",
            "log --check",
            "scope list",
        ] {
            scene.line(line).code(0);
        }
        let policy = "policy set max-expiry 90d";
        world.line(policy).user("carol").run().code(0);
        // One whose deletion cannot be read may be deleted.
        let states = ["", "--state all"]
            .into_iter()
            .skip(usize::from(column == "deleted_at"));
        for state in states {
            for (format, lines) in [
                ("json", 1),
                ("jsonl", 2),
                ("csv", 3),
                ("ids", 2),
                ("table", 3),
            ] {
                for sort in ["", "--sort name", "--owner alice"] {
                    if sort == "--owner alice" && column == "owner" {
                        continue;
                    }
                    let line = format!("list --quiet {state} --format {format} {sort}");
                    let ran = scene.line(&line).code(0);
                    assert_eq!(
                        ran.stdout.lines().count(),
                        lines,
                        "{change}: {line} {ran:#?}"
                    );
                    ran.says(&format!("1 key is damaged and not listed: {id}\n"))
                        .says("hint: 'keyctl doctor' says what is wrong with it\n");
                }
            }
        }
    }
}

#[test]
fn a_damaged_key_stops_no_emergency_stop_of_its_owners_other_keys() {
    for line in ["disable --owner alice", "delete --owner alice --yes"] {
        let scene = Scene::new();
        scene.spoil("expires_at = 9223372036854775807");
        let id = id_of(&scene.bad);
        let ran = scene.line(line).fails(5, "");
        ran.says(&format!(
            "the key {id} is damaged: its expires_at cannot be read\n"
        ))
        .says(&format!("keyctl delete {id}"));
        for token in [&scene.good, &scene.last] {
            assert_eq!(scene.world.verify(token, ""), 1, "{line}");
        }
        assert_eq!(scene.world.verify(&scene.bad, ""), 5);
    }
}

#[test]
fn a_damaged_key_is_told_of_whichever_form_its_owners_name_is_given_in() {
    for line in ["disable --owner e\u{301}", "delete --owner e\u{301} --yes"] {
        let scene = Scene::new();
        scene.spoil("expires_at = 9223372036854775807");
        let sql = scene.world.sql();
        sql.execute_batch(
            "UPDATE keys SET owner = 'é'; UPDATE keys SET labels = json_object('team', 'é')",
        )
        .unwrap();
        let ran = scene.line("list --label team=e\u{301} --format ids");
        prints(&ran.code(0), &id_of(&scene.good));
        let ran = scene.world.line(line).user("é").run().fails(5, "");
        ran.says(&id_of(&scene.bad));
    }
}

#[test]
fn a_key_that_no_change_could_be_written_of_stops_no_emergency_stop() {
    for (change, column) in [
        ("hash = NULL", "hash"),
        ("disabled_at = 1", "disabled_by"),
        ("disabled_by = 'eve'", "disabled_at"),
        ("grace_from = 1", "usable_until"),
        ("usable_until = 1", "grace_from"),
    ] {
        let scene = Scene::new();
        scene.spoil(change);
        let ran = scene.line("disable --owner alice").fails(5, "the key ");
        ran.says(&format!("its {column} cannot be read\n"));
        for token in [&scene.good, &scene.last] {
            assert_eq!(scene.world.verify(token, ""), 1, "{change}");
        }
        let verified = if column == "hash" { 1 } else { 5 };
        assert_eq!(scene.world.verify(&scene.bad, ""), verified, "{change}");
        prints(&scene.line("doctor").code(1), &id_of(&scene.bad));
        scene.line("delete BAD --yes").code(0);
    }
}

#[test]
fn a_damaged_key_is_deleted_by_its_id_in_a_shown_token() {
    for form in ["kc_BAD", "kc_BAD_…", "\u{feff}kc_BAD_..."] {
        let scene = Scene::new();
        scene.spoil("kind = 'root'");
        scene.line(&format!("delete {form} --yes")).code(0);
        scene.line("doctor").code(0);
    }
}

#[test]
fn all_damaged_keys_of_an_owner_are_named_in_any_form_of_the_name() {
    let scene = Scene::new();
    let sql = "PRAGMA ignore_check_constraints = ON; UPDATE keys SET owner = 'jos\u{e9}'; \
               UPDATE keys SET kind = 'root' WHERE name <> 'good'";
    scene.world.sql().execute_batch(sql).unwrap();
    let run = |line: &str| scene.world.line(line).user("carol").run();
    let named = format!(
        "2 keys are damaged: {}, {}\n",
        id_of(&scene.bad),
        id_of(&scene.last)
    );
    for owner in ["jos\u{e9}", "jose\u{301}"] {
        run(&format!("disable --owner {owner}")).fails(5, &named);
        run(&format!("delete --owner {owner} --yes")).fails(5, &named);
    }
    run("list --limit 1").says("no keys; there may be more");
}

#[test]
fn purge_of_all_keys_of_an_owner_tells_of_the_damaged_one_that_stays() {
    let scene = Scene::new();
    scene.spoil("expires_at = 9223372036854775807");
    let ran = scene.line("purge --owner alice --all --yes");
    ran.fails(5, "the key ").says("purged 2 keys");
}

#[test]
fn a_damaged_key_is_deleted_by_its_owner_or_an_administrator_alone() {
    let scene = Scene::new();
    scene.spoil("expires_at = 9223372036854775807");
    let before = scene.world.log();
    let delete = format!("delete {} --yes", id_of(&scene.bad));
    scene
        .world
        .line(&delete)
        .user("bob")
        .run()
        .fails(4, "'bob' may not manage keys of 'alice'");
    scene.spoil("owner = CAST(x'ff' AS TEXT)");
    scene.world.line(&delete).run().fails(4, "'alice' may not ");
    assert_eq!(scene.world.log(), before);
    // At once with others it is not.
    let both = format!("delete {} good --yes", id_of(&scene.bad));
    scene
        .world
        .line(&both)
        .user("carol")
        .run()
        .fails(5, "the key ");
    assert_eq!(scene.world.verify(&scene.good, ""), 0);
    scene.world.line(&delete).user("carol").run().code(0);
}

#[test]
fn a_store_with_a_damaged_key_is_backed_up_and_restored_as_it_is() {
    for (change, column) in SPOILT.into_iter().filter(|(_, column)| *column != "labels") {
        let scene = Scene::new();
        let world = &scene.world;
        scene.spoil(change);
        let id = id_of(&scene.bad);
        let told = format!("the key {id}: its {column} cannot be read\n");
        let copy = world.path("copy.db").display().to_string();
        scene
            .line(&format!("backup --quiet {copy}"))
            .code(0)
            .says(&format!("copied with its damage: {told}"));
        world.run("disable good");
        let restore = |line: &str| world.line(line).user("carol").run();
        let ran = restore(&format!("restore {copy} --yes")).code(0);
        ran.says(&format!("restored with its damage: {told}"))
            .says("1 key will become valid again:")
            .says(&id_of(&scene.good));
        assert_eq!(world.verify(&scene.good, ""), 0);
        assert_eq!(world.verify(&scene.bad, ""), 5, "{change}");
        // Where there is none.
        let elsewhere = World::new();
        elsewhere.run(&format!("restore {copy} --yes"));
        assert_eq!(elsewhere.verify(&scene.bad, ""), 5, "{change}");
        assert_eq!(elsewhere.verify(&scene.last, ""), 0);
    }
}

#[test]
fn a_key_that_works_though_its_labels_are_damaged_is_not_restored_unseen() {
    let scene = Scene::new();
    let world = &scene.world;
    let (copy, id) = (world.path("copy.db"), id_of(&scene.bad));
    world.run(&format!("backup {}", copy.display()));
    let spoil = "UPDATE keys SET labels = CAST(x'ff' AS TEXT)";
    Connection::open(&copy)
        .unwrap()
        .execute_batch(spoil)
        .unwrap();
    world.run(&format!("delete {id} --yes"));
    let restore = format!("restore {} --yes", copy.display());
    let ran = world.line(&restore).user("carol").run();
    ran.fails(5, "the copy ").says("its labels cannot be read");
    assert_eq!(world.verify(&scene.bad, ""), 1);
    world.sql().execute_batch(spoil).unwrap();
    let backup = format!("backup {}", world.path("other.db").display());
    scene
        .line(&backup)
        .fails(5, "the store ")
        .says("its labels cannot be read");
}

#[test]
fn a_store_with_a_damaged_key_is_asked_what_a_restore_will_revive() {
    let scene = Scene::new();
    let world = &scene.world;
    let copy = world.path("copy.db").display().to_string();
    world.run(&format!("backup {copy}"));
    world.run("disable good");
    scene.spoil("expires_at = 9223372036854775807");
    // Bad works in the copy, and does not now.
    let ran = world
        .line(&format!("restore {copy} --yes"))
        .user("carol")
        .run()
        .code(0);
    ran.says("2 keys will become valid again:")
        .says(&id_of(&scene.good))
        .says(&id_of(&scene.bad));
    assert_eq!(world.verify(&scene.bad, ""), 0);
}

#[test]
fn many_damaged_keys_are_counted() {
    let scene = Scene::new();
    scene
        .world
        .create("--name more --scope inference --count 30");
    let spoil = "UPDATE keys SET created_at = 9223372036854775807 WHERE name <> 'good'";
    scene.world.sql().execute_batch(spoil).unwrap();
    let ran = scene.line("list").code(0);
    assert!(ran.stdout.contains("good"));
    ran.says("32 keys are damaged and not listed: ")
        .says(", …\n");
    let copy = scene.world.path("copy.db");
    scene
        .line(&format!("backup {}", copy.display()))
        .code(0)
        .says("and more");
    prints(&scene.line("doctor").code(1), "20 places or more");
}

#[test]
fn damage_behind_many_damaged_keys_is_not_overlooked() {
    let scene = Scene::new();
    scene
        .world
        .create("--name more --scope inference --count 30");
    let copy = scene.world.path("copy.db");
    let spoil = "UPDATE keys SET created_at = 9223372036854775807;
                 INSERT OR REPLACE INTO policy VALUES ('max-expiry', 'often')";
    scene.world.sql().execute_batch(spoil).unwrap();
    let ran = scene.line(&format!("backup {}", copy.display()));
    ran.fails(5, "the store ")
        .says("its policy cannot be read: max-expiry");
}

#[test]
fn a_damaged_policy_is_mended_by_setting_or_unsetting_it() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    for (mend, max) in [
        ("policy set max-expiry 30d", "30d"),
        ("policy unset max-expiry", "365d"),
        ("policy set max-expiry 365d", "365d"),
    ] {
        for value in ["'often'", "CAST(x'ff' AS TEXT)"] {
            let sql = format!("INSERT OR REPLACE INTO policy VALUES ('max-expiry', {value})");
            world.sql().execute_batch(&sql).unwrap();
            assert_eq!(world.verify(&token, ""), 5);
            world
                .line("policy show")
                .run()
                .fails(5, "the store ")
                .says("is damaged: its policy cannot be read: max-expiry\n")
                .says("set it again: keyctl ")
                .says("policy set max-expiry VALUE");
            world
                .line(mend)
                .run()
                .fails(4, "'alice' may not set policy");
            let ran = world.line(mend).user("carol").run().code(0);
            ran.says(&format!("max-expiry is now {max} (was damaged)"));
            assert_eq!(world.verify(&token, ""), 0);
            let shown = world.run("policy show --format json").json();
            assert_eq!(shown["max-expiry"], max);
            assert!(world.events().last().unwrap().detail()["old"].is_null());
        }
    }
    world.check_chain();
}

#[test]
fn of_two_damaged_settings_each_can_be_mended() {
    let world = World::quick();
    let sql = "INSERT OR REPLACE INTO policy VALUES ('max-expiry', 'often'), ('hash', 'rot13')";
    world.sql().execute_batch(sql).unwrap();
    for line in ["policy unset hash", "policy set max-expiry 30d"] {
        world.line(line).user("carol").run().code(0);
    }
    world.create("--scope inference");
}

#[test]
fn costs_that_no_hash_can_have_are_mended_by_setting_one_of_them() {
    let world = World::quick();
    world.policy("argon2-memory", "1048576");
    world.policy("argon2-iterations", "100");
    world.line("policy show").run().fails(5, "the store ");
    world
        .line("policy set argon2-iterations 2")
        .user("carol")
        .run()
        .code(0);
    world.run("policy show");
}

#[test]
fn a_damaged_key_that_an_index_hides_is_not_deleted_for_another() {
    let scene = Scene::new();
    scene.spoil("expires_at = 9223372036854775807");
    let (bad, good) = (id_of(&scene.bad), id_of(&scene.good));
    // The index of IDs finds the one where the other is.
    let sql = Connection::open(scene.world.db()).unwrap();
    sql.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)
        .unwrap();
    sql.execute_batch(&format!(
        "PRAGMA foreign_keys = OFF; PRAGMA writable_schema = ON;
         CREATE TABLE kept AS SELECT rootpage, sql FROM sqlite_schema WHERE name = 'keys';
         UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL UNIQUE', 'NOT NULL') WHERE name = 'keys';
         CREATE TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 'sqlite_autoindex_keys_1';
         DELETE FROM sqlite_schema WHERE name = 'sqlite_autoindex_keys_1';
         PRAGMA writable_schema = RESET;
         UPDATE keys SET id = CASE id WHEN '{bad}' THEN '{good}' WHEN '{good}' THEN '{bad}' ELSE id END;
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = (SELECT sql FROM kept) WHERE name = 'keys';
         INSERT INTO sqlite_schema SELECT * FROM hidden;
         DROP TABLE kept; DROP TABLE hidden;
         PRAGMA writable_schema = RESET"
    ))
    .unwrap();
    drop(sql);
    let before = scene.world.tables();
    for id in [bad, good] {
        let delete = format!("delete {id} --yes");
        scene.world.line(&delete).user("carol").run().code(5);
    }
    assert_eq!(scene.world.tables(), before);
}

#[test]
fn an_event_that_cannot_be_read_keeps_no_other_line_of_the_log_from_being_shown() {
    let scene = Scene::new();
    let sql = format!(
        "UPDATE events SET actor = CAST(x'ff' AS TEXT) WHERE key_id = '{}'",
        id_of(&scene.bad)
    );
    scene.world.sql().execute_batch(&sql).unwrap();
    for format in ["table", "lines", "json", "jsonl"] {
        let ran = scene.line(&format!("log --format {format}"));
        prints(&ran, &id_of(&scene.good));
        prints(&ran, &id_of(&scene.last));
        ran.code(5).says(" of its log cannot be read");
    }
    let ran = scene.line("show BAD");
    prints(&ran, &id_of(&scene.bad));
    ran.code(5).says(" of its log cannot be read");
}
