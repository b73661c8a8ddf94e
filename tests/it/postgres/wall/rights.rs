//! Rights of each role, and ways around them.

use super::fixture::{
    ACCESS, CHANGED, DENIED, HOUR, Row, STATE, Wall, event, now, purge, refused, update,
};
use std::process::Command;

const ID: &str = "000000000001";
const BOBS: &str = "000000000002";

fn keys(wall: &Wall) {
    wall.given(&Row::new(ID, "anna"));
    wall.given(&Row::new(BOBS, "bob"));
}

/// Requires that each of `users` is denied `sql`.
#[track_caller]
fn denied(wall: &Wall, users: &[&str], sql: &str) {
    for user in users {
        assert_eq!(wall.sql(user, sql), Err(DENIED.to_owned()), "{user}: {sql}");
    }
}

/// Requires that each of `users` may run `sql`.
#[track_caller]
fn allowed(wall: &Wall, users: &[&str], sql: &str) {
    for user in users {
        let done = wall.sql(user, sql);
        assert!(done.is_ok(), "{user}: {sql}: {done:?}");
    }
}

#[test]
fn only_users_of_the_store_connect() {
    let Some(wall) = Wall::new() else { return };
    denied(&wall, &["oscar"], "SELECT 1");
    allowed(&wall, &["vera", "anna", "ada"], "SELECT 1");
}

#[test]
fn a_verifier_reads_no_table() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    for table in [
        "keys",
        "policy",
        "scopes",
        "scope_implies",
        "members",
        "administrators",
        "events",
        "event_head",
        "store",
    ] {
        let sql = format!("SELECT count(*) FROM keyctl.{table}");
        denied(&wall, &["vera"], &sql);
        allowed(&wall, &["anna", "ada"], &sql);
    }
    allowed(
        &wall,
        &["vera"],
        &format!("SELECT hash FROM keyctl.to_verify('{{{ID}}}', '{{}}')"),
    );
    allowed(&wall, &["vera"], "SELECT * FROM keyctl.look(0, '')");
}

#[test]
fn a_verifier_changes_nothing_but_uses() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    denied(&wall, &["vera"], &Row::new("000000000003", "vera").insert());
    denied(&wall, &["vera"], &update(ID, "name = 'other'"));
    denied(&wall, &["vera"], "DELETE FROM keyctl.keys");
    for call in [
        &*purge(ID),
        &*event("edit", ID),
        "SELECT keyctl.lock_head()",
        "SELECT keyctl.admins()",
        "SELECT keyctl.lp('x')",
        "SELECT keyctl.remove_member('a', 'b')",
    ] {
        denied(&wall, &["vera"], call);
        allowed(&wall, &["anna"], &format!("BEGIN; {call}; ROLLBACK"));
    }
}

#[test]
fn a_use_is_recorded_at_the_present_time_only() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    let touch = |at: i64| {
        allowed(
            &wall,
            &["vera"],
            &format!("SELECT keyctl.touch('{ID}', {})", now(at)),
        )
    };
    for at in [-HOUR, HOUR, 365 * 24 * HOUR] {
        touch(at);
        assert_eq!(wall.value(ID, "last_used_at"), None, "{at}");
    }
    touch(0);
    let used = wall.value(ID, "last_used_at");
    assert!(used.is_some());
    assert_eq!(wall.value(ID, "first_used_at"), used);
    touch(30_000);
    assert_eq!(wall.value(ID, "last_used_at"), used);
}

