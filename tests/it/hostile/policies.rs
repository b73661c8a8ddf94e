//! Policy that no administrator could have set, and scopes that imply one another round and round.

use super::{Stage, sound};

#[test]
fn a_policy_that_cannot_be_right_is_not_followed() {
    let stage = Stage::new();
    for (name, value) in [
        ("argon2-memory", "0"),
        ("argon2-memory", "4294967295"),
        ("argon2-memory", "4294967296"),
        ("argon2-memory", "-1"),
        ("argon2-iterations", "0"),
        ("argon2-iterations", "4294967295"),
        ("hash", "none"),
        ("hash", ""),
        ("key-prefix", "kc\u{1b}[2J"),
        ("key-prefix", ""),
        ("key-prefix", "a_very_long_prefix_that_no_one_may_have"),
        ("max-expiry", "99999999999999y"),
        ("default-expiry", "0s"),
        ("default-grace", "never"),
        ("root", "yes"),
        ("a\u{1b}[2J\nb", "yes"),
    ] {
        stage.world.policy(name, value);
        for line in ["verify", "create --scope inference", "policy show"] {
            let ran = stage.world.line(line).stdin(&stage.active).run();
            assert_eq!(sound(&ran), 5, "{name}={value:?} {line}");
            ran.fails(5, "the store ").says("its policy ");
        }
        stage.read();
        stage.reset();
    }
}

#[test]
fn scopes_that_go_round_and_round_come_to_an_end() {
    let stage = Stage::new();
    stage.tamper(
        "INSERT INTO scopes VALUES ('a', ''), ('b', ''), ('c', '');
         INSERT INTO scope_implies VALUES ('a', 'a'), ('a', 'b'), ('b', 'c'), ('c', 'a'), ('inference', 'a');",
    );
    for (scope, code) in [("a", 0), ("c", 0), ("project", 6), ("d", 2)] {
        let line = format!("verify --scope {scope}");
        let ran = stage.world.line(&line).stdin(&stage.active).run();
        assert_eq!(sound(&ran), code, "{scope}");
    }
    stage.meet();
}

#[test]
fn twenty_thousand_steps_of_implication_are_gone() {
    let stage = Stage::new();
    stage.tamper(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO scopes SELECT 's' || i, '' FROM n;
         INSERT INTO scope_implies SELECT name, 's' || (CAST(substr(name, 2) AS INTEGER) + 1)
             FROM scopes WHERE name GLOB 's[0-9]*' AND name <> 's20000';
         INSERT INTO scope_implies VALUES ('inference', 's1')",
    );
    for (scope, code) in [("s20000", 0), ("project", 6)] {
        let line = format!("verify --scope {scope}");
        let ran = stage.world.line(&line).stdin(&stage.active).run();
        assert_eq!(sound(&ran), code, "{scope}");
    }
    // What is suggested, or named, of so many is little.
    for scope in ["zzz", "s1000000"] {
        let ran = stage
            .world
            .line(&format!("verify --scope {scope}"))
            .stdin(&stage.active)
            .run();
        assert_eq!(sound(&ran), 2);
        assert!(
            ran.stderr.len() < 4096,
            "{} bytes of advice",
            ran.stderr.len()
        );
    }
}
