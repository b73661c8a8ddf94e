//! Edits of keys, and of the grace of rotated ones.

use super::fixture::{
    ACCESS, CHANGED, DAY, DENIED, HASH, HIDDEN, HOUR, POLICY, Row, STATE, Wall, now, refused,
};

const ID: &str = "000000000001";
const NEW: &str = "000000000002";

/// Requires that Alice is refused an update with `state`, and that Ada is not.
#[track_caller]
fn only_ada(wall: &Wall, id: &str, set: &str, state: &str) {
    assert_eq!(wall.update("anna", id, set), refused(state), "{set}");
    assert_eq!(wall.update("ada", id, set), CHANGED, "{set}");
}

#[test]
fn an_operator_edits_their_own_keys_only() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna"));
    let set = "name = 'other', labels = '{\"team\":\"search\"}', allow_from = '{10.0.0.0/8}'";
    assert_eq!(wall.reach("bob", ID, set), HIDDEN);
    assert_eq!(wall.value(ID, "name").unwrap(), format!("key {ID}"));
    assert_eq!(wall.update("anna", ID, set), CHANGED);
    assert_eq!(wall.update("ada", ID, "name = 'third'"), CHANGED);
}

#[test]
fn only_an_administrator_gives_a_key_away() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna"));
    only_ada(&wall, ID, "owner = 'bob'", ACCESS);
    // Bob cannot take what is not his, nor give it back.
    wall.given(&Row::new(NEW, "anna"));
    assert_eq!(wall.reach("bob", NEW, "owner = 'bob'"), HIDDEN);
    assert_eq!(wall.update("bob", ID, "owner = 'anna'"), refused(ACCESS));
}

#[test]
fn the_origin_and_the_hash_of_a_key_never_change() {
    let Some(wall) = Wall::alone() else { return };
    wall.given(&Row::new(ID, "anna"));
    let columns = [
        ("seq", "99"),
        ("id", "'000000000009'"),
        ("kind", "'legacy'"),
        ("created_at", "1"),
        ("created_by", "'bob'"),
        ("replaces", "'000000000009'"),
        ("imported", "true"),
    ];
    for (column, value) in columns {
        let set = format!("{column} = {value}");
        for user in ["anna", "ada"] {
            assert_eq!(
                wall.update(user, ID, &set),
                refused(DENIED),
                "{user}: {set}"
            );
        }
        // Not with a right that was given later either.
        wall.database
            .admin(&format!("GRANT UPDATE ({column}) ON keyctl.keys TO ada"));
        assert_eq!(wall.update("ada", ID, &set), refused(STATE), "{set}");
    }
    for column in ["hash", "first_used_at", "last_used_at"] {
        for user in ["anna", "ada"] {
            let done = wall.update(user, ID, &format!("{column} = NULL"));
            assert_eq!(done, refused(DENIED), "{user}: {column}");
        }
    }
}

#[test]
fn only_an_administrator_replaces_a_hash_and_with_an_event() {
    let Some(wall) = Wall::alone() else { return };
    wall.given(&Row::new(ID, "anna"));
    let replace = format!("SELECT keyctl.replace_hash('{ID}', '{HASH}', '$sha256$y')");
    for user in ["vera", "anna"] {
        assert_eq!(wall.sql(user, &replace), Err(DENIED.to_owned()), "{user}");
    }
    assert_eq!(wall.sql("ada", &replace), Err("KC001".to_owned()));
    assert_eq!(wall.value(ID, "hash").unwrap(), HASH);
    assert!(wall.change("ada", &[ID], &replace).is_ok());
    assert_eq!(wall.value(ID, "hash").unwrap(), "$sha256$y");
    // With the right to call it, an operator is still no administrator.
    wall.database.admin(&format!(
        "GRANT EXECUTE ON FUNCTION keyctl.replace_hash(text, text, text) TO {}",
        wall.role("operator")
    ));
    let back = format!("SELECT keyctl.replace_hash('{ID}', '$sha256$y', '$sha256$z')");
    assert!(wall.change("anna", &[ID], &back).is_ok());
    assert_eq!(wall.value(ID, "hash").unwrap(), "$sha256$y");
}

