//! A schema that is not the one that was made: what a file brings along is not run.

use super::{Stage, sound, with_secret_of};
use crate::harness::id_of;

#[test]
fn an_index_that_leads_to_another_key_lets_nobody_in() {
    let stage = Stage::new();
    let other = stage.world.create("--name other --scope inference,project");
    let swapped = with_secret_of(&stage.active, &other);
    assert_eq!(stage.verify(&swapped), 1);
    // Each finds the other by its ID: the rows change places, the index stays as it was.
    stage.tamper(&format!(
        "PRAGMA writable_schema = ON;
         CREATE TABLE kept AS SELECT rootpage, sql FROM sqlite_schema WHERE name = 'keys';
         UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL UNIQUE', 'NOT NULL') WHERE name = 'keys';
         CREATE TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 'sqlite_autoindex_keys_1';
         DELETE FROM sqlite_schema WHERE name = 'sqlite_autoindex_keys_1';
         PRAGMA writable_schema = RESET;
         UPDATE keys SET id = CASE id WHEN '{0}' THEN '{1}' WHEN '{1}' THEN '{0}' ELSE id END;
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = (SELECT sql FROM kept) WHERE name = 'keys';
         INSERT INTO sqlite_schema SELECT * FROM hidden;
         DROP TABLE kept; DROP TABLE hidden;
         PRAGMA writable_schema = RESET",
        id_of(&stage.active),
        id_of(&other)
    ));
    for token in [
        &stage.active,
        &other,
        &swapped,
        &with_secret_of(&other, &stage.active),
    ] {
        let ran = stage.world.line("verify").stdin(token).run();
        ran.fails(5, "the store ").says("leads to the wrong key");
    }
    let ran = stage.world.line(&format!("show {}", id_of(&other))).run();
    ran.fails(5, "the store ").says("leads to the wrong key");
    stage.meet();
}

#[test]
fn an_index_of_names_that_lies_has_no_other_key_changed() {
    let stage = Stage::new();
    stage.world.create("--name other --scope inference");
    let before = stage.world.tables();
    // Both indexes of names say what the rows do not.
    stage.tamper(
        "PRAGMA writable_schema = ON;
         CREATE TABLE hidden AS SELECT * FROM sqlite_schema WHERE name IN ('keys_name', 'keys_live_name');
         DELETE FROM sqlite_schema WHERE name IN ('keys_name', 'keys_live_name');
         PRAGMA writable_schema = RESET;
         UPDATE keys SET name = CASE name WHEN 'api' THEN 'other' WHEN 'other' THEN 'api' ELSE name END;
         PRAGMA writable_schema = ON;
         INSERT INTO sqlite_schema SELECT * FROM hidden;
         DROP TABLE hidden;
         PRAGMA writable_schema = RESET",
    );
    let tampered = stage.world.tables();
    assert_ne!(tampered, before);
    for line in [
        "delete other --yes",
        "disable other",
        "rotate other",
        "show other",
    ] {
        let ran = stage.world.line(line).run();
        ran.fails(5, "the store ").says("leads to the wrong key");
    }
    assert_eq!(stage.world.tables(), tampered);
    stage.meet();
}

#[test]
fn a_trigger_that_undeletes_is_not_run() {
    let stage = Stage::new();
    stage.tamper(
        "CREATE TRIGGER back AFTER UPDATE OF deleted_at ON keys WHEN new.deleted_at IS NOT NULL BEGIN
             UPDATE keys SET deleted_at = NULL, hash = old.hash WHERE seq = new.seq; END;
         CREATE TRIGGER on_again AFTER UPDATE OF disabled_at ON keys BEGIN
             UPDATE keys SET disabled_at = NULL, disabled_by = NULL WHERE seq = new.seq; END;
         CREATE TRIGGER quiet AFTER INSERT ON events BEGIN
             DELETE FROM events WHERE seq = new.seq; END",
    );
    let other = stage.world.create("--name other --scope inference");
    stage.world.run("disable other");
    assert_eq!(stage.verify(&other), 1);
    stage.world.run("delete api --yes");
    assert_eq!(stage.verify(&stage.active), 1);
    stage.world.check_chain();
    stage.world.run("log --check");
    stage.meet();
}

