//! Keys that are disabled, enabled, deleted and purged.

use super::fixture::{
    ACCESS, CHANGED, DENIED, HASH, HIDDEN, HOUR, Outcome, Row, STATE, Wall, event, now, purge,
    refused, update,
};

const ID: &str = "000000000001";
const NEW: &str = "000000000002";

const DISABLED: &str = "disabled_at = keyctl.clock(), disabled_by = session_user";
const ENABLED: &str = "disabled_at = NULL, disabled_by = NULL";
const DELETED: &str = "deleted_at = keyctl.clock()";

/// Disables a key as `user`.
fn disable(wall: &Wall, user: &str, id: &str) -> Outcome {
    wall.update(user, id, DISABLED)
}

/// Enables a key as `user`.
fn enable(wall: &Wall, user: &str, id: &str) -> Outcome {
    wall.update(user, id, ENABLED)
}

fn delete(wall: &Wall, user: &str, id: &str) -> Outcome {
    wall.update(user, id, DELETED)
}

#[test]
fn an_operator_disables_their_own_keys_only() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna"));
    assert_eq!(wall.reach("bob", ID, DISABLED), HIDDEN);
    assert_eq!(wall.value(ID, "disabled_at"), None);
    assert_eq!(disable(&wall, "anna", ID), CHANGED);
    assert_eq!(wall.reach("bob", ID, ENABLED), HIDDEN);
    assert_eq!(enable(&wall, "anna", ID), CHANGED);
}

#[test]
fn what_an_administrator_disabled_only_an_administrator_enables() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna"));
    assert_eq!(disable(&wall, "ada", ID), CHANGED);
    assert_eq!(enable(&wall, "anna", ID), refused(ACCESS));
    // Nor does the owner take it over, to enable it then.
    assert_eq!(disable(&wall, "anna", ID), refused(ACCESS));
    assert_eq!(
        wall.update("anna", ID, "disabled_by = 'anna'"),
        refused(ACCESS)
    );
    assert_eq!(enable(&wall, "ada", ID), CHANGED);
}

#[test]
fn what_a_former_owner_disabled_the_new_one_does_not_enable() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna").disabled_by("bob"));
    assert_eq!(enable(&wall, "anna", ID), refused(ACCESS));
    wall.given(&Row::new(NEW, "anna").disabled_by("anna"));
    assert_eq!(enable(&wall, "anna", NEW), CHANGED);
}

#[test]
fn an_administrator_takes_over_what_the_owner_disabled() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna").disabled_by("anna"));
    assert_eq!(disable(&wall, "anna", ID), refused(STATE));
    assert_eq!(disable(&wall, "ada", ID), CHANGED);
    assert_eq!(enable(&wall, "anna", ID), refused(ACCESS));
}

#[test]
fn a_key_is_disabled_now_and_in_the_own_name() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna"));
    let set = |at: i64, by: &str| format!("disabled_at = {}, disabled_by = '{by}'", now(at));
    assert_eq!(wall.update("anna", ID, &set(0, "ada")), refused(ACCESS));
    assert_eq!(wall.update("anna", ID, &set(-HOUR, "anna")), refused(STATE));
    assert_eq!(wall.update("anna", ID, &set(HOUR, "anna")), refused(STATE));
    assert_eq!(wall.update("anna", ID, &set(-50_000, "anna")), CHANGED);
}

#[test]
fn a_disable_ends_a_grace() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna").rotated(NEW));
    assert_eq!(disable(&wall, "anna", ID), refused(STATE));
    let ended = "disabled_at = t, disabled_by = session_user, grace_from = t, usable_until = t \
                 FROM (SELECT keyctl.clock() AS t) t";
    let sql = format!("UPDATE keyctl.keys SET {ended} WHERE id = '{ID}' RETURNING 'changed'");
    assert_eq!(wall.change("anna", &[ID], &sql), CHANGED);
    // To enable it does not start the grace again.
    let revive = format!(
        "disabled_at = NULL, disabled_by = NULL, grace_from = {}, usable_until = {}",
        now(-HOUR),
        now(HOUR)
    );
    assert_eq!(wall.update("anna", ID, &revive), refused(STATE));
    assert_eq!(enable(&wall, "anna", ID), CHANGED);
}

#[test]
fn a_disable_after_the_end_of_a_grace_leaves_that_end() {
    let Some(wall) = Wall::new() else { return };
    wall.given(
        &Row::new(ID, "anna")
            .rotated(NEW)
            .with("usable_until", now(-HOUR / 2)),
    );
    let ended =
        "disabled_at = keyctl.clock(), disabled_by = session_user, grace_from = usable_until";
    assert_eq!(wall.reach("bob", ID, ended), HIDDEN);
    assert_eq!(wall.update("anna", ID, ended), CHANGED);
}