#[test]
fn an_edit_past_max_expiry_is_refused() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna").with("created_at", now(-100 * DAY)));
    only_ada(
        &wall,
        ID,
        "expires_at = created_at + 366 * 86400000::bigint",
        POLICY,
    );
    only_ada(&wall, ID, "expires_at = NULL", POLICY);
    // A key that lives longer keeps its date.
    assert_eq!(
        wall.update("anna", ID, "name = 'other', expires_at = expires_at"),
        CHANGED
    );
    let last = "expires_at = created_at + 365 * 86400000::bigint";
    assert_eq!(wall.update("anna", ID, last), CHANGED);
    wall.policy("max-expiry", "1d");
    assert_eq!(
        wall.update("anna", ID, &format!("expires_at = {}", now(HOUR))),
        refused(POLICY)
    );
    wall.policy("max-expiry", "never");
    assert_eq!(wall.update("anna", ID, "expires_at = NULL"), CHANGED);
}

#[test]
fn an_edit_revives_an_expired_key_within_max_expiry() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna").with("expires_at", now(-HOUR)));
    let revive = format!("expires_at = {}", now(DAY));
    assert_eq!(wall.reach("bob", ID, &revive), HIDDEN);
    assert_eq!(wall.update("anna", ID, &revive), CHANGED);
}

#[test]
fn an_edit_adds_registered_scopes_only_and_leaves_one() {
    let Some(wall) = Wall::new() else { return };
    // A scope that is no longer registered stays.
    wall.given(&Row::new(ID, "anna").with("scopes", "'{inference,former}'"));
    only_ada(&wall, ID, "scopes = '{former,train}'", POLICY);
    only_ada(&wall, ID, "scopes = '{}'", STATE);
    assert_eq!(
        wall.update("ada", ID, "scopes = '{inference,former}'"),
        CHANGED
    );
    assert_eq!(
        wall.update("anna", ID, "scopes = '{former,project}'"),
        CHANGED
    );
    assert_eq!(wall.update("anna", ID, "scopes = '{project}'"), CHANGED);
    assert_eq!(
        wall.update("anna", ID, "scopes = '{former,project}'"),
        refused(POLICY)
    );
}

#[test]
fn an_edit_of_a_legacy_key_changes_no_scope_and_no_expiry() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::legacy(ID, "anna"));
    only_ada(&wall, ID, "scopes = '{inference}'", STATE);
    only_ada(&wall, ID, &format!("expires_at = {}", now(HOUR)), STATE);
    let set = "name = 'other', labels = '{\"a\":\"b\"}', allow_from = '{::/0}'";
    assert_eq!(wall.update("anna", ID, set), CHANGED);
}

#[test]
fn an_edit_to_a_name_labels_or_networks_that_no_command_gives_is_refused() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna"));
    for set in [
        "name = 'a/b'",
        "labels = '{\"a\":1}'",
        "allow_from = '{10.0.0.1/8}'",
    ] {
        only_ada(&wall, ID, set, STATE);
    }
    // What is there already may stay.
    assert_eq!(
        wall.update("anna", ID, "expires_at = expires_at - 1, name = 'a/b'"),
        CHANGED
    );
}

#[test]
fn an_edit_makes_no_successor() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna"));
    wall.given(&Row::new(NEW, "bob").with("replaces", format!("'{ID}'")));
    only_ada(&wall, ID, &format!("replaced_by = '{NEW}'"), STATE);
}

#[test]
fn a_deleted_key_never_changes() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna").deleted());
    wall.given(&Row::new(NEW, "anna"));
    for set in [
        "deleted_at = NULL",
        "deleted_at = keyctl.clock()",
        "name = 'other'",
        "owner = 'bob'",
        "disabled_at = keyctl.clock(), disabled_by = session_user",
    ] {
        for user in ["anna", "ada"] {
            assert_eq!(wall.update(user, ID, set), refused(STATE), "{user}: {set}");
        }
    }
    assert_eq!(wall.update("anna", NEW, "name = 'other'"), CHANGED);
    assert_eq!(wall.update("ada", NEW, "owner = 'bob'"), CHANGED);
}

