//! `keyctl import`

use super::World;
use crate::harness::{Cmd, Ran};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Tokens of another system.
const WEB: &str = "sk-Zq8mT3vXw1Lr7KpYb2Nc";
const BATCH: &str = "gw_live_51HdQx7mVt2Ra9Lk";

/// Digest of a token as hexadecimal digits.
fn hex(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// An import of `text` with a rest of the command line.
fn import<'w>(world: &'w World, text: &str, line: &str) -> Cmd<'w> {
    world.line(&format!("import - {line}")).stdin(text)
}

/// Imports a key `web` of alice with the token [`WEB`], and returns its ID.
#[track_caller]
fn import_web(world: &World) -> String {
    let text = format!("name,token\nweb,{WEB}\n");
    let ran = import(world, &text, "--scope inference").run().code(0);
    ran.stdout.trim_end().to_owned()
}

/// Checks that a line is refused with `message` and `hint`, that nothing is changed, and that no token is shown.
#[track_caller]
fn refused(world: &World, code: u8, text: &str, line: &str, message: &str, hint: &str) {
    let (before, log) = (world.rows(), world.log());
    for line in [line.to_owned(), format!("{line} --dry-run")] {
        let ran = import(world, text, &line).run();
        shows_none(&ran, &[WEB, BATCH]);
        ran.fails(code, message).says(hint);
        assert_eq!(world.rows(), before);
        assert_eq!(world.log(), log);
    }
    for event in world.events() {
        assert!(
            ![WEB, BATCH]
                .iter()
                .any(|token| event.detail.contains(token))
        );
    }
}

#[track_caller]
fn shows_none(ran: &Ran, tokens: &[&str]) {
    for token in tokens {
        let hex = hex(token);
        for secret in [*token, &*hex] {
            assert!(
                !ran.stdout.contains(secret) && !ran.stderr.contains(secret),
                "{ran:#?}"
            );
        }
    }
}

#[test]
fn import_of_csv_lets_each_token_work_with_the_fields_of_its_line() {
    let world = World::own();
    world.run("scope add data:read");
    let text = format!(
        "name,owner,scopes,labels,expires,allow_from,created_at,disabled,token,sha256\n\
         web,bob,\"inference,data:read\",team=search,2027-03-31,10.0.0.0/8,2024-05-06,,{WEB},\n\
         batch,,,,,,2025-01-02T03:04:05+02:00,,,{}\n\
         old,,,,,,,true,,{}\n",
        hex(BATCH),
        hex("another-token-of-that-system"),
    );
    let ran = import(
        &world,
        &text,
        "--scope project --label from=gateway --expires 30d",
    )
    .run()
    .code(0);
    let ids: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(ids.len(), 3, "{ran:#?}");
    shows_none(&ran, &[WEB, BATCH]);
    let web = world.record(ids[0]);
    for (field, value) in [
        ("name", json!("web")),
        ("owner", json!("bob")),
        ("kind", json!("api")),
        ("state", json!("active")),
        ("scopes", json!(["data:read", "inference"])),
        ("labels", json!({ "from": "gateway", "team": "search" })),
        ("allow_from", json!(["10.0.0.0/8"])),
        ("imported", json!(true)),
        ("created_at", json!("2024-05-06T00:00:00Z")),
        ("created_by", json!("alice")),
        ("expires_at", json!("2027-04-01T00:00:00Z")),
    ] {
        assert_eq!(web[field], value, "{field}");
    }
    let batch = world.record(ids[1]);
    assert_eq!(batch["owner"], json!("alice"));
    assert_eq!(batch["scopes"], json!(["project"]));
    assert_eq!(batch["created_at"], json!("2025-01-02T01:04:05Z"));
    assert_eq!(batch["expires_at"], json!("2026-12-22T00:00:00Z"));
    let old = world.record(ids[2]);
    assert_eq!(old["state"], json!("disabled"));
    assert_eq!(old["created_at"], json!("2026-11-22T00:00:00Z"));
    assert_eq!(world.key(ids[2]).disabled_by.as_deref(), Some("alice"));
    assert_eq!(world.verify(WEB, "--scope data:read --ip 10.1.2.3"), 0);
    assert_eq!(world.verify(WEB, ""), 6);
    assert_eq!(world.verify(BATCH, "--scope inference"), 0);
    assert_eq!(world.verify("another-token-of-that-system", ""), 1);
    assert_eq!(world.verify(&BATCH.replace('5', "6"), ""), 1);
    world.check_chain();
}