#[test]
fn an_operator_deletes_their_own_keys_only_and_the_hash_is_wiped() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna"));
    wall.given(&Row::new(NEW, "anna").disabled_by("ada"));
    assert_eq!(wall.reach("bob", ID, DELETED), HIDDEN);
    assert_eq!(wall.value(ID, "hash").unwrap(), HASH);
    for id in [ID, NEW] {
        assert_eq!(delete(&wall, "anna", id), CHANGED);
        assert_eq!(wall.value(id, "hash"), None);
    }
}

#[test]
fn a_key_is_deleted_now_and_nothing_else_changes() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna"));
    for at in [-HOUR, HOUR] {
        assert_eq!(
            wall.update("anna", ID, &format!("deleted_at = {}", now(at))),
            refused(STATE)
        );
    }
    for set in [
        "name = 'other'",
        "expires_at = NULL",
        "scopes = '{}'",
        "disabled_at = 0, disabled_by = 'bob'",
    ] {
        let set = format!("deleted_at = keyctl.clock(), {set}");
        assert_eq!(wall.update("anna", ID, &set), refused(STATE), "{set}");
    }
    assert_eq!(
        wall.update("anna", ID, &format!("deleted_at = {}", now(50_000))),
        CHANGED
    );
}

#[test]
fn a_legacy_key_is_deleted_by_nobody() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::legacy(ID, "anna"));
    for user in ["anna", "ada"] {
        assert_eq!(delete(&wall, user, ID), refused(STATE), "{user}");
    }
    wall.given(&Row::new(NEW, "anna"));
    assert_eq!(delete(&wall, "ada", NEW), CHANGED);
}

#[test]
fn an_administrator_deletes_a_legacy_key_whose_token_no_command_got() {
    let Some(wall) = Wall::new() else { return };
    let begin = |id: &str| {
        let insert = Row::legacy(id, "ada").insert();
        let create = format!(
            "SELECT keyctl.append(keyctl.clock(), 'create', '{id}', '{{\"handover\":{{\"deadline\":1}}}}')"
        );
        assert!(
            wall.sql("ada", &format!("BEGIN; {insert}; {create}; COMMIT"))
                .is_ok()
        );
    };
    begin(ID);
    assert_eq!(delete(&wall, "ada", ID), CHANGED);
    begin(NEW);
    assert!(wall.sql("ada", &event("handover", NEW)).is_ok());
    assert_eq!(delete(&wall, "ada", NEW), refused(STATE));
    // A label that reads like a handover is none: it is escaped.
    let label = "000000000003";
    let insert = Row::legacy(label, "ada").insert();
    let create = format!(
        "SELECT keyctl.append(keyctl.clock(), 'create', '{label}', '{{\"l\":\"\\\"handover\\\":{{\"}}')"
    );
    assert!(
        wall.sql("ada", &format!("BEGIN; {insert}; {create}; COMMIT"))
            .is_ok()
    );
    assert_eq!(delete(&wall, "ada", label), refused(STATE));
}

#[test]
fn an_operator_purges_their_own_keys_only() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna"));
    wall.given(&Row::new(NEW, "anna").deleted());
    wall.given(&Row::new("000000000003", "anna"));
    assert_eq!(wall.purge("bob", ID), refused(ACCESS));
    let call = format!("SELECT 'changed' WHERE keyctl.purge('{ID}')");
    assert_eq!(wall.change("bob", &[], &call), HIDDEN);
    assert!(wall.value(ID, "id").is_some());
    for id in [ID, NEW] {
        assert_eq!(wall.purge("anna", id), CHANGED);
        assert_eq!(wall.value(id, "id"), None);
    }
    assert_eq!(wall.purge("ada", "000000000003"), CHANGED);
    assert_eq!(wall.sql("vera", &purge(ID)), Err(DENIED.to_owned()));
}

#[test]
fn a_legacy_key_is_purged_by_nobody() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::legacy(ID, "anna"));
    wall.given(&Row::legacy(NEW, "anna").deleted());
    for (user, id) in [("anna", ID), ("ada", ID), ("anna", NEW), ("ada", NEW)] {
        assert_eq!(wall.purge(user, id), refused(STATE), "{user}: {id}");
    }
    assert_eq!(disable(&wall, "anna", ID), CHANGED);
}

#[test]
fn a_deleted_key_is_not_used_again() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "anna").deleted());
    wall.given(&Row::new(NEW, "anna"));
    for id in [ID, NEW] {
        assert!(
            wall.sql(
                "vera",
                &format!("SELECT keyctl.touch('{id}', keyctl.clock())")
            )
            .is_ok()
        );
    }
    assert_eq!(wall.value(ID, "last_used_at"), None);
    assert!(wall.value(NEW, "last_used_at").is_some());
    assert_eq!(
        wall.change("vera", &[], &update(NEW, "last_used_at = 0")),
        refused(DENIED)
    );
}
