//! Commands on imported keys, whose tokens other systems made, and on text that may be such a token.

use super::World;
use crate::harness::{Cmd, Ran, id_of};
use serde_json::json;

/// Tokens of another system.
const WEB: &str = "sk-Zq8mT3vXw1Lr7KpYb2Nc";
const BATCH: &str = "gw_live_51HdQx7mVt2Ra9Lk";
/// A token that no key has.
const NONE: &str = "sk-Zq8mT3vXw1Lr7KpYb2Nd";

const MALFORMED: &str = "{\"valid\":false,\"reason\":\"malformed\"}\n";
const UNKNOWN: &str = "{\"valid\":false,\"reason\":\"unknown\"}\n";

/// What is said of a text that may be a token.
const UNSHOWN: &str = "which are not shown, since they may be a token\n";

/// A store with the imported keys `web` and `batch` of alice, and their IDs.
fn imported() -> (World, String, String) {
    let world = World::own();
    let text = format!("name,token\nweb,{WEB}\nbatch,{BATCH}\n");
    let ran = world
        .line("import - --scope inference --expires 90d")
        .stdin(text)
        .run()
        .code(0);
    let (web, batch) = ran.stdout.trim_end().split_once('\n').unwrap();
    let (web, batch) = (web.to_owned(), batch.to_owned());
    (world, web, batch)
}

/// A command line with `stdin`.
fn piped<'w>(world: &'w World, stdin: &str, line: &str) -> Cmd<'w> {
    world.line(line).stdin(stdin)
}

/// `verify` of [`WEB`] with the rest of a command line.
fn verify(world: &World, line: &str) -> Ran {
    piped(world, WEB, &format!("verify {line}")).run()
}

/// Verdict in JSON on [`WEB`].
fn verdict(world: &World) -> serde_json::Value {
    verify(world, "--format json").json()
}

#[track_caller]
fn shows_no_token(ran: &Ran) {
    for token in [WEB, BATCH, NONE] {
        // A text may be cut before it is shown.
        assert!(!ran.stdout.contains(&token[3..15]), "{ran:#?}");
        assert!(!ran.stderr.contains(&token[3..15]), "{ran:#?}");
    }
}

/// Lines that hold `token` and nothing else that could be one.
fn lines_with(token: &str) -> [String; 12] {
    [
        token.to_owned(),
        format!("  {token}\r"),
        format!("API_KEY={token}"),
        format!("export API_KEY='{token}'"),
        format!("api_key = \"{token}\""),
        format!("\"api_key\": \"{token}\","),
        format!("x-api-key: {token}"),
        format!("Authorization: Bearer {token}"),
        format!("\"Authorization\": \"Bearer {token}\","),
        format!("api.key: '{token}'"),
        format!("Bearer {token}"),
        format!("\u{feff}{token}"),
    ]
}

/// Lines in which other text stands around `token`.
fn lines_around(token: &str) -> [String; 7] {
    [
        format!("{{\"api_key\": \"{token}\"}}"),
        format!("API_KEY={token} # of the web server"),
        format!("- {token}"),
        format!("curl -H 'x-api-key: {token}' https://example.org"),
        format!("{token} {BATCH}"),
        format!("caf\u{e9} {token}"),
        token.chars().flat_map(|c| [c, '\0']).collect(),
    ]
}

#[test]
fn verify_of_an_imported_token_gives_the_verdict_of_its_key() {
    let (world, web, _) = imported();
    world.run("edit web --allow-from 10.0.0.0/8");
    verify(&world, "--ip 10.1.2.3 --scope inference")
        .code(0)
        .stdout(&format!(
            "valid: {web} web of alice, scopes inference, expires 2027-02-20T00:00:00Z (in 90d)\n"
        ))
        .stderr("");
    for (line, code, said) in [
        ("", 6, "rejected: address: "),
        ("--ip 11.1.2.3", 6, "web does not work from 11.1.2.3"),
        ("--ip 10.1.2.3 --scope project", 6, "web lacks project"),
        (
            "--ip 10.1.2.3 --project search",
            6,
            "belongs to alice, who is not a member of search",
        ),
    ] {
        let ran = verify(&world, line).code(code).stdout("").says(said);
        assert!(ran.stderr.contains(&web), "{ran:#?}");
        shows_no_token(&ran);
    }
    world.run("member add search alice --role owner");
    verify(&world, "--ip 10.1.2.3 --project search").code(0);
    let valid = verify(&world, "--ip 10.1.2.3 --format json").code(0).json();
    assert_eq!(
        valid,
        json!({ "valid": true, "id": web, "name": "web", "owner": "alice", "state": "active",
                "scopes": ["inference"], "expires_at": "2027-02-20T00:00:00Z" })
    );
    assert_eq!(
        world.record("web")["last_used_at"],
        json!("2026-11-22T00:00:00Z")
    );
}

