//! Rotations, and what takes them back.

use super::fixture::{
    ACCESS, CHANGED, DAY, HIDDEN, HOUR, Outcome, POLICY, Row, STATE, Wall, now, purge, refused,
    update,
};

const OLD: &str = "000000000001";
const NEW: &str = "000000000002";

/// The row of the successor that a rotation by `user` makes of a key of `owner`.
fn successor(owner: &str, user: &str) -> Row {
    Row::new(NEW, owner)
        .with("name", format!("'key {OLD}'"))
        .with("created_by", format!("'{user}'"))
        .with("replaces", format!("'{OLD}'"))
}

/// SQL that phases a key out with this grace.
fn phase_out(old: &str, new: &str, grace: i64) -> String {
    format!(
        "UPDATE keyctl.keys SET grace_from = t, usable_until = least(t + {grace}, expires_at), replaced_by = '{new}'
         FROM (SELECT keyctl.clock() AS t) t WHERE id = '{old}' RETURNING 'changed'"
    )
}

/// Rotates a key as `user` into `new`.
fn rotate(wall: &Wall, user: &str, new: &Row, grace: i64) -> Outcome {
    let sql = format!("{}; {}", phase_out(OLD, &new.id, grace), new.insert());
    wall.change(user, &[OLD, &new.id], &sql)
}

/// SQL that takes the rotation of `OLD` back.
fn undo() -> String {
    format!(
        "{}; {}",
        update(NEW, "deleted_at = keyctl.clock()"),
        restore()
    )
}

/// SQL that makes `OLD` live again.
fn restore() -> String {
    update(
        OLD,
        "replaced_by = NULL, grace_from = NULL, usable_until = NULL",
    )
}

/// Gives a pair of keys of `owner`, rotated an hour ago.
fn pair(wall: &Wall, owner: &str) {
    wall.given(&Row::new(OLD, owner).rotated(NEW));
    wall.given(&successor(owner, owner));
}

#[test]
fn an_operator_rotates_their_own_keys_only() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(OLD, "anna"));
    // Bob's update finds no row, and his successor has no predecessor.
    assert_eq!(
        rotate(&wall, "bob", &successor("bob", "bob"), DAY),
        refused(STATE)
    );
    assert_eq!(
        rotate(&wall, "bob", &successor("anna", "bob"), DAY),
        refused(STATE)
    );
    assert_eq!(
        rotate(&wall, "anna", &successor("anna", "anna"), DAY),
        CHANGED
    );
    assert_eq!(wall.value(OLD, "replaced_by").unwrap(), NEW);
}

#[test]
fn an_administrator_rotates_the_keys_of_others() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(OLD, "anna"));
    assert_eq!(rotate(&wall, "ada", &successor("anna", "ada"), 0), CHANGED);
}

#[test]
fn a_rotation_without_its_successor_is_refused_to_everybody() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(OLD, "anna"));
    for user in ["anna", "ada"] {
        assert_eq!(
            wall.change(user, &[OLD], &phase_out(OLD, NEW, DAY)),
            refused(STATE),
            "{user}"
        );
    }
    // Another key is not its successor.
    wall.given(&Row::new("000000000003", "bob"));
    for user in ["anna", "ada"] {
        let sql = phase_out(OLD, "000000000003", DAY);
        assert_eq!(wall.change(user, &[OLD], &sql), refused(STATE), "{user}");
    }
    let purged = format!(
        "{}; {}; {}",
        phase_out(OLD, NEW, DAY),
        successor("anna", "anna").insert(),
        purge(NEW)
    );
    assert_eq!(wall.change("anna", &[OLD], &purged), refused(STATE));
    assert_eq!(
        rotate(&wall, "anna", &successor("anna", "anna"), DAY),
        CHANGED
    );
}

#[test]
fn a_successor_is_what_its_predecessor_was() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(OLD, "anna").with("allow_from", "'{10.0.0.0/8}'"));
    let new = successor("anna", "anna").with("allow_from", "'{10.0.0.0/8}'");
    let others = [
        new.clone().with("name", "'other'"),
        new.clone().with("scopes", "'{inference,project}'"),
        new.clone().with("allow_from", "'{}'"),
        new.clone().with("replaces", "'000000000009'"),
    ];
    for other in &others {
        assert_eq!(
            rotate(&wall, "anna", other, DAY),
            refused(STATE),
            "{}",
            other.insert()
        );
    }
    assert_eq!(rotate(&wall, "anna", &new, DAY), CHANGED);
}

#[test]
fn a_key_that_claims_a_predecessor_needs_its_rotation() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(OLD, "bob"));
    wall.given(&Row::new("000000000003", "anna"));
    let claim = |old: &str| Row::new(NEW, "anna").with("replaces", format!("'{old}'"));
    for old in [OLD, "000000000003", "000000000009"] {
        assert_eq!(wall.insert("anna", &claim(old)), refused(STATE), "{old}");
    }
    assert_eq!(wall.insert("anna", &Row::new(NEW, "anna")), CHANGED);
}