#[test]
fn a_view_in_the_place_of_a_table_is_not_asked() {
    for table in [
        "keys",
        "key_scopes",
        "policy",
        "scopes",
        "events",
        "administrators",
    ] {
        let stage = Stage::new();
        stage.tamper(&format!(
            "PRAGMA legacy_alter_table = ON; ALTER TABLE {table} RENAME TO kept;
             CREATE VIEW {table} AS SELECT * FROM kept"
        ));
        let ran = match table {
            "events" => stage.world.line("log").run(),
            "administrators" => stage.world.line("admin list").run(),
            "key_scopes" => stage.world.line("list --scope inference").run(),
            _ => {
                let verify = stage.world.line("verify --scope inference");
                verify.stdin(&stage.active).run()
            }
        };
        ran.fails(5, "the store ")
            .says("its tables are not as keyctl makes them");
        stage.read();
    }
}

#[test]
fn a_table_of_another_module_is_not_read() {
    for module in ["fts5(id, name)", "rtree(id, name, owner)"] {
        let stage = Stage::new();
        stage.tamper(&format!(
            "PRAGMA legacy_alter_table = ON; ALTER TABLE policy RENAME TO kept;
             PRAGMA writable_schema = ON;
             INSERT INTO sqlite_schema VALUES
                 ('table', 'policy', 'policy', 0, 'CREATE VIRTUAL TABLE policy USING {module}');
             PRAGMA writable_schema = RESET"
        ));
        let ran = stage.world.line("verify").stdin(&stage.active).run();
        ran.fails(5, "the store ")
            .says("a table that keyctl does not make");
        stage.read();
    }
}

#[test]
fn columns_that_are_computed_let_nobody_in() {
    let stage = Stage::new();
    stage.tamper(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'deleted_at   INTEGER,',
             'deleted_at   INTEGER AS (NULL),') WHERE name = 'keys';
         PRAGMA writable_schema = RESET",
    );
    stage.meet();
}

#[test]
fn a_store_without_its_tables_fails() {
    let tables = [
        "keys",
        "key_scopes",
        "policy",
        "scopes",
        "scope_implies",
        "events",
        "event_head",
        "administrators",
        "members",
    ];
    let stage = Stage::new();
    for table in tables {
        stage.tamper(&format!("DROP TABLE {table}"));
        stage.read();
        stage.reset();
    }
    stage.tamper(&tables.map(|table| format!("DROP TABLE {table};")).concat());
    stage.read();
    for token in &stage.shut {
        assert_eq!(stage.verify(token), 5);
    }
}

#[test]
fn a_version_that_is_none_is_refused() {
    let stage = Stage::new();
    for version in ["-1", "7", "2147483647", "-2147483648"] {
        stage.tamper(&format!("PRAGMA user_version = {version}"));
        let ran = stage.world.line("verify").stdin(&stage.active).run();
        ran.fails(5, "the store ").says("written by a newer keyctl");
        stage.read();
    }
    // One that has yet to be brought up to date, with all that that is about to make.
    for version in ["0", "1", "2", "3", "4", "5"] {
        stage.tamper(&format!("PRAGMA user_version = {version}"));
        stage.meet();
    }
}

#[test]
fn what_the_schema_says_moves_no_cursor() {
    let stage = Stage::new();
    stage.tamper(
        "PRAGMA writable_schema = ON;
         INSERT INTO sqlite_schema VALUES ('table', 'x\u{1b}[2J', 'x\u{1b}[2J', 99999, 'CREATE TABLE \u{1b}]0;x\u{7}(');
         PRAGMA writable_schema = RESET",
    );
    let ran = stage.world.line("verify").stdin(&stage.active).run();
    assert_eq!(sound(&ran), 5);
    ran.says("database disk image is malformed");
    stage.meet();
}

#[test]
fn bytes_of_a_row_in_the_schema_are_not_repeated() {
    let stage = Stage::new();
    // Everything that SQLite names when it refuses a schema is a stored hash.
    for sql in [
        "UPDATE sqlite_schema SET name = (SELECT hash FROM kept) WHERE name = 'members'",
        "UPDATE sqlite_schema SET sql = (SELECT hash FROM kept) WHERE name = 'members'",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE members(' || (SELECT hash FROM kept) || ')' WHERE name = 'members'",
        "UPDATE sqlite_schema SET type = (SELECT hash FROM kept) WHERE name = 'members'",
        "UPDATE sqlite_schema SET name = (SELECT hash FROM kept), tbl_name = (SELECT hash FROM kept), \
         sql = 'CREATE TABLE \"' || (SELECT hash FROM kept) || '\" (x)' WHERE name = 'members'",
    ] {
        stage.tamper(&format!(
            "CREATE TEMP TABLE kept AS SELECT hash FROM keys WHERE name = 'api';
             PRAGMA writable_schema = ON; {sql}"
        ));
        stage.meet();
        let ran = stage.world.line("doctor").run();
        assert!([1, 5].contains(&sound(&ran)), "{ran:#?}");
        stage.reset();
    }
}