#[test]
fn an_operator_reads_no_hash_from_the_table() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    for sql in [
        "SELECT hash FROM keyctl.keys",
        "SELECT * FROM keyctl.keys",
        "SELECT k FROM keyctl.keys k",
        "SELECT to_jsonb(k) FROM keyctl.keys k",
        "SELECT count(hash) FROM keyctl.keys",
        "SELECT id FROM keyctl.keys WHERE hash LIKE '$argon2id$%'",
        "SELECT id FROM keyctl.keys ORDER BY hash",
        "COPY keyctl.keys (id, hash) TO STDOUT",
        "COPY (SELECT hash FROM keyctl.keys) TO STDOUT",
        "UPDATE keyctl.keys SET labels = hash WHERE owner = 'anna'",
        "UPDATE keyctl.keys SET name = name WHERE owner = 'anna' RETURNING hash",
        "EXPLAIN ANALYZE SELECT hash FROM keyctl.keys",
    ] {
        denied(&wall, &["vera", "anna"], sql);
    }
    let insert = Row::new("000000000003", "anna")
        .insert()
        .replace("RETURNING 'changed'", "RETURNING hash");
    denied(&wall, &["vera", "anna"], &insert);
    allowed(&wall, &["ada"], "SELECT hash FROM keyctl.keys");
    allowed(&wall, &["anna"], "SELECT id, name, labels FROM keyctl.keys");
}

#[test]
fn an_insert_does_not_tell_which_imported_tokens_there_are() {
    let Some(wall) = Wall::new() else { return };
    wall.given(
        &Row::new(ID, "bob")
            .with("imported", "true")
            .with("hash", "'$sha256$secret'"),
    );
    for (user, expected) in [("anna", "KC003"), ("ada", "23505")] {
        let guess = Row::new("000000000003", user)
            .with("imported", "true")
            .with("hash", "'$sha256$secret'");
        assert_eq!(wall.insert(user, &guess), refused(expected));
    }
}

#[test]
fn no_role_but_the_owner_changes_the_schema() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    for sql in [
        "CREATE TABLE keyctl.mine (a int)",
        "CREATE FUNCTION keyctl.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE VIEW keyctl.mine AS SELECT 1",
        "CREATE SCHEMA mine",
        "CREATE TEMP TABLE keys (a int)",
        "DROP TABLE keyctl.keys",
        "DROP SCHEMA keyctl CASCADE",
        "DROP FUNCTION keyctl.append(bigint, text, text, text)",
        "ALTER TABLE keyctl.keys ADD COLUMN a int",
        "ALTER TABLE keyctl.keys OWNER TO CURRENT_USER",
        "ALTER FUNCTION keyctl.is_admin() OWNER TO CURRENT_USER",
        "CREATE POLICY mine ON keyctl.keys USING (true)",
        "ALTER POLICY update_own ON keyctl.keys USING (true)",
        "CREATE TRIGGER mine BEFORE INSERT ON keyctl.keys FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE mine AS ON UPDATE TO keyctl.keys DO INSTEAD NOTHING",
        "CREATE INDEX mine ON keyctl.keys (name)",
        "COMMENT ON TABLE keyctl.keys IS 'mine'",
        "TRUNCATE keyctl.keys",
        "ALTER SEQUENCE keyctl.keys_seq_seq RESTART",
        "SELECT nextval('keyctl.keys_seq_seq')",
        "GRANT SELECT ON keyctl.keys TO PUBLIC",
    ] {
        denied(&wall, &["vera", "anna"], sql);
        if !sql.starts_with("GRANT") {
            denied(&wall, &["ada"], sql);
        }
    }
    let owner = wall.role("owner");
    wall.database.admin(&format!(
        "BEGIN; SET LOCAL ROLE {owner}; CREATE TABLE keyctl.mine (a int); ROLLBACK"
    ));
}

#[test]
fn an_operator_locks_no_table() {
    let Some(wall) = Wall::new() else { return };
    for table in [
        "keys",
        "policy",
        "scopes",
        "scope_implies",
        "members",
        "administrators",
        "events",
        "event_head",
        "store",
    ] {
        for mode in ["SHARE", "EXCLUSIVE", "ACCESS EXCLUSIVE"] {
            let lock = format!("BEGIN; LOCK TABLE keyctl.{table} IN {mode} MODE; ROLLBACK");
            denied(&wall, &["vera", "anna"], &lock);
        }
    }
    allowed(
        &wall,
        &["anna"],
        "BEGIN; LOCK TABLE keyctl.events IN ACCESS SHARE MODE; ROLLBACK",
    );
    denied(&wall, &["anna"], "DELETE FROM keyctl.keys");
    denied(&wall, &["anna"], "DELETE FROM keyctl.members");
}

