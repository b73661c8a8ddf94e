//! `keyctl doctor`, and what it finds wrong with a store's content.

use crate::harness::World;
use keyctl::store::{Location, open_to_read};

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
    copy
}

/// What is wrong with the store's content.
fn damage(world: &World) -> Vec<String> {
    let location = Location::new(&world.db()).unwrap();
    open_to_read(&location).unwrap().damage().unwrap()
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
            "there is a foreign table: 'extra'",
        ),
        (
            "CREATE TRIGGER evil AFTER INSERT ON keys BEGIN DELETE FROM events; END",
            "there is a foreign trigger: 'evil'",
        ),
        (
            "CREATE VIEW peek AS SELECT hash FROM keys",
            "there is a foreign view: 'peek'",
        ),
        (
            "CREATE INDEX more ON keys (hash)",
            "there is a foreign index: 'more'",
        ),
        ("DROP INDEX keys_name", "the index keys_name is missing"),
        ("DROP TABLE members", "the table members is missing"),
        (
            "ALTER TABLE members ADD COLUMN x TEXT",
            "the table members is not as it was made",
        ),
        (
            "UPDATE keys SET id = 'x' WHERE name = 'web'",
            "the key in row 1: a key's id cannot be read",
        ),
        (
            "UPDATE keys SET replaces = 'x' WHERE name = 'web'",
            "a key's replaces cannot be read",
        ),
        (
            "UPDATE keys SET expires_at = 9223372036854775807 WHERE name = 'web'",
            "a key's expires_at cannot be read",
        ),
        (
            "UPDATE keys SET name = CAST(x'ff' AS TEXT) WHERE name = 'web'",
            "a key's name cannot be read",
        ),
        (
            "UPDATE keys SET name = 'a' || char(27) WHERE name = 'web'",
            "the name 'a\\u{1b}' has a control character",
        ),
        (
            "UPDATE keys SET owner = '' WHERE name = 'web'",
            "the owner is empty",
        ),
        (
            "UPDATE keys SET created_by = '' WHERE name = 'web'",
            "'' is not a user's name",
        ),
        (
            "UPDATE keys SET hash = '$argon2id$v=19$m=1048577,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' WHERE name = 'web'",
            "its hash cannot be read, or would cost too much to be run",
        ),
        (
            "UPDATE keys SET hash = 'plain' WHERE name = 'web'",
            "its hash cannot be read, or would cost too much to be run",
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
            "UPDATE key_scopes SET scope = 'nowhere' WHERE key = 1",
            "there is no scope 'nowhere', which it has",
        ),
        (
            "UPDATE key_labels SET label = 'a=b' WHERE label = 'tier'",
            "'a=b' is not a label key",
        ),
        (
            "UPDATE key_labels SET value = CAST(zeroblob(20000000) AS TEXT)",
            "string or blob too big",
        ),
        (
            "UPDATE scope_implies SET implied = 'nowhere' WHERE name = 'project'",
            "the scope 'project' implies 'nowhere': one of them is not there",
        ),
        (
            "INSERT INTO scopes VALUES ('Not A Scope', '')",
            "'Not A Scope' is not a scope name",
        ),
        (
            "INSERT INTO key_labels VALUES (99, 'a', 'b')",
            "a row of key_labels refers to one of keys that is not there",
        ),
        (
            "INSERT INTO policy VALUES ('max-expiry', 'often')",
            "its policy cannot be read: 'often' is not a duration",
        ),
        (
            "INSERT INTO policy VALUES ('nonsense', '1')",
            "its policy cannot be read",
        ),
        ("UPDATE members SET role = 'guest'", "'guest' is not a role"),
        (
            "INSERT INTO administrators VALUES ('')",
            "'' is not a user's name",
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
