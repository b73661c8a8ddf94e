//! Policy, scopes, members of projects and administrators.

use super::fixture::{
    CHANGED, CHECK, DENIED, HIDDEN, NO_EVENT, Outcome, Row, STATE, Wall, refused,
};

/// Runs a change of a setting as `user` with an event of `action`.
fn set(wall: &Wall, user: &str, action: &str, sql: &str) -> Outcome {
    let rows = wall.sql(
        user,
        &format!(
            "BEGIN; {sql}; SELECT keyctl.append(keyctl.clock(), '{action}', NULL, '{{}}'); COMMIT"
        ),
    )?;
    Ok(rows
        .iter()
        .flatten()
        .any(|field| field.as_deref() == Some("changed")))
}

/// Requires that all but Ada are denied a change of a setting, and that Ada may make it.
#[track_caller]
fn only_ada(wall: &Wall, action: &str, sql: &str) {
    for user in ["vera", "anna"] {
        assert_eq!(wall.sql(user, sql), Err(DENIED.to_owned()), "{user}: {sql}");
    }
    assert_eq!(wall.sql("ada", sql), Err(NO_EVENT.to_owned()), "{sql}");
    let done = set(wall, "ada", action, sql);
    assert_eq!(done, CHANGED, "{sql}");
}

#[test]
fn only_an_administrator_sets_policy() {
    let Some(wall) = Wall::new() else { return };
    only_ada(
        &wall,
        "policy",
        "INSERT INTO keyctl.policy VALUES ('max-expiry', '1d') RETURNING 'changed'",
    );
    only_ada(
        &wall,
        "policy",
        "UPDATE keyctl.policy SET value = '2d' RETURNING 'changed'",
    );
    only_ada(
        &wall,
        "policy",
        "DELETE FROM keyctl.policy RETURNING 'changed'",
    );
    let set = set(
        &wall,
        "ada",
        "policy",
        "INSERT INTO keyctl.policy VALUES ('max-age', '1d')",
    );
    assert_eq!(set, refused(CHECK));
}

#[test]
fn every_setting_of_the_library_is_one_of_the_server() {
    let Some(wall) = Wall::new() else { return };
    for (name, _) in keyctl::policy::SETTINGS {
        wall.policy(name, "x");
    }
}

#[test]
fn only_an_administrator_changes_scopes() {
    let Some(wall) = Wall::new() else { return };
    only_ada(
        &wall,
        "scope-add",
        "INSERT INTO keyctl.scopes VALUES ('train', '') RETURNING 'changed'",
    );
    only_ada(
        &wall,
        "scope-add",
        "INSERT INTO keyctl.scope_implies VALUES ('train', 'inference') RETURNING 'changed'",
    );
    only_ada(
        &wall,
        "scope-remove",
        "DELETE FROM keyctl.scope_implies WHERE name = 'train' RETURNING 'changed'",
    );
    only_ada(
        &wall,
        "scope-add",
        "UPDATE keyctl.scopes SET description = 'x' WHERE name = 'train' RETURNING 'changed'",
    );
    only_ada(
        &wall,
        "scope-remove",
        "DELETE FROM keyctl.scopes WHERE name = 'train' RETURNING 'changed'",
    );
}

