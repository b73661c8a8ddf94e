//! Verdicts as `keyctl verify` says them: text, JSON and a line of `--batch` say the same.

use super::World;
use crate::harness::{Ran, forged, id_of};
use keyctl::error::escape;
use keyctl::output::instant;
use keyctl::when::{Timestamp, When};
use proptest::prelude::*;
use serde_json::{Value, json};

const UNKNOWN: &str = "{\"valid\":false,\"reason\":\"unknown\"}\n";
const UNKNOWN_TEXT: &str = "rejected: unknown: no such key, a deleted one, or a wrong secret";

/// Verifies `token` in text, in JSON and in a batch, where the last two must say the same.
#[track_caller]
fn verify(world: &World, token: &str, line: &str) -> (Ran, String) {
    let run = |format: &str| {
        let line = format!("verify --no-touch {format} {line}");
        world.line(&line).stdin(token).run()
    };
    let (text, json, batch) = (run(""), run("--format json"), run("--batch"));
    assert_eq!(json.code, text.code, "{json:?}");
    assert_eq!(json.stdout, batch.stdout);
    (text, json.stdout)
}

/// Checks the verdict on a rejected token: its exit code, its text without the store and the advice, and
/// all of its JSON but for the fields that every rejected key has.
#[track_caller]
fn rejected(world: &World, token: &str, line: &str, code: u8, text: &str, rest: &str) {
    let (ran, json) = verify(world, token, line);
    let ran = ran.code(code).stdout("");
    let (said, _) = ran.stderr.split_once(" (store ").unwrap();
    let id = id_of(token);
    let (reason, of_key) = text.split_once(": ").unwrap();
    assert_eq!(said, format!("rejected: {reason}: {id} {of_key}"));
    let name = of_key.split([' ', ',']).next().unwrap();
    let state = world.record(&id)["state"].as_str().unwrap().to_owned();
    assert_eq!(
        json,
        format!(
            "{{\"valid\":false,\"reason\":\"{reason}\",\"id\":\"{id}\",\"name\":\"{name}\",\
             \"owner\":\"alice\",\"state\":\"{state}\"{rest}}}\n"
        )
    );
}

#[test]
fn verify_of_a_disabled_key_says_since_when_and_by_whom() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci --expires 90d");
    world.advance("1h");
    world.line("disable ci").user("carol").run().code(0);
    world.advance("2h");
    rejected(
        &world,
        &token,
        "",
        1,
        "disabled: ci since 2026-11-22T01:00:00Z (2h ago), by carol",
        ",\"since\":\"2026-11-22T01:00:00Z\",\"by\":\"carol\",\"expires_at\":\"2027-02-20T00:00:00Z\"",
    );
}

#[test]
fn verify_of_an_expired_key_says_since_when() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci --expires 1h");
    // What else keeps it out is not the reason, and not told as such.
    world.run("disable ci");
    world.advance("3h");
    rejected(
        &world,
        &token,
        "--scope project",
        1,
        "expired: ci since 2026-11-22T01:00:00Z (2h ago)",
        ",\"since\":\"2026-11-22T01:00:00Z\",\"expires_at\":\"2026-11-22T01:00:00Z\"",
    );
}

#[test]
fn verify_of_a_phased_out_key_says_when_it_stopped_and_what_replaced_it() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci --expires 90d");
    let new = id_of(world.run("rotate ci --grace 1h").stdout.trim_end());
    world.advance("3h");
    let of_key = |end: &str, ago: &str| {
        (
            format!("phased-out: ci, stopped {end} ({ago} ago), replaced by {new}"),
            format!(
                ",\"since\":\"{end}\",\"replaced_by\":\"{new}\",\
                 \"expires_at\":\"2027-02-20T00:00:00Z\",\"usable_until\":\"{end}\""
            ),
        )
    };
    let (text, json) = of_key("2026-11-22T01:00:00Z", "2h");
    rejected(&world, &token, "", 1, &text, &json);
    // One whose grace was ended by disabling it.
    let token = world.create("--scope inference --name other --expires 90d");
    let new = id_of(world.run("rotate other --grace 9h").stdout.trim_end());
    world.run(&format!("disable {}", id_of(&token)));
    world.advance("1h");
    rejected(
        &world,
        &token,
        "",
        1,
        &format!("phased-out: other, stopped 2026-11-22T03:00:00Z (60m ago), replaced by {new}"),
        &format!(
            ",\"since\":\"2026-11-22T03:00:00Z\",\"replaced_by\":\"{new}\",\
             \"expires_at\":\"2027-02-20T03:00:00Z\",\"usable_until\":\"2026-11-22T03:00:00Z\""
        ),
    );
}