#[test]
fn an_operator_locks_no_row_of_another_owner() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    let lock = "SELECT id FROM keyctl.keys ORDER BY id FOR UPDATE";
    let seen = |user: &str| wall.sql(user, lock).unwrap().concat();
    assert_eq!(seen("anna"), [Some(ID.to_owned())]);
    assert_eq!(seen("ada").len(), 2);
    for table in ["scopes", "policy", "events", "event_head"] {
        denied(
            &wall,
            &["anna"],
            &format!("SELECT 1 FROM keyctl.{table} FOR KEY SHARE"),
        );
    }
}

#[test]
fn a_trigger_function_serves_no_other_table() {
    let Some(wall) = Wall::alone() else { return };
    wall.database
        .admin("CREATE SCHEMA anna AUTHORIZATION anna; CREATE SCHEMA ada AUTHORIZATION ada");
    for function in [
        "has_event",
        "guard_insert",
        "guard_update",
        "guard_delete",
        "guard_scope",
        "check_lineage",
        "wipe",
    ] {
        for user in ["anna", "ada"] {
            let sql = format!(
                "CREATE TABLE {user}.t (id text, hash text, deleted_at bigint);
                 CREATE TRIGGER t BEFORE UPDATE ON {user}.t FOR EACH ROW EXECUTE FUNCTION keyctl.{function}()"
            );
            denied(&wall, &[user], &sql);
        }
    }
    allowed(&wall, &["anna"], "CREATE TABLE anna.t (id text)");
}

#[test]
fn no_function_can_be_called_that_is_not_meant_for_the_role() {
    let Some(wall) = Wall::new() else { return };
    let callable = |user: &str| {
        let sql = format!(
            "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'keyctl'::regnamespace
             AND has_function_privilege('{user}', p.oid, 'EXECUTE') ORDER BY 1"
        );
        let rows = wall.database.admin(&sql);
        rows.concat().into_iter().flatten().collect::<Vec<String>>()
    };
    let verifier = [
        "clock",
        "has_members",
        "has_reuse",
        "is_admin",
        "look",
        "note_reuse",
        "role_of",
        "to_verify",
        "touch",
    ];
    let operator = [
        "admins",
        "append",
        "grants",
        "lock_head",
        "lp",
        "owns_project",
        "purge",
        "remove_member",
    ];
    let admin = ["add_admin", "remove_admin", "replace_hash", "retire"];
    let all = |sets: &[&[&str]]| {
        let mut names: Vec<String> = sets
            .concat()
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(callable("oscar"), all(&[]));
    assert_eq!(callable("vera"), all(&[&verifier]));
    assert_eq!(callable("anna"), all(&[&verifier, &operator]));
    assert_eq!(callable("ada"), all(&[&verifier, &operator, &admin]));
}

#[test]
fn each_function_that_has_the_rights_of_the_owner_has_a_search_path() {
    let Some(wall) = Wall::new() else { return };
    let sql =
        "SELECT proname FROM pg_proc WHERE pronamespace = 'keyctl'::regnamespace AND prosecdef
               AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)";
    assert_eq!(wall.database.admin(sql), Vec::<Vec<Option<String>>>::new());
    let sql = "SELECT count(*) > 10 FROM pg_proc WHERE pronamespace = 'keyctl'::regnamespace AND prosecdef";
    assert_eq!(wall.database.admin(sql), [[Some("t".to_owned())]]);
}