#[test]
fn verify_of_a_stopped_imported_key_names_its_state_and_logs_the_reuse() {
    for (stop, after, reason, text) in [
        (
            "disable web",
            "0s",
            "disabled",
            "web since 2026-11-22T00:00:00Z (now), by alice",
        ),
        (
            "edit web --expires 1h",
            "1h",
            "expired",
            "web since 2026-11-22T01:00:00Z (now)",
        ),
        (
            "rotate web --grace 1h",
            "1h",
            "phased-out",
            "web, stopped 2026-11-22T01:00:00Z (now), replaced by ",
        ),
    ] {
        let (world, web, _) = imported();
        world.run(stop);
        if after != "0s" {
            world.advance(after);
        }
        let ran = verify(&world, "").code(1).stdout("");
        shows_no_token(&ran);
        ran.says(&format!("rejected: {reason}: {web} {text}"));
        let verdict = verdict(&world);
        assert_eq!(verdict["reason"], json!(reason));
        assert_eq!(verdict["id"], json!(web));
        assert!(world.log().contains(&"reuse".to_owned()), "{reason}");
    }
}

#[test]
fn the_token_of_a_deleted_or_purged_imported_key_is_unknown_and_of_no_event() {
    let (world, _, batch) = imported();
    let unknown = "rejected: unknown: no key has this token; it is mistyped, cut short, no token, or that of a deleted key (store ";
    piped(&world, NONE, "verify")
        .run()
        .code(1)
        .stdout("")
        .says(unknown);
    world.run("delete web --yes");
    let log = world.log();
    let ran = verify(&world, "").code(1).stdout("").says(unknown);
    shows_no_token(&ran);
    assert_eq!(
        verdict(&world),
        json!({ "valid": false, "reason": "unknown" })
    );
    assert_eq!(world.log(), log);
    // The deleted key is an imported one as long as its record is there.
    world.run("purge --yes --owner alice");
    world.run(&format!("delete {batch} --yes"));
    verify(&world, "").code(1).says("rejected: unknown: ");
    world.run("purge --yes --owner alice");
    verify(&world, "").code(1).says("rejected: malformed: ");
}

#[test]
fn a_token_of_ours_that_is_mistyped_is_malformed_among_imported_keys_too() {
    let (world, ..) = imported();
    let token = world.create("--scope inference --name own");
    let (head, last) = token.split_at(token.len() - 1);
    let typo = format!("{head}{}", if last == "0" { '1' } else { '0' });
    piped(&world, &typo, "verify")
        .run()
        .code(1)
        .says("(the store was not consulted)");
    piped(&world, &typo, "verify --format json")
        .run()
        .code(1)
        .stdout(MALFORMED);
    // Text of another shape could be an imported token.
    piped(&world, head, "verify --format json")
        .run()
        .code(1)
        .stdout(UNKNOWN);
    assert_eq!(world.verify(&token, ""), 0);
}

#[test]
fn a_batch_verifies_own_and_imported_tokens_in_order() {
    let (world, web, batch) = imported();
    let own = world.create("--scope inference --name own");
    world.run("disable batch");
    let (shortest, longest) = ("x".repeat(16), "x".repeat(512));
    let blanks = |count| " ".repeat(count);
    let lines = [
        (own.clone(), "own"),
        (WEB.to_owned(), "web"),
        (format!("{WEB}\r"), "web"),
        (format!("Bearer {WEB}"), "web"),
        (String::new(), "malformed"),
        (NONE.to_owned(), "unknown"),
        (BATCH.to_owned(), "disabled"),
        (format!("\"{WEB}\""), "unknown"),
        (format!("API_KEY={WEB}"), "unknown"),
        (WEB.to_uppercase(), "unknown"),
        (format!("{WEB} x"), "malformed"),
        (format!("{WEB}\u{e9}"), "malformed"),
        (shortest[1..].to_owned(), "malformed"),
        (shortest, "unknown"),
        (longest.clone(), "unknown"),
        (format!("Bearer {longest}{}", blanks(25)), "unknown"),
        (format!("Bearer {longest}{}", blanks(26)), "malformed"),
        (format!("{longest}x"), "malformed"),
        (format!("{WEB}{}", blanks(544 - WEB.len())), "web"),
        (format!("{WEB}{}", blanks(545 - WEB.len())), "malformed"),
        (own[1..].to_owned(), "malformed"),
        (own[..64].to_owned(), "unknown"),
        (WEB.to_owned(), "web"),
    ];
    let text: Vec<&str> = lines.iter().map(|(line, _)| &**line).collect();
    for cores in [1, 3] {
        let ran = piped(&world, &text.join("\n"), "verify --batch --no-touch").cores(cores);
        let ran = ran
            .run()
            .code(1)
            .stderr("23 tokens: 6 valid, 17 rejected\n");
        shows_no_token(&ran);
        let verdicts: Vec<&str> = ran.stdout.lines().collect();
        assert_eq!(verdicts.len(), lines.len());
        for ((line, expected), verdict) in lines.iter().zip(verdicts) {
            let verdict: serde_json::Value = serde_json::from_str(verdict).unwrap();
            let found = match verdict["valid"] == json!(true) {
                true => &verdict["name"],
                false => &verdict["reason"],
            };
            assert_eq!(found, expected, "{line}");
            let id = match *expected {
                "own" => json!(id_of(&own)),
                "web" => json!(web),
                "disabled" => json!(batch),
                _ => json!(null),
            };
            assert_eq!(verdict["id"], id, "{line}");
        }
    }
}

