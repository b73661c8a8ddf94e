//! New keys.

use super::fixture::{
    ACCESS, CHANGED, CHECK, DAY, DENIED, HASH, HOUR, POLICY, Row, STATE, Wall, event, now, refused,
};
use keyctl::policy::Policy;

const ID: &str = "000000000001";

/// Requires that Alice is refused `key` with `state`, and that Ada is not.
#[track_caller]
fn only_ada(wall: &Wall, key: &Row, state: &str) {
    assert_eq!(wall.insert("anna", key), refused(state));
    assert_eq!(wall.insert("ada", key), CHANGED);
}

#[test]
fn an_operator_inserts_a_key_of_their_own() {
    let Some(wall) = Wall::new() else { return };
    assert_eq!(wall.insert("anna", &Row::new(ID, "anna")), CHANGED);
}

#[test]
fn an_insert_for_another_owner_needs_an_administrator() {
    let Some(wall) = Wall::new() else { return };
    only_ada(
        &wall,
        &Row::new(ID, "bob").with("created_by", "session_user"),
        DENIED,
    );
}

#[test]
fn an_insert_of_a_legacy_key_needs_an_administrator() {
    let Some(wall) = Wall::new() else { return };
    let key = Row::legacy(ID, "anna").with("created_by", "session_user");
    only_ada(&wall, &key, ACCESS);
}

#[test]
fn an_insert_of_an_imported_key_needs_an_administrator() {
    let Some(wall) = Wall::new() else { return };
    only_ada(
        &wall,
        &Row::new(ID, "anna").with("imported", "true"),
        ACCESS,
    );
}

#[test]
fn an_insert_in_the_name_of_another_creator_is_refused() {
    let Some(wall) = Wall::new() else { return };
    only_ada(
        &wall,
        &Row::new(ID, "anna").with("created_by", "'bob'"),
        ACCESS,
    );
}

#[test]
fn an_insert_dated_more_than_a_minute_off_is_refused() {
    let Some(wall) = Wall::new() else { return };
    for (id, off) in [("000000000001", -HOUR), ("000000000002", HOUR)] {
        only_ada(
            &wall,
            &Row::new(id, "anna").with("created_at", now(off)),
            STATE,
        );
    }
    for (id, off) in [("000000000003", -50_000), ("000000000004", 50_000)] {
        let key = Row::new(id, "anna").with("created_at", now(off));
        assert_eq!(wall.insert("anna", &key), CHANGED);
    }
}

#[test]
fn an_insert_of_a_key_that_is_not_fresh_is_refused() {
    let Some(wall) = Wall::new() else { return };
    let key = |id| Row::new(id, "anna");
    only_ada(&wall, &key("000000000001").disabled_by("anna"), STATE);
    only_ada(&wall, &key("000000000002").deleted(), STATE);
    only_ada(&wall, &key("000000000003").rotated(ID), STATE);
    only_ada(
        &wall,
        &key("000000000004").with("replaced_by", "'000000000005'"),
        STATE,
    );
    // No role may write the columns of a use.
    for user in ["anna", "ada"] {
        let used = key("000000000006").with("last_used_at", now(0));
        assert_eq!(wall.insert(user, &used), refused(DENIED));
    }
}

#[test]
fn an_insert_of_a_key_that_is_not_hashed_as_policy_says_is_refused() {
    let Some(wall) = Wall::new() else { return };
    let mut ids = (1..).map(|n: u8| format!("{n:012}"));
    let mut key =
        |hash: &str| Row::new(&ids.next().unwrap(), "anna").with("hash", format!("'{hash}'"));
    let (salt, tag) = ("A".repeat(22), "A".repeat(43));
    let argon2id = |memory: u32, iterations: u32| {
        format!("$argon2id$v=19$m={memory},t={iterations},p=1${salt}${tag}")
    };
    let usual = argon2id(7168, 5);
    assert_eq!(usual, HASH);
    let sha256 = format!("$sha256${tag}");
    for bad in [
        &*argon2id(1 << 20, 4),
        &argon2id(7168, 100),
        &argon2id(7168, 6),
        &argon2id(7168, 4),
        &argon2id(71680, 5),
        &argon2id(8, 1),
        &usual.replace("p=1", "p=4"),
        &usual.replace("p=1", "p=1,keyid=AAAA"),
        &usual.replace("argon2id", "argon2i"),
        &usual.replace("v=19", "v=16"),
        &usual.replace(&salt, &"A".repeat(64)),
        &usual.replace(&tag, &"A".repeat(86)),
        &format!("{usual}\n"),
        &sha256,
        &format!("$sha256-token${tag}"),
        "",
    ] {
        only_ada(&wall, &key(bad), POLICY);
    }
    assert_eq!(wall.insert("anna", &key(&usual)), CHANGED);
    wall.policy("argon2-memory", "9216");
    wall.policy("argon2-iterations", "4");
    only_ada(&wall, &key(&usual), POLICY);
    assert_eq!(wall.insert("anna", &key(&argon2id(9216, 4))), CHANGED);
    wall.policy("hash", "sha256");
    for bad in [&argon2id(9216, 4), &*format!("{sha256}A"), "$sha256$A"] {
        only_ada(&wall, &key(bad), POLICY);
    }
    assert_eq!(wall.insert("anna", &key(&sha256)), CHANGED);
}