#[test]
fn import_of_json_lines_reads_lists_objects_and_both_names_of_the_expiry() {
    let world = World::own();
    let text = [
        json!({ "name": "web", "token": WEB, "scopes": ["inference"], "labels": { "team": "a" },
                "allow_from": ["192.0.2.7"], "expires_at": "2027-03-31T12:00:00Z", "disabled": false }),
        json!({ "name": "batch", "sha256": hex(BATCH).to_uppercase(), "scopes": "project", "expires": "90d",
                "owner": null, "labels": null }),
    ]
    .map(|line| line.to_string())
    .join("\n");
    let ran = import(&world, &text, "--format json -q")
        .run()
        .code(0)
        .stderr("");
    let keys = ran.json();
    assert_eq!(keys.as_array().unwrap().len(), 2);
    assert_eq!(keys[0]["expires_at"], json!("2027-03-31T12:00:00Z"));
    assert_eq!(keys[0]["labels"], json!({ "team": "a" }));
    assert_eq!(keys[0]["allow_from"], json!(["192.0.2.7/32"]));
    assert_eq!(keys[1]["expires_at"], json!("2027-02-20T00:00:00Z"));
    assert_eq!(keys[1], world.record("batch"));
    assert_eq!(world.verify(BATCH, "--scope project"), 0);
}

#[test]
fn a_digest_may_be_base64_of_either_alphabet_padded_or_not() {
    use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
    for encoding in [BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD] {
        let world = World::own();
        let digest = encoding.encode(&Sha256::digest(WEB.as_bytes()));
        let text = format!("name,sha256\nweb,{digest}\n");
        import(&world, &text, "--scope inference").run().code(0);
        assert_eq!(world.verify(WEB, ""), 0);
    }
}

#[test]
fn import_is_an_event_of_each_key_and_a_disabled_one_has_another() {
    let world = World::own();
    let text =
        format!("name,created_at,disabled,token\nweb,2024-05-06,no,{WEB}\nbatch,,yes,{BATCH}\n");
    let command = ["import", "-", "--scope", "inference", "-m", "moved"];
    let ran = world.cmd(command).stdin(&text).run().code(0);
    let ids: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(world.log(), ["init", "import", "import", "disable"]);
    let [.., web, batch, disable] = &world.events()[..] else {
        panic!("too few events");
    };
    assert_eq!(web.key_id.as_deref(), Some(ids[0]));
    assert_eq!(web.actor, "alice");
    let detail = web.detail();
    for (field, value) in [
        ("name", json!("web")),
        ("owner", json!("alice")),
        ("scopes", json!(["inference"])),
        ("labels", json!({})),
        ("expires_at", json!("2027-11-22T00:00:00Z")),
        ("created_at", json!("2024-05-06T00:00:00Z")),
        ("reason", json!("moved")),
    ] {
        assert_eq!(detail[field], value, "{field}");
    }
    assert_eq!(batch.detail()["created_at"], Value::Null);
    assert_eq!(disable.key_id.as_deref(), Some(ids[1]));
    assert_eq!(disable.detail()["reason"], json!("moved"));
    for event in world.events() {
        assert!(
            ![WEB, BATCH]
                .iter()
                .any(|token| event.detail.contains(token))
        );
    }
    let logged = world.run("log --key batch --format lines");
    assert!(logged.stdout.contains("import"), "{logged:#?}");
    world.check_chain();
}

#[test]
fn import_says_how_many_and_what_to_do_next() {
    let world = World::own();
    let text = format!("name,expires,disabled,token\nweb,,no,{WEB}\nbatch,30d,yes,{BATCH}\n");
    import(&world, &text, "--scope inference").run().code(0).stderr(
        "imported 2 keys\n  disabled, as in the file: 1\n  \
         with policy's default expiry, 2027-11-22T00:00:00Z (in 365d), since the file has none: 1\n\
         hint: check that an old token works: keyctl verify; then remove the tokens from where they came from\n",
    );
    let world = World::own();
    let text = format!("name,expires,sha256\nweb,30d,{}\n", hex(WEB));
    import(&world, &text, "--scope inference")
        .run()
        .stderr("imported 1 key\nhint: check that an old token works: keyctl verify\n");
}