#[test]
fn an_edit_of_a_rotated_key_is_refused() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna").rotated(NEW));
    for set in [
        "name = 'other'",
        "scopes = '{project}'",
        "labels = '{\"a\":\"b\"}'",
        "allow_from = '{::/0}'",
        "expires_at = expires_at + 1",
    ] {
        only_ada(&wall, ID, set, STATE);
    }
    let set = "name = name, scopes = scopes, usable_until = usable_until - 1";
    assert_eq!(wall.update("anna", ID, set), CHANGED);
}

#[test]
fn a_rotated_key_gets_no_other_successor() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna").rotated(NEW));
    wall.given(&Row::new("000000000003", "anna").with("replaces", format!("'{ID}'")));
    only_ada(&wall, ID, "replaced_by = '000000000003'", STATE);
    wall.given(&Row::new("000000000004", "anna").rotated("000000000005"));
    only_ada(&wall, "000000000004", "replaced_by = NULL", STATE);
}

#[test]
fn a_grace_moves_within_90_days_of_the_rotation_and_the_expiry() {
    let Some(wall) = Wall::new() else { return };
    let old = Row::new(ID, "anna").rotated(NEW);
    wall.given(&old.clone().with("expires_at", "NULL"));
    let until = |more: i64| format!("usable_until = grace_from + {more}");
    only_ada(&wall, ID, &until(90 * DAY + 1), POLICY);
    assert_eq!(wall.update("anna", ID, &until(90 * DAY)), CHANGED);
    // A later start would give it more.
    let later = "grace_from = grace_from + 1000, usable_until = usable_until + 1000";
    only_ada(&wall, ID, later, POLICY);
    // A clock that was set back gives an earlier one.
    assert_eq!(
        wall.update(
            "anna",
            ID,
            "grace_from = grace_from - 5000, usable_until = usable_until - 5000"
        ),
        CHANGED
    );
    assert_eq!(
        wall.update("anna", ID, &format!("usable_until = {}", now(-HOUR))),
        refused(POLICY)
    );
    let expires = "000000000003";
    wall.given(
        &Row::new(expires, "anna")
            .rotated("000000000004")
            .with("expires_at", now(30 * DAY)),
    );
    only_ada(&wall, expires, "usable_until = expires_at + 1", POLICY);
    assert_eq!(
        wall.update("anna", expires, "usable_until = expires_at"),
        CHANGED
    );
}

#[test]
fn a_grace_that_is_over_is_not_started_again() {
    let Some(wall) = Wall::new() else { return };
    let old = |id| Row::new(id, "anna").rotated(NEW);
    wall.given(&old("000000000003").with("usable_until", now(-1000)));
    // Ended by hand: its length is zero, also if the clock is set back.
    let end = now(HOUR);
    wall.given(
        &old("000000000004")
            .with("grace_from", &end)
            .with("usable_until", &end),
    );
    wall.past_triggers(
        "UPDATE keyctl.keys SET grace_from = usable_until WHERE id = '000000000004'",
    );
    wall.given(&old("000000000005").with("expires_at", now(-1000)));
    for id in ["000000000003", "000000000004", "000000000005"] {
        let set = format!(
            "grace_from = grace_from - 1, usable_until = {}",
            now(HOUR / 2)
        );
        only_ada(&wall, id, &set, STATE);
    }
}

#[test]
fn a_grace_ends_early_now() {
    let Some(wall) = Wall::new() else { return };
    for id in ["000000000003", "000000000004"] {
        wall.given(&Row::new(id, "anna").rotated(NEW));
    }
    let end = |at: String| format!("grace_from = t, usable_until = t FROM (SELECT {at} AS t) t");
    let set = |user: &str, id: &str, at: String| {
        let sql = format!(
            "UPDATE keyctl.keys SET {} WHERE id = '{id}' RETURNING 'changed'",
            end(at)
        );
        wall.change(user, &[id], &sql)
    };
    assert_eq!(set("anna", "000000000003", now(-DAY)), refused(POLICY));
    assert_eq!(set("anna", "000000000003", now(25 * HOUR)), refused(POLICY));
    assert_eq!(set("anna", "000000000003", now(0)), CHANGED);
    assert_eq!(set("ada", "000000000004", now(-DAY)), CHANGED);
}