#[test]
fn objects_of_the_same_names_elsewhere_are_not_taken() {
    let Some(wall) = Wall::alone() else { return };
    keys(&wall);
    wall.database.admin(&format!(
        "CREATE SCHEMA anna AUTHORIZATION anna; GRANT TEMP ON DATABASE {} TO anna",
        wall.database.name()
    ));
    // All that the functions name, made to let everything pass.
    let shadows = "
        CREATE TABLE anna.keys (id text, owner text, replaced_by text);
        CREATE TEMP TABLE keys (id text, owner text, replaced_by text);
        CREATE TEMP TABLE policy (name text, value text);
        INSERT INTO policy VALUES ('max-expiry', 'never');
        CREATE TEMP TABLE scopes (name text);
        INSERT INTO scopes VALUES ('train');
        CREATE TEMP TABLE events (key_id text, xid xid8, seq bigint);
        CREATE FUNCTION anna.abs(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
        CREATE FUNCTION anna.pg_has_role(name, text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
        CREATE FUNCTION anna.pg_has_role(name, name, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
        CREATE FUNCTION anna.is_admin() RETURNS boolean LANGUAGE sql AS 'SELECT true';
        CREATE FUNCTION anna.no(text, name) RETURNS boolean LANGUAGE sql AS 'SELECT false';
        CREATE FUNCTION anna.yes(text, name) RETURNS boolean LANGUAGE sql AS 'SELECT true';
        CREATE FUNCTION anna.yes(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
        CREATE OPERATOR anna.<> (LEFTARG = text, RIGHTARG = name, FUNCTION = anna.no);
        CREATE OPERATOR anna.= (LEFTARG = text, RIGHTARG = name, FUNCTION = anna.yes);
        CREATE OPERATOR anna.= (LEFTARG = text, RIGHTARG = text, FUNCTION = anna.yes);";
    for path in [
        "anna, pg_catalog",
        "pg_temp, anna, pg_catalog",
        "anna, keyctl, pg_catalog",
    ] {
        let run = |sql: &str| {
            let sql = format!("BEGIN; {shadows} SET LOCAL search_path = {path}; {sql}; COMMIT");
            let done = wall.database.sql("anna", &sql);
            done.map_err(|(state, message)| format!("{state} {message}"))
        };
        let append = event("edit", ID);
        for (sql, state) in [
            (update(ID, "expires_at = NULL"), "KC002"),
            (update(ID, "scopes = '{train}'"), "KC002"),
            (update(ID, "owner = 'bob'"), "KC003"),
            (update(ID, "disabled_at = 1, disabled_by = 'ada'"), "KC003"),
            (update(ID, "name = 'other'"), "KC001"),
        ] {
            let append = if state == "KC001" { "" } else { &append };
            let error = run(&format!("{sql}; {append}")).unwrap_err();
            assert!(error.starts_with(state), "{path}: {sql}: {error}");
        }
        // An operator that is true for all rows finds those of one owner.
        let all = update(BOBS, "labels = '{\"a\":\"b\"}'");
        let look = "SET CONSTRAINTS ALL IMMEDIATE; SELECT id FROM keyctl.keys WHERE labels LIKE '%a%'; ROLLBACK";
        let rows = run(&format!("{all}; {append} {look}")).unwrap();
        assert_eq!(
            (rows.len(), rows.last()),
            (3, Some(&vec![Some(ID.to_owned())])),
            "{path}"
        );
        let insert = Row::legacy("000000000003", "anna")
            .with("created_by", "'anna'")
            .insert();
        assert!(run(&insert).unwrap_err().starts_with("KC003"), "{path}");
        let is_admin = run("SELECT keyctl.is_admin(); ROLLBACK").unwrap();
        assert_eq!(is_admin, [[Some("f".to_owned())]], "{path}");
    }
    assert_eq!(wall.update("anna", ID, "name = 'other'"), CHANGED);
}

#[test]
fn a_prepared_statement_is_checked_when_it_runs() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    let mut anna = wall.database.connect("anna").unwrap();
    let sql = "UPDATE keyctl.keys SET expires_at = NULL WHERE id = $1 RETURNING 'changed'::text";
    let statement = anna.prepare(sql).unwrap();
    wall.policy("max-expiry", "never");
    let mut run = |id: &str| {
        let mut transaction = anna.transaction().unwrap();
        let changed = transaction.query(&statement, &[&id]).map(|rows| rows.len());
        transaction.batch_execute(&event("edit", id)).ok();
        changed.and_then(|changed| transaction.commit().map(|()| changed))
    };
    for _ in 0..7 {
        assert_eq!(run(ID).unwrap(), 1);
        assert_eq!(run(BOBS).unwrap(), 0);
        wall.past_triggers(&format!(
            "UPDATE keyctl.keys SET expires_at = 1 WHERE id = '{ID}'"
        ));
    }
    wall.policy("max-expiry", "1d");
    assert_eq!(run(ID).unwrap_err().code().unwrap().code(), "KC002");
}

#[test]
fn row_level_security_cannot_be_switched_off() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    denied(
        &wall,
        &["anna"],
        "SET row_security = off; SELECT id FROM keyctl.keys",
    );
    denied(
        &wall,
        &["anna"],
        &format!("SET row_security = off; {}", update(BOBS, "name = 'other'")),
    );
    allowed(
        &wall,
        &["anna"],
        "SET row_security = on; SELECT id FROM keyctl.keys",
    );
}

#[test]
fn hostile_text_is_text() {
    let Some(wall) = Wall::new() else { return };
    keys(&wall);
    let texts = [
        "'",
        "\\",
        "%s %I",
        "'; DROP TABLE keyctl.keys; --",
        "\u{1f511}\u{202e}",
        "{}",
        "$$",
        &"x".repeat(100_000),
    ];
    let mut vera = wall.database.connect("vera").unwrap();
    let mut anna = wall.database.connect("anna").unwrap();
    for text in texts {
        let found = vera
            .query(
                "SELECT id FROM keyctl.to_verify(ARRAY[$1], ARRAY[$1])",
                &[&text],
            )
            .unwrap();
        assert!(found.is_empty(), "{text}");
        vera.execute("SELECT keyctl.touch($1, keyctl.clock())", &[&text])
            .unwrap();
        vera.execute(
            "SELECT keyctl.role_of($1, $1), keyctl.has_members($1), keyctl.has_reuse($1, 0)",
            &[&text],
        )
        .unwrap();
        vera.execute("SELECT keyctl.note_reuse(keyctl.clock(), $1, $1)", &[&text])
            .unwrap();
        let mut append = |action: &str, key_id: &str| {
            let sql = "SELECT keyctl.append(keyctl.clock(), $1, $2, $2)";
            anna.query_one(sql, &[&action, &key_id]).map(drop)
        };
        let is_long = text.len() > 4096;
        assert_eq!(append("refuse", text).is_ok(), !is_long, "{text}");
        let of_key = if is_long { STATE } else { ACCESS };
        for (action, key_id, expected) in [("edit", text, of_key), (text, ID, ACCESS)] {
            let refused = append(action, key_id).unwrap_err();
            assert_eq!(refused.code().unwrap().code(), expected, "{text}");
        }
        anna.execute(
            "SELECT keyctl.purge($1), keyctl.remove_member($1, $1), keyctl.owns_project($1)",
            &[&text],
        )
        .unwrap();
    }
    assert_eq!(wall.value(ID, "name").unwrap(), format!("key {ID}"));
}

#[test]
fn an_operator_cannot_dump_the_store() {
    let Some(wall) = Wall::new() else { return };
    let dump = |user: &str| {
        let mut command = Command::new("pg_dump");
        command
            .args(["--data-only", "--schema=keyctl"])
            .arg(wall.database.url(user));
        command.output().unwrap()
    };
    for user in ["anna", "ada"] {
        let output = dump(user);
        assert!(!output.status.success(), "{user}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("permission denied"),
            "{user}"
        );
    }
    assert!(dump("postgres").status.success());
}