#[test]
fn an_insert_past_max_expiry_is_refused() {
    let Some(wall) = Wall::new() else { return };
    let created = now(0);
    let key = |id, life: i64| {
        Row::new(id, "anna")
            .with("created_at", &created)
            .with("expires_at", format!("{created} + ({life})"))
    };
    // Each call of the clock may be a few milliseconds later than the one before.
    only_ada(&wall, &key("000000000001", 365 * DAY + HOUR), POLICY);
    only_ada(
        &wall,
        &key("000000000002", 0).with("expires_at", "NULL"),
        POLICY,
    );
    assert_eq!(
        wall.insert("anna", &key("000000000003", 365 * DAY - HOUR)),
        CHANGED
    );
    wall.policy("max-expiry", "1d12h");
    only_ada(&wall, &key("000000000004", 37 * HOUR), POLICY);
    assert_eq!(
        wall.insert("anna", &key("000000000005", 35 * HOUR)),
        CHANGED
    );
    wall.policy("max-expiry", "never");
    assert_eq!(
        wall.insert("anna", &key("000000000006", 0).with("expires_at", "NULL")),
        CHANGED
    );
    // A maximum that cannot be read is not lifted.
    wall.policy("max-expiry", "long");
    assert_eq!(
        wall.insert("anna", &key("000000000007", HOUR)),
        refused(POLICY)
    );
}

#[test]
fn an_insert_at_the_last_millisecond_that_max_expiry_allows_passes() {
    let Some(wall) = Wall::new() else { return };
    let max = Policy::default().max_expiry.unwrap().millis();
    let insert = |id: &str, more: i64| {
        let sql = Row::new(id, "anna")
            .with("created_at", "(SELECT t FROM t)")
            .with("expires_at", format!("(SELECT t FROM t) + {}", max + more))
            .insert();
        wall.change(
            "anna",
            &[id],
            &format!("WITH t AS MATERIALIZED (SELECT keyctl.clock() AS t) {sql}"),
        )
    };
    assert_eq!(insert("000000000001", 1), refused(POLICY));
    assert_eq!(insert("000000000002", 0), CHANGED);
}

#[test]
fn a_duration_has_the_milliseconds_of_the_library() {
    let Some(wall) = Wall::new() else { return };
    for span in [
        "365d",
        "1y2months3w4d5h6m7s",
        "1d12h",
        "90m",
        "0s",
        "1month",
        "12months",
        "1m1month",
        "1h1h",
        "h",
        "",
        "1 h",
        "90",
        "1H",
        "-1d",
        "8000y999999999999s",
        "99999999999999999999d",
        "never",
        "1m\n",
        "\u{661}d",
    ] {
        let ours: Option<String> = span
            .parse::<keyctl::when::Span>()
            .ok()
            .map(|span| span.millis().to_string());
        let theirs = wall
            .database
            .admin(&format!("SELECT keyctl.span_ms('{span}')"));
        assert_eq!(theirs, [[ours]], "{span:?}");
    }
}

#[test]
fn an_insert_without_a_registered_scope_is_refused() {
    let Some(wall) = Wall::new() else { return };
    let key = |id, scopes: &str| Row::new(id, "anna").with("scopes", format!("'{scopes}'"));
    only_ada(&wall, &key("000000000001", "{}"), POLICY);
    only_ada(&wall, &key("000000000002", "{inference,train}"), POLICY);
    assert_eq!(
        wall.insert("anna", &key("000000000003", "{inference,project}")),
        CHANGED
    );
}

#[test]
fn an_insert_without_self_service_is_an_administrators() {
    let Some(wall) = Wall::new() else { return };
    for value in ["off", "unreadable"] {
        wall.policy("self-service", value);
        assert_eq!(wall.insert("anna", &Row::new(ID, "anna")), refused(ACCESS));
    }
    assert_eq!(wall.insert("ada", &Row::new(ID, "anna")), CHANGED);
    wall.policy("self-service", "on");
    assert_eq!(
        wall.insert("anna", &Row::new("000000000002", "anna")),
        CHANGED
    );
}

#[test]
fn an_insert_under_the_id_of_a_purged_key_is_refused() {
    let Some(wall) = Wall::new() else { return };
    let key = Row::new(ID, "anna");
    assert_eq!(wall.insert("anna", &key), CHANGED);
    assert_eq!(wall.purge("anna", ID), CHANGED);
    only_ada(&wall, &key, STATE);
}