#[test]
fn verify_of_a_key_without_the_permission_says_what_it_lacks() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci --expires 90d");
    let expires = ",\"expires_at\":\"2027-02-20T00:00:00Z\"";
    rejected(
        &world,
        &token,
        "--scope inference,project",
        6,
        "scope: ci lacks project",
        &format!("{expires},\"lacks\":\"project\""),
    );
    rejected(
        &world,
        &token,
        "--project search",
        6,
        "project: ci belongs to alice, who is not a member of search",
        &format!("{expires},\"lacks\":\"search\""),
    );
    // In its grace, a key works, but not for long.
    let new = id_of(world.run("rotate ci --grace 1h").stdout.trim_end());
    rejected(
        &world,
        &token,
        "--scope project",
        6,
        "scope: ci lacks project",
        &format!(
            ",\"replaced_by\":\"{new}\"{expires},\"usable_until\":\"2026-11-22T01:00:00Z\",\
             \"lacks\":\"project\""
        ),
    );
    let create = "create --kind legacy --owner alice --name old";
    let legacy = world.line(create).user("carol").run().code(0).stdout;
    let legacy = legacy.trim_end();
    rejected(
        &world,
        legacy,
        "--project search",
        6,
        "project: old is a legacy key, which works in no project",
        ",\"lacks\":\"search\"",
    );
}

#[test]
fn verify_says_nothing_of_a_key_whose_secret_has_not_matched() {
    let world = World::quick();
    let create = |name: &str| world.create(&format!("--scope inference --name {name}"));
    let names = ["active", "off", "ended", "rotated", "deleted", "purged"];
    let tokens = names.map(create);
    world.run("disable off");
    world.run("edit ended --expires 1h");
    world.run("rotate rotated");
    world.run("delete deleted --yes");
    world.run("delete purged --yes");
    world.advance("2h");
    let purged = id_of(&tokens[5]).parse().unwrap();
    world.write(|tx| tx.purge(purged));
    // The right secret of the last two opens no more than a wrong one.
    let right = tokens[4..].iter().cloned();
    for token in tokens.iter().map(|token| forged(token)).chain(right) {
        for line in ["", "--scope project", "--project search"] {
            let (text, json) = verify(&world, &token, line);
            assert_eq!(json, UNKNOWN);
            let said = format!("{UNKNOWN_TEXT} (store {})\n", world.shown("alice"));
            text.code(1).stdout("").stderr(&said);
        }
    }
}

/// The time in a field of `verdict`, as text shows it at `now`.
fn time(verdict: &Value, field: &str, now: Timestamp) -> String {
    let at = verdict[field].as_str().map(|at| match at.parse() {
        Ok(When::At(at)) => at,
        _ => panic!("{field} of {verdict} is no instant"),
    });
    instant(at, now)
}