#[test]
fn import_for_a_dry_run_prints_the_keys_without_ids_and_changes_nothing() {
    let world = World::own();
    let (before, log) = (world.rows(), world.log());
    let text = format!("name,owner,token\nweb,bob,{WEB}\n");
    let dry = |format: &str| {
        import(
            &world,
            &text,
            &format!("--scope inference --dry-run {format}"),
        )
        .run()
    };
    let said = "dry run: 1 key would be imported; nothing was changed\n";
    let table = dry("").code(0).stderr(said).stdout;
    assert!(
        table.contains("web") && table.contains("bob") && !table.contains("ID"),
        "{table}"
    );
    for (format, part) in [
        ("lines", "name web, owner bob"),
        ("csv", "\n,web,bob,"),
        ("json", "[{\"id\":null,\"name\":\"web\""),
        ("jsonl", "{\"id\":null,\"name\":\"web\""),
    ] {
        let ran = dry(&format!("--format {format}")).code(0).stderr(said);
        assert!(ran.stdout.contains(part), "{ran:#?}");
        shows_none(&ran, &[WEB]);
    }
    dry("--format ids")
        .fails(2, "--dry-run cannot print key IDs\n")
        .says("hint: an ID is made when its key is imported: choose another --format\n");
    assert_eq!(world.rows(), before);
    assert_eq!(world.log(), log);
}

#[test]
fn only_an_administrator_imports_also_for_a_dry_run() {
    let world = World::quick();
    let text = format!("name,token\nweb,{WEB}\n");
    for line in ["--scope inference", "--scope inference --dry-run"] {
        import(&world, &text, line)
            .run()
            .fails(4, "'alice' may not import keys\n")
            .says("hint: ask an administrator");
    }
    assert!(world.keys().is_empty());
    import(&world, &text, "--scope inference")
        .user("carol")
        .uid(4_000_003)
        .run()
        .code(0);
}

#[test]
fn import_makes_no_store() {
    let world = World::new();
    let text = format!("name,token\nweb,{WEB}\n");
    for line in ["--scope inference", "--scope inference --dry-run"] {
        import(&world, &text, line).run().code(5);
        assert!(!world.has_store());
    }
}