#[test]
fn a_batch_of_foreign_tokens_is_malformed_in_a_store_without_imported_keys() {
    let world = World::own();
    let own = world.create("--scope inference");
    let text = format!("{WEB}\n{own}\n\n{BATCH}");
    let ran = piped(&world, &text, "verify --batch").run().code(1);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(
        [lines[0], lines[2], lines[3]].map(|line| format!("{line}\n")),
        [MALFORMED; 3]
    );
    assert!(lines[1].contains("\"valid\":true"), "{ran:#?}");
}

#[test]
fn a_line_with_an_imported_token_stands_for_its_key_in_every_command() {
    let (world, web, _) = imported();
    for line in lines_with(WEB) {
        let ran = piped(&world, &line, "show - --format json")
            .run()
            .code(0)
            .stderr("");
        assert_eq!(ran.json()["id"], json!(web), "{line}");
        shows_no_token(&ran);
        for (stop, done) in [("disable -", "disabled"), ("enable -", "enabled")] {
            let said = format!("{done} {web} (web)\n");
            let ran = piped(&world, &line, stop).run().code(0).stderr(&said);
            shows_no_token(&ran);
        }
        assert_eq!(verify(&world, "").code, 0);
        let ran = piped(&world, &line, "delete - --yes --dry-run")
            .run()
            .code(0);
        assert!(ran.stdout.contains(&web), "{ran:#?}");
        shows_no_token(&ran);
    }
    let ran = piped(&world, WEB, "edit - --label a=b").run().code(0);
    shows_no_token(&ran);
    let ran = piped(&world, WEB, "log --key -").run().code(0);
    assert!(ran.stdout.contains("import"), "{ran:#?}");
    shows_no_token(&ran);
    let ran = piped(&world, WEB, "rotate - --grace 1h").run().code(0);
    shows_no_token(&ran.says(&format!("phased out {web}: ")));
    piped(&world, WEB, "rotate - --undo --yes").run().code(0);
    assert_eq!(verify(&world, "").code, 0);
    world.check_chain();
}

#[test]
fn every_key_of_a_leaked_env_file_is_stopped_whoever_made_its_token() {
    for (line, reason) in [("disable -", "disabled"), ("delete - --yes", "unknown")] {
        let (world, ..) = imported();
        let own = world.create("--scope inference --name own");
        let stdin = format!(
            "# settings\nDB_PASSWORD=hunter2\nSECRET=hunter2hunter2hunter2\nAPI_KEY='{WEB}'\r\n\nexport OWN={own}\n\"batch\": \"{BATCH}\",\n"
        );
        let ran = piped(&world, &stdin, line).run().code(3).stdout("");
        shows_no_token(&ran);
        assert!(!ran.stderr.contains("hunter2"), "{ran:#?}");
        ran.says("line 1: there is no key '# settings'\n")
            .says("line 2: there is no such key: 19 characters, ")
            .says("line 3: there is no such key: 28 characters, ")
            .says("keyctl: 3 of 6 KEYs stopped nothing; the other 3 are stopped\n");
        for token in [WEB, BATCH, &own] {
            let ran = piped(&world, token, "verify --format json").run().code(1);
            assert_eq!(ran.json()["reason"], json!(reason));
        }
    }
}