/// The text of a verdict, made from its JSON alone: what stands on standard output, and the first line on
/// standard error without the store.
fn text_of(verdict: &Value, legacy: bool, now: Timestamp) -> (String, String) {
    let text = |field: &str| escape(verdict[field].as_str().unwrap());
    let time = |field: &str| time(verdict, field, now);
    if verdict["valid"] == json!(true) {
        let scopes: Vec<&str> = verdict["scopes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|scope| scope.as_str().unwrap())
            .collect();
        let abilities = match legacy {
            true => "kind legacy".to_owned(),
            false => format!("scopes {}", scopes.join(" ")),
        };
        let (id, name, owner) = (text("id"), text("name"), text("owner"));
        let warning = match verdict["state"].as_str() {
            Some("phased-out") => format!(
                "warning: {id} was replaced by {} and stops {}",
                text("replaced_by"),
                time("usable_until")
            ),
            _ => String::new(),
        };
        let end = match warning.is_empty() {
            true => format!("expires {}", time("expires_at")),
            false => format!("works until {}", time("usable_until")),
        };
        let line = format!("valid: {id} {name} of {owner}, {abilities}, {end}\n");
        return (line, warning);
    }
    let cause = match verdict["reason"].as_str().unwrap() {
        "unknown" => return (String::new(), UNKNOWN_TEXT.to_owned()),
        "expired" => format!(" since {}", time("since")),
        "disabled" => format!(" since {}, by {}", time("since"), text("by")),
        "phased-out" => {
            let (end, new) = (time("since"), text("replaced_by"));
            format!(", stopped {end}, replaced by {new}")
        }
        "scope" => format!(" lacks {}", text("lacks")),
        "project" if legacy => " is a legacy key, which works in no project".to_owned(),
        "project" => {
            let (owner, project) = (text("owner"), text("lacks"));
            format!(" belongs to {owner}, who is not a member of {project}")
        }
        reason => panic!("{reason} is no reason"),
    };
    let (reason, id, name) = (text("reason"), text("id"), text("name"));
    (
        String::new(),
        format!("rejected: {reason}: {id} {name}{cause}"),
    )
}

/// What is true of any verdict on a key whose record is `record`, whatever came before.
fn consistent(verdict: &Value, record: &Value) {
    let has = |field: &str| verdict.get(field).is_some();
    for field in ["id", "name", "owner", "state"] {
        assert_eq!(verdict[field], record[field], "{field}");
    }
    assert_eq!(
        verdict["valid"],
        record["usable"].as_bool().unwrap() && !has("lacks")
    );
    let is_phased_out = verdict["state"] == json!("phased-out");
    for field in ["usable_until", "replaced_by"] {
        assert_eq!(has(field), is_phased_out, "{field} in {verdict}");
    }
    for field in ["usable_until", "replaced_by", "expires_at"] {
        assert!(
            !has(field) || verdict[field] == record[field],
            "{field} in {verdict}"
        );
    }
    assert_eq!(
        has("since"),
        ["expired", "disabled", "phased-out"].contains(&reason(verdict))
    );
    assert_eq!(has("by"), reason(verdict) == "disabled", "{verdict}");
    assert_eq!(
        has("lacks"),
        ["scope", "project"].contains(&reason(verdict))
    );
    let end = match reason(verdict) {
        "expired" => &record["expires_at"],
        "disabled" => &record["disabled_at"],
        "phased-out" => &record["usable_until"],
        _ => return,
    };
    assert_eq!(&verdict["since"], end, "{verdict}");
}

fn reason(verdict: &Value) -> &str {
    verdict["reason"].as_str().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn text_json_and_batch_of_any_verdict_say_the_same(
        is_legacy: bool,
        owner in prop::sample::select(vec!["alice", "dave"]),
        steps in prop::collection::vec(prop::sample::select(vec![
            "disable {}", "disable {} -q", "enable {}", "rotate {} --grace 40m", "rotate {}",
            "edit {} --grace 10m", "edit {} --expires 50m", "delete {} --yes", "advance 20m",
            "advance 1h",
        ]), 0..7),
    ) {
        let world = World::quick();
        world.line("member add search dave --role owner").user("carol").run().code(0);
        let kind = if is_legacy { "--kind legacy" } else { "--scope inference --expires 2h" };
        let create = format!("create {kind} --owner {owner} --name ci");
        let made = world.line(&create).user("carol").run().code(0);
        let mut tokens = vec![made.stdout.trim_end().to_owned()];
        for step in steps {
            match step.strip_prefix("advance ") {
                Some(span) => world.advance(span),
                None => {
                    let line = step.replace("{}", &id_of(tokens.last().unwrap()));
                    // Many are refused: what they leave is what counts.
                    let user = if step.ends_with("-q") { owner } else { "carol" };
                    let ran = world.line(&line).user(user).run();
                    if ran.stdout.starts_with("kc_") {
                        // Steps go on with the old key as often as with the new one.
                        let new = ran.stdout.trim_end().to_owned();
                        let last = tokens.len() - usize::from(tokens.len() % 2 == 1);
                        tokens.insert(last, new);
                    }
                }
            }
        }
        for token in &tokens {
            for line in ["", "--scope inference", "--scope project", "--project search"] {
                let (ran, json) = verify(&world, token, line);
                let verdict: Value = serde_json::from_str(&json).unwrap();
                let (stdout, first) = text_of(&verdict, is_legacy, world.now());
                prop_assert_eq!(&ran.stdout, &stdout);
                let said = ran.stderr.lines().next().unwrap_or_default();
                let said = said.split(" (store ").next().unwrap();
                prop_assert_eq!(said, first, "{}", json);
                if reason(&verdict) == "unknown" {
                    prop_assert_eq!(json, UNKNOWN);
                } else {
                    consistent(&verdict, &world.record(&id_of(token)));
                }
            }
        }
    }
}