#[test]
fn a_line_that_is_wrong_is_named_with_its_field_and_nothing_is_imported() {
    let world = World::own();
    world.run("create --scope inference --name held");
    let other = "abcdefghijABCDEFGHIJ123";
    for (header, line, message, hint) in [
        (
            "name",
            "web".to_owned(),
            "neither field 'token' nor field 'sha256' has a value",
            "hint: give each key its token, or",
        ),
        (
            "name,token,sha256",
            format!("web,{WEB},{}", hex(WEB)),
            "both field 'token' and field 'sha256' have a value",
            "hint: leave one of them out",
        ),
        (
            "owner,token",
            format!("bob,{WEB}"),
            "field 'name': it is missing",
            "hint: give each key a name",
        ),
        (
            "name,token",
            "web,sk-12345678".to_owned(),
            "field 'token': it can be guessed, since it has under 20 characters",
            "hint: give its client a token of this store",
        ),
        (
            "name,token",
            format!("web,{}", hex(WEB)),
            "field 'token': it looks like a SHA-256 digest",
            "hint: name the field sha256 if",
        ),
        (
            "name,token",
            format!("web,{WEB} x"),
            "field 'token': it has a blank or a character outside ASCII",
            "hint: clients send",
        ),
        (
            "name,token",
            format!("web,kc_0123456789ab_{other}"),
            "field 'token': it has the shape of a token of keyctl",
            "hint: its key is in another store",
        ),
        (
            "name,sha256",
            format!("web,{WEB}"),
            "field 'sha256': it is not a SHA-256 digest",
            "hint: give 64 hexadecimal digits",
        ),
        (
            "name,token",
            format!("a/b,{WEB}"),
            "field 'name': the name 'a/b' has a '/'",
            "hint: '/' stands between",
        ),
        (
            "name,token",
            format!("{WEB},{WEB}"),
            "field 'name': it has a token in it",
            "hint: only the fields",
        ),
        (
            "name,owner,token",
            format!("web,{WEB},{WEB}"),
            "field 'owner': it has a token in it",
            "hint: only the fields",
        ),
        (
            "name,owner,sha256",
            format!("web,{WEB},{}", hex(WEB)),
            "field 'owner': it has a token in it",
            "hint: only the fields",
        ),
        (
            "name,labels,token",
            format!("web,key=x{WEB}x,{WEB}"),
            "field 'labels': it has a token in it",
            "hint: only the fields",
        ),
        (
            "name,scopes,token",
            format!("web,{WEB},{WEB}"),
            "field 'scopes': it has a token in it",
            "hint: only the fields",
        ),
        (
            "name,expires,token",
            format!("web,{WEB},{WEB}"),
            "field 'expires': it has a token in it",
            "hint: only the fields",
        ),
        (
            "name,owner,token",
            format!("web,-bob,{WEB}"),
            "field 'owner': the owner '-bob' starts with '-'",
            "hint: start it",
        ),
        (
            "name,scopes,token",
            format!("web,infrence,{WEB}"),
            "field 'scopes': there is no scope 'infrence'",
            "hint: did you mean 'inference'?",
        ),
        (
            "name,scopes,token",
            format!("web,zzz,{WEB}"),
            "field 'scopes': there is no scope 'zzz'",
            "'keyctl scope add zzz' adds this one",
        ),
        (
            "name,scopes,token",
            format!("web,project project,{WEB}"),
            "field 'scopes': the scope 'project' is given twice",
            "",
        ),
        (
            "name,labels,token",
            format!("web,a b=c,{WEB}"),
            "field 'labels': 'a b' is not a label key",
            "hint: use 1 to 64 letters",
        ),
        (
            "name,allow_from,token",
            format!("web,10.1.0.0/8,{WEB}"),
            "field 'allow_from': the network '10.1.0.0/8' has bits set",
            "hint: give 10.0.0.0/8",
        ),
        (
            "name,expires,token",
            format!("web,2026-11-21,{WEB}"),
            "field 'expires': '2026-11-21' is already past",
            "hint: leave expired keys out",
        ),
        (
            "name,expires_at,token",
            format!("web,soon,{WEB}"),
            "field 'expires_at': 'soon' is not a time",
            "hint: give a duration",
        ),
        (
            "name,expires,expires_at,token",
            format!("web,1d,1d,{WEB}"),
            "both field 'expires' and field 'expires_at' have a value",
            "hint: leave one",
        ),
        (
            "name,created_at,token",
            format!("web,2026-11-23,{WEB}"),
            "field 'created_at': 2026-11-23T00:00:00Z is in the future",
            "hint: give a date (2026-03-31)",
        ),
        (
            "name,created_at,token",
            format!("web,90d,{WEB}"),
            "field 'created_at': '90d' is no instant",
            "hint: give a date (2026-03-31)",
        ),
        (
            "name,created_at,token",
            format!("web,2024-05-06 07:08:09,{WEB}"),
            "field 'created_at': '2024-05-06 07:08:09' is not an RFC 3339 instant",
            "hint: did you mean '2024-05-06T07:08:09Z' (UTC)?",
        ),
        (
            "name,disabled,token",
            format!("web,maybe,{WEB}"),
            "field 'disabled': it is neither true nor false",
            "",
        ),
    ] {
        let text = format!("{header}\n{line}\n");
        refused(
            &world,
            2,
            &text,
            "--scope inference",
            &format!("line 2: {message}"),
            hint,
        );
    }
    let text = format!("name,token\nweb,{WEB}\n");
    refused(
        &world,
        2,
        &text,
        "",
        "line 2: field 'scopes': it is missing; nothing was imported\n",
        "hint: add --scope SCOPE for the lines without scopes\n",
    );
    refused(
        &world,
        4,
        &format!("name,token\nheld,{WEB}\n"),
        "--scope inference",
        "line 2: 'alice' already has a live key named 'held': ",
        "hint: choose another name",
    );
    refused(
        &world,
        2,
        &format!("name,kind,token\nweb,api,{WEB}\n"),
        "--scope inference",
        "line 1: unknown field 'kind'; nothing was imported\n",
        "hint: ",
    );
    refused(
        &world,
        2,
        &format!("web,{WEB}\n"),
        "--scope inference",
        "line 1: unknown field 'web'",
        "hint: ",
    );
    refused(
        &world,
        2,
        &format!("{WEB},web\n"),
        "--scope inference",
        "line 1: the header's field 1 is not a field name",
        "hint: ",
    );
    refused(
        &world,
        2,
        "",
        "--scope inference",
        "the input has no records",
        "hint: ",
    );
}

#[test]
fn a_value_that_may_be_a_token_is_not_shown() {
    let world = World::own();
    for (header, line, field) in [
        ("scopes,name,token", format!("{BATCH},web,{WEB}"), "scopes"),
        (
            "name,expires,token",
            format!("web,{BATCH},{WEB}"),
            "expires",
        ),
        (
            "name,allow_from,token",
            format!("web,{BATCH},{WEB}"),
            "allow_from",
        ),
        ("name,token", format!("-{BATCH},{WEB}"), "name"),
        ("name,owner,token", format!("web,{BATCH}/,{WEB}"), "owner"),
        (
            "name,labels,token",
            format!("web,{BATCH}!=x,{WEB}"),
            "labels",
        ),
    ] {
        let text = format!("{header}\n{line}\n");
        let message = format!(
            "line 2: field '{field}': its value is not valid, and not shown since it may be a token"
        );
        refused(&world, 2, &text, "--scope inference", &message, "");
    }
}