#[test]
fn text_that_may_hold_an_imported_token_is_never_shown() {
    let (world, ..) = imported();
    let before = world.rows();
    let all = "'keyctl list --state all' shows every key\n";
    for line in lines_around(WEB) {
        for command in [
            "show -",
            "enable -",
            "disable -",
            "delete - --yes",
            "edit - --label a=b",
            "rotate -",
            "log --key -",
        ] {
            let ran = piped(&world, &line, command).run().code(3).stdout("");
            shows_no_token(&ran);
            ran.says(UNSHOWN).says(&format!(
                "hint: a token is found alone on its line, or after NAME= or NAME:; {all}"
            ));
        }
    }
    for command in ["show -", "disable -"] {
        let ran = piped(&world, &format!("API_KEY={NONE}"), command)
            .run()
            .code(3);
        shows_no_token(&ran);
        ran.says("there is no such key: 31 characters, ")
            .says(&format!(
                "hint: a deleted key's token is unknown too; {all}"
            ));
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn a_line_that_is_not_utf_8_is_not_shown_if_it_may_hold_a_token() {
    for world in [World::own(), imported().0] {
        let latin = [format!("API_KEY={WEB} # cl").as_bytes(), b"\xe9\n"].concat();
        let utf_16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(WEB.bytes().flat_map(|byte| [byte, 0]))
            .collect();
        for stdin in [latin, utf_16] {
            let length = stdin.strip_suffix(b"\n").unwrap_or(&stdin).len();
            let ran = world.line("show -").stdin(&stdin).run();
            shows_no_token(&ran);
            assert!(!ran.stderr.contains("k\\u{0}-"), "{ran:#?}");
            ran.fails(
                2,
                &format!("the KEY of {length} bytes on standard input is not UTF-8\n"),
            );
        }
    }
}

#[test]
fn a_value_after_a_name_is_shown_by_no_command() {
    let world = World::own();
    world.create("--scope inference --name uid:7=x");
    for command in [
        "show -",
        "enable -",
        "edit - --label a=b",
        "rotate -",
        "log --key -",
    ] {
        let ran = piped(&world, "DB_PASSWORD=hunter2", command).run();
        assert!(!ran.stderr.contains("hunter2"), "{ran:#?}");
        ran.fails(3, "the value of 'DB_PASSWORD' is not a token\n");
        piped(&world, "uid:7=x", command).run().code(0);
    }
}

#[test]
fn a_long_name_of_a_key_that_is_gone_is_understood_and_shown() {
    let (world, ..) = imported();
    let name = "gateway-of-the-search-team";
    let own = world.create(&format!("--scope inference --name {name}"));
    world.run(&format!("delete {name} --yes"));
    piped(&world, name, "show -")
        .run()
        .fails(3, &format!("the key '{name}' was deleted at "));
    world.run("purge --yes --owner alice");
    let ran = piped(&world, name, "log --key -").run().code(0);
    assert!(ran.stdout.contains(&id_of(&own)), "{ran:#?}");
    piped(&world, name, "show -")
        .run()
        .fails(3, &format!("there is no key '{name}'\n"));
}

#[test]
fn an_imported_token_as_an_argument_is_refused_and_not_shown() {
    let (world, web, _) = imported();
    let (before, log) = (world.rows(), world.log());
    for command in [
        "show",
        "disable",
        "enable",
        "delete --yes",
        "edit --label a=b",
        "rotate",
        "rotate --undo --yes",
        "log --key",
    ] {
        for argument in [
            WEB.to_owned(),
            format!("API_KEY={WEB}"),
            format!("x-api-key: {WEB}"),
        ] {
            let args = command.split(' ').chain([&*argument]);
            let ran = world.cmd(args).run();
            shows_no_token(&ran);
            ran.fails(2, &format!("the token of {web} ('web') was given as an argument, where others can read it with ps\n"))
                .says(&format!("hint: treat that token as leaked: 'keyctl disable {web}' stops it"));
        }
    }
    // With other KEYs, and with standard input, all is refused.
    for line in ["disable batch", "disable -", "delete - --yes"] {
        let ran = piped(&world, BATCH, &format!("{line} {WEB}")).run().code(2);
        shows_no_token(&ran);
    }
    let ran = world.line(&format!("verify {WEB}")).run();
    shows_no_token(&ran);
    ran.fails(2, "verify takes no argument, but one of 23 characters, not shown, is given: others can read arguments with ps\n");
    assert_eq!((world.rows(), world.log()), (before, log));
}

#[test]
fn a_user_cannot_stop_the_imported_key_of_somebody_else() {
    let (world, ..) = imported();
    for line in ["disable -", "delete - --yes"] {
        let ran = piped(&world, WEB, line).user("bob").run();
        shows_no_token(&ran);
        ran.fails(4, "line 1: 'bob' may not manage keys of 'alice'\n");
    }
    assert_eq!(verify(&world, "").code, 0);
}

#[test]
fn rotate_of_an_imported_key_makes_a_token_of_ours_and_stops_the_old_one() {
    let (world, web, _) = imported();
    let ran = world.run("rotate web --format json");
    let new = ran.json();
    assert_eq!(
        (&new["imported"], &new["replaces"]),
        (&json!(false), &json!(web))
    );
    let token = new["token"].as_str().unwrap();
    assert!(token.starts_with("kc_"), "{token}");
    assert_eq!(world.verify(token, "--scope inference"), 0);
    assert_eq!(verdict(&world)["reason"], json!("phased-out"));
    let old = world.record(&web);
    assert_eq!(
        (&old["imported"], &old["state"]),
        (&json!(true), &json!("phased-out"))
    );
    // The token of the old key leads to the old key, and to its successor by the message.
    let successor = id_of(token);
    piped(&world, WEB, "rotate -")
        .run()
        .fails(
            4,
            &format!("{web} ('web') cannot be rotated: it is phased-out\n"),
        )
        .says(&format!("hint: its live successor is {successor}: "));
}

#[test]
fn undo_of_the_rotation_of_an_imported_key_lets_its_token_work_again() {
    let (world, web, _) = imported();
    let new = world.run("rotate web --grace 1h").stdout;
    verify(&world, "").code(0).says(&format!(
        "warning: {web} was replaced by {} and stops ",
        id_of(new.trim_end())
    ));
    let ran = piped(&world, WEB, "rotate - --undo --yes").run().code(0);
    shows_no_token(&ran.says(&format!("{web} (web) is active again")));
    verify(&world, "").code(0).stderr("");
    assert_eq!(world.verify(new.trim_end(), ""), 1);
    let record = world.record("web");
    assert_eq!(
        (&record["id"], &record["imported"]),
        (&json!(web), &json!(true))
    );
}

#[test]
fn edit_of_the_expiry_of_an_imported_key_holds_for_its_token() {
    let (world, ..) = imported();
    world.run("edit web --expires 1h");
    world.advance("59m");
    assert_eq!(verify(&world, "").code, 0);
    world.advance("1m");
    assert_eq!(verdict(&world)["reason"], json!("expired"));
    let ran = piped(&world, WEB, "edit - --expires 30d").run().code(0);
    shows_no_token(&ran);
    assert_eq!(verify(&world, "").code, 0);
}

#[test]
fn a_policy_for_hashes_leaves_those_of_imported_keys_as_they_are() {
    let (world, web, _) = imported();
    let hash = world.hash(&web);
    for scheme in ["sha256", "argon2id"] {
        world.policy("hash", scheme);
        world.advance("1h");
        assert_eq!(verify(&world, "").code, 0);
        assert_eq!(world.hash(&web), hash);
    }
    assert!(!world.log().contains(&"rehash".to_owned()));
}

#[test]
fn a_purged_imported_key_is_imported_again_as_another_key() {
    let (world, web, _) = imported();
    world.run("delete web --yes");
    assert_eq!(world.hash(&web), None);
    world.run("purge --yes --owner alice");
    let text = format!("name,token\nweb,{WEB}\n");
    let ran = piped(&world, &text, "import - --scope inference")
        .run()
        .code(0);
    assert_ne!(ran.stdout.trim_end(), web);
    assert_eq!(verdict(&world)["id"], json!(ran.stdout.trim_end()));
    let imports = world
        .events()
        .into_iter()
        .filter(|event| event.action == "import");
    let ids: Vec<String> = imports.filter_map(|event| event.key_id).collect();
    assert!(ids.contains(&web) && ids.contains(&ran.stdout.trim_end().to_owned()));
}

#[test]
fn list_tells_imported_keys_in_json_and_csv_and_by_its_column() {
    let (world, web, batch) = imported();
    let own = id_of(&world.create("--scope inference --name own"));
    let keys = world.run("list --format json").json();
    let found: Vec<_> = keys
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (&key["id"], &key["imported"]))
        .collect();
    let expected = [
        (&json!(web), &json!(true)),
        (&json!(batch), &json!(true)),
        (&json!(own), &json!(false)),
    ];
    assert_eq!(found, expected);
    let csv = world
        .run("list --format csv --columns name,imported")
        .stdout;
    assert_eq!(csv, "name,imported\nweb,true\nbatch,true\nown,false\n");
    let shown = world.run("show web").stdout;
    assert!(
        shown.contains("Imported   yes: another system made its token\n"),
        "{shown}"
    );
    assert!(!world.run("show own").stdout.contains("Imported"));
}