#[test]
fn a_scope_in_use_is_not_removed() {
    let Some(wall) = Wall::new() else { return };
    assert_eq!(
        set(
            &wall,
            "ada",
            "scope-add",
            "INSERT INTO keyctl.scopes VALUES ('train', ''), ('test', '')"
        ),
        HIDDEN
    );
    let id = "000000000001";
    wall.given(&Row::new(id, "anna").with("scopes", "'{inference,train}'"));
    let remove = "DELETE FROM keyctl.scopes WHERE name = 'train' RETURNING 'changed'";
    let rename = "UPDATE keyctl.scopes SET name = 'learn' WHERE name = 'train' RETURNING 'changed'";
    for sql in [remove, rename] {
        assert_eq!(set(&wall, "ada", "scope-remove", sql), refused(STATE));
    }
    // A tombstone does not keep it.
    assert_eq!(
        wall.update("anna", id, "deleted_at = keyctl.clock()"),
        CHANGED
    );
    assert_eq!(set(&wall, "ada", "scope-remove", remove), CHANGED);
    let implied = "DELETE FROM keyctl.scopes WHERE name = 'inference'";
    assert_eq!(set(&wall, "ada", "scope-remove", implied), refused("23503"));
    // Nor is one that a key is just being given.
    let mut anna = wall.database.connect("anna").unwrap();
    let insert = Row::new("000000000002", "anna")
        .with("scopes", "'{test}'")
        .insert();
    anna.simple_query(&format!("BEGIN; {insert}")).unwrap();
    let remove = "SET LOCAL lock_timeout = '50ms'; DELETE FROM keyctl.scopes WHERE name = 'test'";
    assert_eq!(set(&wall, "ada", "scope-remove", remove), refused("55P03"));
    anna.simple_query("ROLLBACK").unwrap();
    assert_eq!(set(&wall, "ada", "scope-remove", remove), HIDDEN);
}