#[test]
fn a_token_of_another_line_in_a_name_an_owner_or_a_label_is_refused() {
    let world = World::own();
    for (field, value) in [
        ("name", BATCH.to_owned()),
        ("owner", BATCH.to_owned()),
        ("labels", format!("a={BATCH}")),
    ] {
        let mut line = json!({ "name": "web", "token": WEB });
        line[field] = json!(value);
        let text = format!(
            "{line}\n{}",
            json!({ "name": "batch", "sha256": hex(BATCH) })
        );
        let message = format!("line 1: field '{field}': it has a token in it");
        refused(
            &world,
            2,
            &text,
            "--scope inference",
            &message,
            "hint: only the fields",
        );
    }
}

#[test]
fn a_token_as_a_word_of_a_field_is_refused() {
    let world = World::own();
    let message = "line 2: field 'labels': it has a token in it; nothing was imported\n";
    for label in [
        format!("note=old:{BATCH}"),
        format!("note=the old one is {BATCH}."),
        format!("note=<{BATCH}>/x"),
        format!("note=token={BATCH}"),
    ] {
        let text = format!("name,token,labels\nweb,{WEB},{label}\nbatch,{BATCH},\n");
        let hint = "hint: only the fields";
        refused(&world, 2, &text, "--scope inference", message, hint);
        let text = format!("name,sha256,labels\nbatch,{},{label}\n", hex(BATCH));
        refused(&world, 2, &text, "--scope inference", message, hint);
    }
    // A token with separators in it.
    let token = "gw:live=51HdQx7mVt2Ra9Lk/b+c=";
    for (field, value) in [
        ("name", format!("old {token}")),
        ("owner", token.to_owned()),
        ("labels", format!("note=({token})")),
    ] {
        let text = format!("name,sha256\nbatch,{}\n", hex(token));
        let mut line = json!({ "name": "batch", "sha256": hex(token) });
        line[field] = json!(value);
        import(&world, &text, "--scope inference --dry-run")
            .run()
            .code(0);
        let ran = import(&world, &line.to_string(), "--scope inference").run();
        shows_none(&ran, &[token]);
        ran.fails(2, &format!("line 1: field '{field}': it has a token in it"));
    }
    // Long words that are no token of the file.
    let text = format!("name,token,labels\nweb,{WEB},id=0190b2c4-7d1e-7a3f-9c55-0c8f3f1f7e21\n");
    import(&world, &text, "--scope inference").run().code(0);
}

#[test]
fn a_token_that_looks_like_a_digest_works_with_tokens_are_plain() {
    let world = World::own();
    let token = hex(WEB);
    let text = format!("name,token\nweb,{token}\n");
    import(&world, &text, "--scope inference --tokens-are-plain")
        .run()
        .code(0);
    assert_eq!(world.verify(&token, ""), 0);
    assert_eq!(world.verify(WEB, ""), 1);
}

#[test]
fn two_lines_with_one_token_or_one_name_are_named() {
    let world = World::own();
    let text = format!("name,token,sha256\nweb,{WEB},\n\nbatch,,{}\n", hex(WEB));
    let message = "line 4: it has the same token as line 2; nothing was imported\n";
    refused(
        &world,
        2,
        &text,
        "--scope inference",
        message,
        "hint: a token belongs to one key",
    );
    let text = format!("name,owner,token\nweb,,{WEB}\nweb,bob,{BATCH}\nweb,alice,{BATCH}x\n");
    let message = "line 4: 'alice' has the name 'web' on line 2 too; nothing was imported\n";
    refused(
        &world,
        2,
        &text,
        "--scope inference",
        message,
        "hint: names are unique",
    );
    // Two forms of one name.
    let text = format!("name,token\ncaf\u{e9},{WEB}\ncafe\u{301},{BATCH}\n");
    let message = "line 3: 'alice' has the name 'caf\u{e9}' on line 2 too";
    refused(&world, 2, &text, "--scope inference", message, "");
}

#[test]
fn a_token_that_a_key_has_already_is_named_with_its_id() {
    let world = World::own();
    let id = import_web(&world);
    let text = format!("name,token\nother,{WEB}\n");
    let message = |state: &str| {
        format!(
            "line 2: a key here has its token already: {id} ('web', {state}); nothing was imported\n"
        )
    };
    refused(
        &world,
        4,
        &text,
        "--scope inference",
        &message("active"),
        "hint: leave out the lines that are imported already: --skip-existing does that\n",
    );
    world.run("disable web");
    refused(
        &world,
        4,
        &text,
        "--scope inference",
        &message("disabled"),
        "",
    );
    world.run("enable web");
    world.run("rotate web --quiet");
    refused(
        &world,
        4,
        &text,
        "--scope inference",
        &message("phased-out"),
        "",
    );
}