#[test]
fn a_rotation_needs_no_self_service() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(OLD, "anna"));
    wall.policy("self-service", "off");
    assert_eq!(
        wall.insert("anna", &successor("anna", "anna")),
        refused(STATE)
    );
    assert_eq!(
        rotate(&wall, "anna", &successor("anna", "anna"), DAY),
        CHANGED
    );
    // The successor is purged: its place in the rotation stays taken.
    assert_eq!(wall.purge("anna", NEW), CHANGED);
    assert_eq!(
        wall.insert("anna", &successor("anna", "anna")),
        refused(STATE)
    );
}

#[test]
fn a_successor_past_max_expiry_is_refused() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(OLD, "anna").with("expires_at", "NULL"));
    for expires in ["NULL".to_owned(), now(366 * DAY)] {
        let new = successor("anna", "anna").with("expires_at", expires);
        assert_eq!(rotate(&wall, "anna", &new, DAY), refused(POLICY));
    }
    assert_eq!(
        rotate(&wall, "anna", &successor("anna", "anna"), DAY),
        CHANGED
    );
}

#[test]
fn a_disabled_key_is_not_rotated() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(OLD, "anna").disabled_by("anna"));
    assert_eq!(
        rotate(&wall, "anna", &successor("anna", "anna"), DAY),
        refused(STATE)
    );
    assert_eq!(
        wall.update("anna", OLD, "disabled_at = NULL, disabled_by = NULL"),
        CHANGED
    );
    assert_eq!(
        rotate(&wall, "anna", &successor("anna", "anna"), DAY),
        CHANGED
    );
}

#[test]
fn a_rotated_key_is_not_rotated_again() {
    let Some(wall) = Wall::new() else { return };
    pair(&wall, "anna");
    let new = Row::new("000000000003", "anna")
        .with("name", format!("'key {OLD}'"))
        .with("replaces", format!("'{OLD}'"));
    assert_eq!(rotate(&wall, "anna", &new, DAY), refused(STATE));
}

#[test]
fn an_expired_key_is_rotated() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(OLD, "anna").with("expires_at", now(-HOUR)));
    assert_eq!(
        rotate(&wall, "anna", &successor("anna", "anna"), DAY),
        CHANGED
    );
}

#[test]
fn a_grace_is_at_most_90_days_and_ends_with_the_key() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(OLD, "anna").with("expires_at", now(100 * DAY)));
    let new = successor("anna", "anna");
    assert_eq!(rotate(&wall, "anna", &new, 90 * DAY + 1), refused(POLICY));
    let set = |from: i64, until: &str| {
        let sql = format!(
            "{}; {}",
            update(
                OLD,
                &format!(
                    "grace_from = {}, usable_until = {until}, replaced_by = '{NEW}'",
                    now(from)
                )
            ),
            new.insert()
        );
        wall.change("anna", &[OLD, NEW], &sql)
    };
    assert_eq!(set(0, "expires_at + 1"), refused(POLICY));
    assert_eq!(set(0, &now(-HOUR)), refused(POLICY));
    assert_eq!(set(-HOUR, &now(DAY)), refused(STATE));
    assert_eq!(set(HOUR, &now(DAY)), refused(STATE));
    assert_eq!(rotate(&wall, "anna", &new, 90 * DAY), CHANGED);
}

#[test]
fn a_rotation_changes_nothing_else() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(OLD, "anna"));
    for set in [
        "name = 'other'",
        "expires_at = expires_at + 1",
        "scopes = '{project}'",
    ] {
        let sql = phase_out(OLD, NEW, DAY).replace("SET ", &format!("SET {set}, "));
        assert_eq!(wall.change("anna", &[OLD], &sql), refused(STATE), "{set}");
    }
    assert_eq!(
        rotate(&wall, "anna", &successor("anna", "anna"), DAY),
        CHANGED
    );
}

#[test]
fn only_an_administrator_rotates_a_legacy_key_and_undoes_that() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::legacy(OLD, "anna"));
    let new = |user: &str| {
        Row::legacy(NEW, "anna")
            .with("name", format!("'key {OLD}'"))
            .with("created_by", format!("'{user}'"))
            .with("replaces", format!("'{OLD}'"))
    };
    let alone = phase_out(OLD, NEW, DAY);
    assert_eq!(wall.change("anna", &[OLD], &alone), refused(ACCESS));
    assert_eq!(rotate(&wall, "ada", &new("ada"), DAY), CHANGED);
    assert_eq!(wall.change("anna", &[OLD, NEW], &undo()), refused(STATE));
    assert_eq!(wall.change("anna", &[OLD, NEW], &restore()), refused(STATE));
    // Its deletion alone is no undo.
    assert_eq!(
        wall.update("ada", NEW, "deleted_at = keyctl.clock()"),
        refused(STATE)
    );
    assert_eq!(wall.change("ada", &[OLD, NEW], &undo()), CHANGED);
    assert!(wall.value(NEW, "deleted_at").is_some());
}