/// SQL that adds a member, or changes their role.
fn add(project: &str, user: &str, role: &str) -> String {
    format!(
        "INSERT INTO keyctl.members VALUES ('{project}', '{user}', '{role}')
         ON CONFLICT (project, \"user\") DO UPDATE SET role = excluded.role RETURNING 'changed'"
    )
}

/// SQL that removes a member.
fn remove(project: &str, user: &str) -> String {
    format!("SELECT 'changed' WHERE keyctl.remove_member('{project}', '{user}')")
}

#[test]
fn the_first_member_of_a_project_is_added_by_an_administrator() {
    let Some(wall) = Wall::new() else { return };
    let first = add("search", "anna", "owner");
    assert_eq!(set(&wall, "vera", "member-add", &first), refused(DENIED));
    assert_eq!(set(&wall, "anna", "member-add", &first), refused(DENIED));
    assert_eq!(set(&wall, "ada", "member-add", &first), CHANGED);
}

#[test]
fn only_an_owner_of_a_project_changes_its_members() {
    let Some(wall) = Wall::new() else { return };
    for sql in [
        add("search", "anna", "owner"),
        add("search", "bob", "collaborator"),
        add("other", "bob", "owner"),
    ] {
        assert_eq!(set(&wall, "ada", "member-add", &sql), CHANGED);
    }
    assert_eq!(
        set(
            &wall,
            "bob",
            "member-add",
            &add("search", "carol", "collaborator")
        ),
        refused(DENIED)
    );
    assert_eq!(
        set(&wall, "bob", "member-add", &add("search", "bob", "owner")),
        refused(DENIED)
    );
    let own =
        "UPDATE keyctl.members SET role = 'owner' WHERE project = 'search' RETURNING 'changed'";
    assert_eq!(set(&wall, "bob", "member-add", own), HIDDEN);
    assert_eq!(
        set(&wall, "bob", "member-remove", &remove("search", "anna")),
        HIDDEN
    );
    assert_eq!(
        set(
            &wall,
            "anna",
            "member-add",
            &add("search", "carol", "collaborator")
        ),
        CHANGED
    );
    assert_eq!(
        set(&wall, "anna", "member-add", &add("search", "bob", "owner")),
        CHANGED
    );
    assert_eq!(
        set(&wall, "bob", "member-remove", &remove("search", "anna")),
        CHANGED
    );
    // No member is moved to another project, and no role is made up.
    let moved = "UPDATE keyctl.members SET project = 'search'";
    assert_eq!(set(&wall, "bob", "member-add", moved), refused(DENIED));
    assert_eq!(
        set(&wall, "bob", "member-add", &add("other", "carol", "guest")),
        refused(CHECK)
    );
}

#[test]
fn a_change_of_members_needs_its_event() {
    let Some(wall) = Wall::new() else { return };
    let sql = add("search", "anna", "owner");
    assert_eq!(wall.sql("ada", &sql), Err(NO_EVENT.to_owned()));
    assert_eq!(set(&wall, "ada", "policy", &sql), refused(NO_EVENT));
    assert_eq!(set(&wall, "ada", "member-add", &sql), CHANGED);
    assert_eq!(
        wall.sql("anna", &remove("search", "anna")),
        Err(NO_EVENT.to_owned())
    );
    assert_eq!(
        set(&wall, "anna", "member-remove", &remove("search", "anna")),
        CHANGED
    );
}

#[test]
fn only_an_administrator_appoints_and_removes_administrators() {
    let Some(wall) = Wall::alone() else { return };
    let is_admin = |user: &str| {
        wall.sql(user, "SELECT keyctl.is_admin()").unwrap()[0][0]
            .clone()
            .unwrap()
    };
    let (add, remove) = (
        "SELECT keyctl.add_admin('bob')",
        "SELECT keyctl.remove_admin('bob')",
    );
    for user in ["vera", "anna"] {
        assert_eq!(wall.sql(user, add), Err(DENIED.to_owned()));
        assert_eq!(wall.sql(user, remove), Err(DENIED.to_owned()));
    }
    let by_hand = [
        "INSERT INTO keyctl.administrators VALUES ('anna')".to_owned(),
        "DELETE FROM keyctl.administrators".to_owned(),
        format!("GRANT {} TO anna", wall.role("admin")),
        format!("SET ROLE {}", wall.role("owner")),
    ];
    for sql in &by_hand {
        for user in ["vera", "anna", "ada"] {
            assert_eq!(wall.sql(user, sql), Err(DENIED.to_owned()), "{user}: {sql}");
        }
    }
    assert_eq!(wall.sql("ada", add), Err(NO_EVENT.to_owned()));
    assert_eq!(is_admin("bob"), "f");
    assert_eq!(
        set(&wall, "ada", "admin-add", "SELECT keyctl.add_admin('ada')"),
        HIDDEN
    );
    assert_eq!(set(&wall, "ada", "admin-add", add), HIDDEN);
    assert_eq!(is_admin("bob"), "t");
    assert_eq!(set(&wall, "ada", "admin-remove", remove), HIDDEN);
    assert_eq!(is_admin("bob"), "f");
    // With the right to call it, an operator is still no administrator.
    wall.database.admin(&format!(
        "GRANT EXECUTE ON FUNCTION keyctl.add_admin(text), keyctl.remove_admin(text) TO {}",
        wall.role("operator")
    ));
    assert_eq!(wall.sql("anna", add), Err(DENIED.to_owned()));
    assert_eq!(wall.sql("anna", remove), Err(DENIED.to_owned()));
}

#[test]
fn the_last_administrator_is_not_removed() {
    let Some(wall) = Wall::alone() else { return };
    let add = |user: &str| {
        set(
            &wall,
            "ada",
            "admin-add",
            &format!("SELECT keyctl.add_admin('{user}')"),
        )
    };
    let remove = |user: &str| {
        set(
            &wall,
            "ada",
            "admin-remove",
            &format!("SELECT keyctl.remove_admin('{user}')"),
        )
    };
    assert_eq!(remove("postgres"), refused(STATE));
    assert_eq!(add("ada"), HIDDEN);
    assert_eq!(remove("postgres"), HIDDEN);
    assert_eq!(remove("ada"), refused(STATE));
    assert_eq!(add("bob"), HIDDEN);
    assert_eq!(remove("bob"), HIDDEN);
    assert_eq!(remove("ada"), refused(STATE));
}

#[test]
fn a_name_of_an_administrator_is_a_name_and_no_sql() {
    let Some(wall) = Wall::new() else { return };
    for name in [
        "x; DROP TABLE keyctl.keys",
        "public",
        "bob, anna",
        "bob\" TO anna; --",
    ] {
        let sql = format!("SELECT keyctl.add_admin('{name}')");
        let done = wall.database.sql("ada", &sql);
        let (state, message) = done.unwrap_err();
        assert!(
            ["42704", "0LP01"].contains(&&*state),
            "{name}: {state} {message}"
        );
    }
    assert!(wall.sql("ada", "SELECT id FROM keyctl.keys").is_ok());
}