#[test]
fn import_with_skip_existing_leaves_out_the_lines_whose_token_a_key_has() {
    let world = World::own();
    let id = import_web(&world);
    // The name on the line is of no account, nor is what else the line has.
    let text = format!(
        "name,scopes,sha256,token\nother,nosuch,{},\nbatch,,,{BATCH}\n",
        hex(WEB)
    );
    let line = "--scope inference --skip-existing";
    let left_out =
        format!("left out line 2: a key here has its token already: {id} ('web', active)\n");
    import(&world, &text, &format!("{line} --dry-run"))
        .run()
        .code(0)
        .stderr(&format!(
            "{left_out}dry run: 1 key would be imported; nothing was changed\n"
        ));
    let ran = import(&world, &text, line)
        .run()
        .code(0)
        .says(&format!(
            "{left_out}imported 1 key\n  with policy's default expiry, "
        ))
        .says(": 1\nhint: check that an old token works");
    let batch = ran.stdout.trim_end().to_owned();
    assert_eq!(world.record("batch")["id"], json!(batch));
    assert_eq!(world.log(), ["init", "import", "import"]);
    assert_eq!(world.verify(WEB, ""), 0);
    assert_eq!(world.verify(BATCH, ""), 0);
    // Nothing is left to import.
    world.run("disable web");
    let left_out = format!(
        "left out line 2: a key here has its token already: {id} ('web', disabled)\n\
         left out line 3: a key here has its token already: {batch} ('batch', active)\n\
         no key was imported: every line was left out\n"
    );
    import(&world, &text, line)
        .run()
        .code(0)
        .stdout("")
        .stderr(&left_out);
    let ran = import(&world, &text, &format!("{line} --format json -q")).run();
    ran.code(0).stdout("[]\n").stderr("");
    assert_eq!(world.verify(WEB, ""), 1);
    assert_eq!(world.keys().len(), 2);
    // A rotated key has its token until it is deleted.
    world.run("rotate batch --quiet --grace 1h");
    world.advance("2h");
    import(&world, &text, line)
        .run()
        .code(0)
        .says("no key was imported: every line was left out\n");
    world.run("delete web --yes");
    let text = format!("name,token\nweb,{WEB}\n");
    import(&world, &text, line).run().fails(
        4,
        &format!("line 2: the key 'web' of 'alice' was imported before and deleted since: {id}"),
    );
}

#[test]
fn import_with_skip_existing_names_20_lines_and_counts_the_others() {
    let world = World::own();
    let lines = (0..33).map(|number| format!("k{number},{WEB}{number}\n"));
    let text = format!("name,token\n{}", lines.collect::<String>());
    let line = "--scope inference --skip-existing";
    import(&world, &text, line)
        .run()
        .code(0)
        .says("imported 33 keys\n");
    let ran = import(&world, &format!("{text}web,{WEB}\n"), line)
        .run()
        .code(0);
    assert_eq!(ran.stderr.matches("left out line").count(), 20, "{ran:#?}");
    ran.says("left out line 21: ")
        .says("\nand 13 more lines\nimported 1 key\n");
    // Another line that is wrong is refused as ever.
    let text = format!("name,token\nk0,{WEB}0\nk1,{BATCH}\n");
    import(&world, &text, line)
        .run()
        .fails(4, "line 3: 'alice' already has a live key named 'k1'");
}

#[test]
fn a_key_that_was_imported_and_deleted_comes_again_only_if_asked() {
    let world = World::own();
    let id = import_web(&world);
    world.run("delete web --yes");
    let text = format!("name,token\nweb,{WEB}\n");
    let message = format!(
        "line 2: the key 'web' of 'alice' was imported before and deleted since: {id}; nothing was imported\n"
    );
    refused(
        &world,
        4,
        &text,
        "--scope inference",
        &message,
        "hint: leave its line out; or add --again if its token is to work again\n",
    );
    assert_eq!(world.verify(WEB, ""), 1);
    import(&world, &text, "--scope inference --again")
        .run()
        .code(0);
    assert_eq!(world.verify(WEB, ""), 0);
    // A deleted key of our own, and another owner's, hold nothing up.
    world.create("--scope inference --name batch");
    world.run("delete batch --yes");
    let text = format!("name,owner,token\nbatch,,{BATCH}\nweb,bob,{BATCH}x\n");
    import(&world, &text, "--scope inference").run().code(0);
}