#[test]
fn an_insert_with_a_name_that_no_command_gives_is_refused() {
    let Some(wall) = Wall::new() else { return };
    let names = [
        "",
        " a",
        "a ",
        "-a",
        "a/b",
        "7h2m9qxw4d1e",
        "a\tb",
        "a\u{7f}b",
        "a\u{85}b",
        "a\u{61c}b",
        "a\u{202e}b",
        "a\u{2028}b",
        "a\u{2069}b",
        &"ü".repeat(129),
    ];
    for (n, name) in names.iter().enumerate() {
        only_ada(&wall, &named(n, name), STATE);
    }
    let good = [
        "a",
        "größe 1",
        "7h2m9qxw4d1",
        "7h2m9qxw4d1i",
        "O''Neill",
        "\u{1f9ea}",
        &"ü".repeat(128),
    ];
    for (n, name) in good.iter().enumerate() {
        assert_eq!(
            wall.insert("anna", &named(100 + n, name)),
            CHANGED,
            "{name}"
        );
    }
}

fn named(n: usize, name: &str) -> Row {
    Row::new(&format!("{n:012}"), "anna").with("name", format!("'{name}'"))
}

#[test]
fn an_insert_with_labels_or_networks_that_cannot_be_read_is_refused() {
    let Some(wall) = Wall::new() else { return };
    let many = format!(
        "{{{}}}",
        (0..1001)
            .map(|n| format!("\"l{n}\":\"\""))
            .collect::<Vec<_>>()
            .join(",")
    );
    let labels =
        |n: usize, text: &str| named(n, &format!("l{n}")).with("labels", format!("'{text}'"));
    for (n, text) in ["{\"a\":1}", "{\"a\":{\"b\":\"c\"}}", &many]
        .iter()
        .enumerate()
    {
        only_ada(&wall, &labels(n, text), STATE);
    }
    for text in ["", "[]", "{", "1", "{\"a\":\"\\ud800\"}"] {
        let done = wall.insert("anna", &labels(50, text));
        assert!(done.is_err(), "{text}: {done:?}");
    }
    assert_eq!(
        wall.insert(
            "anna",
            &labels(51, "{\"team\":\"größe \\\"x\\\"\",\"b\":\"\"}")
        ),
        CHANGED
    );
    let from =
        |n: usize, text: &str| named(n, &format!("f{n}")).with("allow_from", format!("'{text}'"));
    only_ada(&wall, &from(60, "{10.0.0.1/8}"), STATE);
    only_ada(&wall, &from(63, "{10/8}"), STATE);
    only_ada(&wall, &from(64, "{010.0.0.0/8}"), STATE);
    for text in ["{anywhere}", "{\"\"}"] {
        let done = wall.insert("anna", &from(61, text));
        assert!(done.is_err(), "{text}: {done:?}");
    }
    let good = "{10.0.0.0/8,192.0.2.7/32,2001:db8::/32,::/0,0.0.0.0/0}";
    assert_eq!(wall.insert("anna", &from(62, good)), CHANGED);
}

#[test]
fn a_row_that_the_library_cannot_read_is_refused_to_everybody() {
    let Some(wall) = Wall::new() else { return };
    let key = Row::new(ID, "ada");
    let bad = [
        ("id", "'00000000000'"),
        ("id", "'00000000000I'"),
        ("replaces", "''"),
        ("replaced_by", "'nobody'"),
        ("created_at", "9223372036854775807"),
        ("expires_at", "-62167219200001"),
        ("expires_at", "253402300800000"),
        ("scopes", "'{NULL}'"),
        ("scopes", "'{{inference,project}}'"),
        ("allow_from", "'{NULL}'"),
        ("allow_from", "'{{::/0}}'"),
        ("kind", "'test'"),
        ("hash", "NULL"),
        ("grace_from", "0"),
        ("usable_until", "0"),
        ("disabled_at", "0"),
        ("disabled_by", "'ada'"),
        ("deleted_at", "0"),
    ];
    for (column, value) in bad {
        let done = wall.insert("ada", &key.clone().with(column, value));
        assert_eq!(done, refused(CHECK), "{column} {value}");
    }
    assert_eq!(wall.insert("ada", &key), CHANGED);
}

#[test]
fn a_second_live_key_of_a_name_is_refused_to_everybody() {
    let Some(wall) = Wall::new() else { return };
    let key = |id| Row::new(id, "anna").with("name", "'one'");
    assert_eq!(wall.insert("anna", &key("000000000001")), CHANGED);
    for user in ["anna", "ada"] {
        assert_eq!(wall.insert(user, &key("000000000002")), refused("23505"));
    }
    assert_eq!(
        wall.update("anna", "000000000001", "deleted_at = keyctl.clock()"),
        CHANGED
    );
    assert_eq!(wall.insert("anna", &key("000000000002")), CHANGED);
}

#[test]
fn a_conflict_does_not_lead_to_a_key_of_another_owner() {
    let Some(wall) = Wall::new() else { return };
    wall.given(&Row::new(ID, "bob"));
    let insert = Row::new(ID, "anna").insert().replace(
        "RETURNING",
        "ON CONFLICT (id) DO UPDATE SET labels = '{\"a\":\"b\"}' RETURNING",
    );
    assert_eq!(wall.change("anna", &[], &insert), refused(DENIED));
    let bobs = format!("BEGIN; {insert}; {} COMMIT", event("edit", ID)).replace("'anna'", "'bob'");
    assert!(wall.sql("bob", &bobs).is_ok());
    assert_eq!(wall.value(ID, "labels").unwrap(), "{\"a\":\"b\"}");
}