#[test]
fn an_undo_for_a_legacy_key_is_an_administrators_whatever_its_successor_is() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::legacy(OLD, "anna").rotated(NEW));
    wall.given(&successor("anna", "anna"));
    assert_eq!(wall.change("anna", &[OLD, NEW], &undo()), refused(ACCESS));
    assert_eq!(wall.change("ada", &[OLD, NEW], &undo()), CHANGED);
}

#[test]
fn an_operator_undoes_the_rotations_of_their_own_keys_only() {
    let Some(wall) = Wall::new() else { return };
    pair(&wall, "anna");
    assert_eq!(wall.change("bob", &[], &undo()), HIDDEN);
    assert_eq!(wall.value(OLD, "replaced_by").unwrap(), NEW);
    assert_eq!(wall.change("anna", &[OLD, NEW], &undo()), CHANGED);
    assert_eq!(wall.value(OLD, "usable_until"), None);
}

#[test]
fn an_undo_without_the_deletion_of_the_successor_is_refused_to_everybody() {
    let Some(wall) = Wall::new() else { return };
    pair(&wall, "anna");
    for user in ["anna", "ada"] {
        assert_eq!(
            wall.change(user, &[OLD], &restore()),
            refused(STATE),
            "{user}"
        );
        let purged = format!("{}; {}", purge(NEW), restore());
        assert_eq!(wall.change(user, &[OLD], &purged), refused(STATE), "{user}");
    }
    assert_eq!(wall.change("ada", &[OLD, NEW], &undo()), CHANGED);
}

#[test]
fn an_undo_after_an_earlier_deletion_of_the_successor_is_refused() {
    let Some(wall) = Wall::new() else { return };
    pair(&wall, "anna");
    assert_eq!(
        wall.update("ada", NEW, "deleted_at = keyctl.clock()"),
        CHANGED
    );
    // A use is recorded for no deleted key: it would look as if this transaction had deleted it.
    let touched = format!(
        "SELECT keyctl.touch('{NEW}', keyctl.clock()); {}",
        restore()
    );
    for user in ["anna", "ada"] {
        assert_eq!(
            wall.change(user, &[OLD], &restore()),
            refused(STATE),
            "{user}"
        );
        assert_eq!(
            wall.change(user, &[OLD], &touched),
            refused(STATE),
            "{user}"
        );
    }
}

#[test]
fn an_undo_after_the_grace_is_refused() {
    let Some(wall) = Wall::new() else { return };
    pair(&wall, "anna");
    wall.past_triggers(&format!(
        "UPDATE keyctl.keys SET usable_until = {} WHERE id = '{OLD}'",
        now(-1000)
    ));
    assert_eq!(wall.change("anna", &[OLD, NEW], &undo()), refused(STATE));
    wall.past_triggers(&format!(
        "UPDATE keyctl.keys SET grace_from = {0}, usable_until = {0} WHERE id = '{OLD}'",
        "1"
    ));
    assert_eq!(wall.change("anna", &[OLD, NEW], &undo()), refused(STATE));
    wall.past_triggers(&format!(
        "UPDATE keyctl.keys SET usable_until = {} WHERE id = '{OLD}'",
        now(1000 * 60)
    ));
    assert_eq!(wall.change("anna", &[OLD, NEW], &undo()), CHANGED);
}

#[test]
fn an_undo_after_either_key_was_disabled_is_refused() {
    let Some(wall) = Wall::new() else { return };
    for id in [OLD, NEW] {
        wall.past_triggers("DELETE FROM keyctl.keys");
        pair(&wall, "anna");
        let switch = |set: &str| {
            wall.past_triggers(&format!("UPDATE keyctl.keys SET {set} WHERE id = '{id}'"))
        };
        switch("disabled_at = 1, disabled_by = 'ada'");
        assert_eq!(
            wall.change("anna", &[OLD, NEW], &undo()),
            refused(STATE),
            "{id}"
        );
        switch("disabled_at = NULL, disabled_by = NULL");
        assert_eq!(wall.change("anna", &[OLD, NEW], &undo()), CHANGED, "{id}");
    }
}

#[test]
fn an_undo_after_another_rotation_is_refused() {
    let Some(wall) = Wall::new() else { return };
    pair(&wall, "anna");
    let rotated = "replaced_by = '000000000003', grace_from = 1, usable_until = 2";
    wall.past_triggers(&format!(
        "UPDATE keyctl.keys SET {rotated} WHERE id = '{NEW}'"
    ));
    for user in ["anna", "ada"] {
        assert_eq!(
            wall.change(user, &[OLD, NEW], &undo()),
            refused(STATE),
            "{user}"
        );
    }
}