#[test]
fn policy_binds_from_the_import_on_and_not_from_the_creation() {
    let world = World::own();
    world.policy("max-expiry", "90d");
    let text =
        |expires: &str| format!("name,created_at,expires,token\nweb,2020-01-01,{expires},{WEB}\n");
    refused(
        &world,
        4,
        &text("91d"),
        "--scope inference",
        "line 2: expiry 2027-02-21T00:00:00Z is later than policy allows: the latest is 2027-02-20T00:00:00Z",
        "hint: a key lives at most 90d from its import (max-expiry): give an earlier time, or raise the maximum: keyctl policy set max-expiry 91d\n",
    );
    refused(
        &world,
        4,
        &text("never"),
        "--scope inference",
        "line 2: policy does not allow a key that never expires",
        "hint: a key lives at most 90d from its import (max-expiry): give an earlier time\n",
    );
    import(&world, &text("90d"), "--scope inference")
        .run()
        .code(0);
    assert_eq!(
        world.record("web")["expires_at"],
        json!("2027-02-20T00:00:00Z")
    );
}

#[test]
fn all_lines_that_are_wrong_are_named_at_once() {
    let world = World::own();
    let text = format!(
        "name,scopes,token\na/b,,{WEB}\nweb,,{BATCH}\nx/y,,{BATCH}1\nz,nosuch,{BATCH}2\n,,{BATCH}3\n"
    );
    import(&world, &text, "--scope inference")
        .run()
        .code(2)
        .stdout("")
        .stderr(
            "line 2: field 'name': the name 'a/b' has a '/'\n\
         hint: '/' stands between owner and name, as in OWNER/NAME: leave it out\n\
         line 4: field 'name': the name 'x/y' has a '/'\n\
         line 5: field 'scopes': there is no scope 'nosuch'\n\
         hint: the scopes here are: inference, project; 'keyctl scope add nosuch' adds this one\n\
         line 6: field 'name': it is missing\n\
         hint: give each key a name, unique among the keys of its owner\n\
         keyctl: 4 of 5 lines are refused; nothing was imported\n",
        );
    assert!(world.keys().is_empty());
    let lines = (0..33).map(|number| format!("x/{number},{WEB}{number}\n"));
    let text = format!("name,token\n{}", lines.collect::<String>());
    let ran = import(&world, &text, "--scope inference").run().code(2);
    assert_eq!(ran.stderr.matches("field 'name'").count(), 20, "{ran:#?}");
    ran.says("line 21: ")
        .says("\nand 13 more lines\nkeyctl: 33 of 33 lines are refused; nothing was imported\n");
    // Only what policy, names and tokens refuse is no mistake in the file.
    world.create("--scope inference --name a");
    world.create("--scope inference --name b");
    let text = format!("name,token\na,{WEB}\nb,{BATCH}\n");
    import(&world, &text, "--scope inference")
        .run()
        .fails(4, "2 of 2 lines are refused");
    // A mistake in the file comes first, wherever it stands.
    let text = format!("name,token\na,{WEB}\nx/y,{BATCH}\n");
    import(&world, &text, "--scope inference")
        .run()
        .fails(2, "2 of 2 lines are refused");
}

#[test]
fn an_owner_is_looked_up_once_and_an_unknown_one_warned_of_once() {
    // On a server its roles are the users: `doctor_notes_the_owners_that_are_no_role_of_the_server`.
    if !World::is_a_file() {
        return;
    }
    let world = World::own();
    let line = |number: usize, owner: &str| format!("k{number},{owner},{WEB}{number}\n");
    let lines = |owners: &[&str]| {
        let lines = owners
            .iter()
            .enumerate()
            .map(|(number, owner)| line(number, owner));
        format!("name,owner,token\n{}", lines.collect::<String>())
    };
    let text = lines(&["dave", "bob", "dave"]);
    import(&world, &text, "--scope inference")
        .users(&["bob"])
        .run()
        .code(0)
        .says("warning: 'dave' is neither a user of this machine nor the owner of any key\n");
    let world = World::own();
    let text = lines(&["dave", "eve", "bob", "eve"]);
    import(&world, &text, "--scope inference").users(&["bob"]).run().code(0)
        .says("warning: 2 owners are neither users of this machine nor owners of other keys: 'dave', 'eve'\n");
    let text = lines(&[""]);
    let ran = import(&world, &text, "--scope inference --owner bob --again")
        .users(&["bob"])
        .run();
    ran.fails(4, "line 2: a key here has its token already");
}

#[test]
fn an_imported_key_is_rotated_to_a_token_of_ours_and_listed_until_then() {
    let world = World::own();
    let id = import_web(&world);
    let new = world.run("rotate web --grace 1h").stdout;
    assert_eq!(world.verify(WEB, ""), 0);
    assert_eq!(world.verify(new.trim_end(), ""), 0);
    assert_eq!(world.record("web")["imported"], json!(false));
    assert_eq!(world.record(&id)["imported"], json!(true));
    world.advance("1h");
    assert_eq!(world.verify(WEB, ""), 1);
}

#[test]
fn hints_for_import_name_the_flag_that_is_meant() {
    let world = World::own();
    for (line, hint) in [
        ("load keys.csv", "did you mean 'import'?"),
        ("ingest keys.csv", "did you mean 'import'?"),
        (
            "migrate keys.csv",
            "did you mean 'import' (keys of another system) or 'init --upgrade' (a store of an older version)?",
        ),
        ("import-keys keys.csv", "did you mean 'import'?"),
        (
            "import --file keys.csv",
            "name the file alone: import keys.csv",
        ),
        (
            "import --input keys.csv",
            "name the file alone: import keys.csv",
        ),
        ("import keys.csv --force", "did you mean '--again'?"),
        (
            "import keys.csv --plain",
            "did you mean '--tokens-are-plain'?",
        ),
        ("import keys.csv --user bob", "did you mean '--owner'?"),
    ] {
        world
            .line(line)
            .run()
            .code(2)
            .says(&format!("hint: {hint}\n"));
    }
    world.line("import").run().code(2).says("FILE");
    let terminal = keyctl::env::Terminal {
        stdin: true,
        ..Default::default()
    };
    import(&world, "", "--scope inference")
        .streams(terminal)
        .run()
        .fails(2, "'-' is standard input, and that is a terminal");
}

#[test]
fn progress_is_shown_for_each_key() {
    let world = World::own();
    let text = format!("name,token\nweb,{WEB}\nbatch,{BATCH}\n");
    let terminal = keyctl::env::Terminal {
        stderr: true,
        ..Default::default()
    };
    let ran = import(&world, &text, "--scope inference")
        .streams(terminal)
        .run()
        .code(0);
    assert_eq!(ran.progress, "Keys 2: 1 1\n");
}

/// Values of a field, which may be or hold the token.
fn value(token: &str) -> impl Strategy<Value = String> + use<> {
    let token = token.to_owned();
    prop_oneof![
        "[ -~]{0,30}",
        "\\PC{0,12}",
        "[a-z]{1,8}",
        "[1-9]{1,2}d|2027-0[1-9]-11|never|10\\.0\\.0\\.0/8|inference|a=b|true",
        Just(token.clone()),
        "[ -~]{0,3}".prop_map(move |text| format!("{text}{token}{text}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn import_of_any_fields_shows_no_token(
        (token, values) in "[!-~]{20,40}|[a-z]{20}|[a-f0-9]{64}".prop_flat_map(|token| {
            let values = prop::collection::vec(prop::option::of(value(&token)), 9);
            (Just(token), values)
        }),
        is_csv: bool,
    ) {
        const FIELDS: [&str; 9] =
            ["name", "owner", "scopes", "labels", "expires", "expires_at", "allow_from", "created_at", "disabled"];
        let world = World::own();
        let given = FIELDS.iter().zip(&values).filter_map(|(field, value)| Some((*field, value.as_deref()?)));
        let text = match is_csv {
            false => {
                let mut line = json!({ "token": token });
                given.for_each(|(field, value)| line[field] = json!(value));
                line.to_string()
            }
            true => {
                let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
                let (fields, cells): (Vec<&str>, Vec<String>) =
                    given.map(|(field, value)| (field, quoted(value))).chain([("token", quoted(&token))]).unzip();
                format!("{}\n{}\n", fields.join(","), cells.join(","))
            }
        };
        let ran = import(&world, &text, "--tokens-are-plain").run();
        prop_assert!([0, 2, 4].contains(&ran.code), "{ran:#?}");
        prop_assert!(!ran.stderr.contains(&token) && !ran.stdout.contains(&token), "{ran:#?}");
        for event in world.events() {
            prop_assert!(!event.detail.contains(&token));
        }
        if ran.code == 0 {
            prop_assert_eq!(world.verify(&token, ""), 0);
        }
    }
}
