//! `keyctl verify`

use super::World;
use crate::harness::{Cmd, id_of};
use keyctl::scope::Scope;
use serde_json::json;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStringExt;

/// A verification of what is piped in, with the rest of its command line.
fn verify<'w>(world: &'w World, presented: impl AsRef<[u8]>, line: &str) -> Cmd<'w> {
    let args = ["verify"].into_iter().chain(line.split_whitespace());
    world.cmd(args).stdin(presented)
}

/// The verdict in JSON, which comes with this exit code and nothing else.
#[track_caller]
fn verdict(world: &World, presented: impl AsRef<[u8]>, line: &str, code: u8) -> String {
    let ran = verify(world, presented, &format!("{line} --format json"))
        .run()
        .code(code)
        .stderr("");
    ran.stdout
}

/// The number of keys of which a use is noted.
fn used(world: &World) -> usize {
    let keys = world.keys();
    keys.iter().filter(|key| key.last_used_at.is_some()).count()
}

const MALFORMED: &str = "{\"valid\":false,\"reason\":\"malformed\"}\n";
const UNKNOWN: &str = "{\"valid\":false,\"reason\":\"unknown\"}\n";

#[test]
fn a_valid_token_is_told_in_one_line_on_stdout() {
    let world = World::own();
    let token = world.create("--scope inference,project --name ci --expires 90d");
    let id = id_of(&token);
    let line = format!(
        "valid: {id} ci of alice, scopes inference project, expires 2027-02-20T00:00:00Z (in 90d)\n"
    );
    let said = |line: &str| verify(&world, &token, line).run().code(0).stderr("").stdout;
    assert_eq!(said(""), line);
    assert_eq!(said("--quiet"), line);
    assert_eq!(
        said("--format json"),
        format!(
            "{{\"valid\":true,\"id\":\"{id}\",\"name\":\"ci\",\"owner\":\"alice\",\"state\":\"active\",\
             \"scopes\":[\"inference\",\"project\"],\"expires_at\":\"2027-02-20T00:00:00Z\"}}\n"
        )
    );
    world.alter(&id, |key| key.expires_at = None);
    assert!(said("").ends_with(", expires never\n"));
    assert!(said("--format json").ends_with(",\"expires_at\":null}\n"));
}

#[test]
fn a_rejection_is_told_in_one_line_on_stderr_with_the_store() {
    let world = World::own();
    let token = world.create("--scope inference --name ci --expires 90d");
    let id = id_of(&token);
    let store = format!("(store {})", world.shown("alice"));
    let said = |line: &str, code: u8, text: &str| {
        verify(&world, &token, line)
            .run()
            .code(code)
            .stdout("")
            .stderr(text);
        verify(&world, &token, &format!("{line} -q"))
            .run()
            .code(code)
            .stdout("")
            .stderr("");
    };
    said(
        "--scope project",
        6,
        &format!(
            "rejected: scope: {id} ci lacks project {store}\nhint: to add it: keyctl edit {id} --add-scope project\n"
        ),
    );
    world.run("disable ci");
    said(
        "",
        1,
        &format!(
            "rejected: disabled: {id} ci since 2026-11-22T00:00:00Z (now), by alice {store}\nhint: to switch it on again: keyctl enable {id}\n"
        ),
    );
    world.run("enable ci");
    world.advance("90d");
    world.advance("1h");
    said(
        "",
        1,
        &format!(
            "rejected: expired: {id} ci since 2027-02-20T00:00:00Z (60m ago) {store}\nhint: to give it more time: keyctl edit {id} --expires 90d; to replace it: keyctl rotate {id}\n"
        ),
    );
    let new = id_of(world.run("rotate ci").stdout.trim_end());
    said(
        "",
        1,
        &format!(
            "rejected: phased-out: {id} ci, stopped 2027-02-20T00:00:00Z (60m ago), replaced by {new} {store}\nhint: use the token of {new}; if that is lost: keyctl rotate {new}\n"
        ),
    );
    world.run(&format!("delete {id} --yes"));
    said(
        "",
        1,
        &format!("rejected: unknown: no such key, a deleted one, or a wrong secret {store}\n"),
    );
    verify(&world, "nonsense", "")
        .run()
        .code(1)
        .stdout("")
        .stderr(
            "rejected: malformed: not a token, or mistyped or cut short (the store was not consulted)\n",
        );
}

#[test]
fn a_wrong_secret_is_told_no_more_than_an_unknown_id() {
    let world = World::own();
    let active = world.create("--scope inference --name active");
    let disabled = world.create("--scope inference --name disabled");
    world.run("disable disabled");
    // Each key now has the hash of another secret.
    let ids = [&active, &disabled].map(|token| id_of(token));
    let hashes = [0, 1].map(|key| world.hash(&ids[key]).unwrap());
    world.set_hash(&ids[0], &hashes[1]);
    world.set_hash(&ids[1], &hashes[0]);
    let stranger = World::own();
    stranger.create("--scope inference");
    let elsewhere = stranger.create("--scope project");
    for token in [active, disabled, elsewhere] {
        assert_eq!(verdict(&world, &token, "--scope project", 1), UNKNOWN);
    }
    assert!(!world.log().contains(&"reuse".to_owned()));
    assert_eq!(used(&world), 0);
}

#[test]
fn one_changed_character_is_malformed_and_no_store_is_asked_unless_the_shape_is_changed() {
    let world = World::own();
    let token = world.create("--scope inference");
    let none = World::new();
    for at in 0..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[at] = if altered[at] == b'1' { b'2' } else { b'1' };
        assert_eq!(verdict(&world, &altered, "", 1), MALFORMED, "at {at}");
        // What stands before the key ID and behind it.
        if [2, 15].contains(&at) {
            let ran = verify(&none, &altered, "").run();
            ran.fails(5, "there is no store ");
        } else {
            assert_eq!(verdict(&none, &altered, "", 1), MALFORMED, "at {at}");
        }
    }
    verify(&none, &token, "")
        .run()
        .fails(5, "there is no store ");
}

#[test]
fn a_text_of_another_shape_is_malformed_in_a_store_without_imported_keys() {
    let world = World::own();
    let token = world.create("--scope inference");
    let cut = &token[..token.len() - 1];
    for text in [cut, &format!("{token}x"), "sk-0123456789abcdef"] {
        assert_eq!(verdict(&world, text, "", 1), MALFORMED, "{text}");
        verify(&world, text, "").run().code(1).stdout("").says(
            "rejected: malformed: not a token, or mistyped or cut short; \
             the store has no key with a token of another system (store ",
        );
    }
    assert_eq!(used(&world), 0);
}

#[test]
fn what_is_no_token_is_malformed_whatever_the_store() {
    let world = World::own();
    let token = world.create("--scope inference");
    let mut binary = token.clone().into_bytes();
    binary[20] = 0;
    let presented: [Vec<u8>; 10] = [
        b"".into(),
        b"\n".into(),
        b"Bearer ".into(),
        b"kc".into(),
        token[1..].into(),
        format!("{token}\n{token}").into(),
        format!("{} {}", &token[..30], &token[30..]).into(),
        binary,
        vec![0xff; 65],
        token.repeat(1000).into(),
    ];
    for bytes in &presented {
        for db in ["/", ":memory:", "/no/such/store.db"] {
            let ran = verify(&world, bytes, &format!("--db {db}"))
                .run()
                .code(1)
                .stdout("");
            assert!(ran.stderr.starts_with("rejected: malformed"), "{ran:#?}");
            assert!(!ran.stderr.contains(&token[16..32]), "{ran:#?}");
        }
    }
    assert_eq!(world.log(), ["init", "create"]);
}

#[test]
fn what_stands_around_a_token_is_dropped() {
    let world = World::own();
    let token = world.create("--scope inference");
    for presented in [
        format!("{token}\n"),
        format!("{token}\r\n"),
        format!(" \t{token} \n\n"),
        format!("Bearer {token}"),
        format!("bearer {token}\r\n"),
        format!("\nBearer  {token}\n"),
        format!("\u{feff}{token}\r\n"),
        format!("\u{feff}Bearer {token}"),
        format!(" \u{feff} {token}"),
    ] {
        assert_eq!(world.verify(&presented, ""), 0, "{presented:?}");
    }
    for presented in [
        format!("Bearer{token}"),
        format!("Basic {token}"),
        format!("\"{token}\""),
        format!("API_KEY={token}"),
        format!("{token}\u{feff}"),
    ] {
        assert_eq!(
            verdict(&world, &presented, "", 1),
            MALFORMED,
            "{presented:?}"
        );
    }
}

#[test]
fn a_byte_order_mark_is_dropped_from_every_source() {
    let world = World::quick();
    let token = world.create("--scope inference");
    let marked = format!("\u{feff}{token}\r\n");
    let file = world.path("token");
    fs::write(&file, &marked).unwrap();
    let file = file.to_str().unwrap();
    world.cmd(["verify", "--key-file", file]).run().code(0);
    let ran = world
        .line("verify --key-env API_KEY")
        .var("API_KEY", &marked);
    ran.run().code(0);
    let typed = world.line("verify").terminal(80).answer(marked.trim_end());
    typed.run().code(0);
    let batch = world
        .line("verify --batch")
        .stdin(format!("{marked}{token}"));
    batch
        .run()
        .code(0)
        .stderr("2 tokens: 2 valid, 0 rejected\n");
    // A mark alone is nothing.
    let ran = world.line("verify").stdin("\u{feff}\r\n").run().code(1);
    ran.says("no token: standard input was empty");
}

#[test]
fn more_than_544_bytes_are_no_token() {
    let world = World::own();
    let token = world.create("--scope inference");
    let padded = |length: usize| token.clone() + &"\n".repeat(length - token.len());
    assert_eq!(world.verify(&padded(544), ""), 0);
    assert_eq!(verdict(&world, padded(545), "", 1), MALFORMED);
    // What comes behind the blanks that were read might not have been blank.
    assert_eq!(verdict(&world, padded(600) + &token, "", 1), MALFORMED);
    let file = world.path("long");
    fs::write(&file, padded(545)).unwrap();
    assert_eq!(
        verdict(&world, "", &format!("--key-file {}", file.display()), 1),
        MALFORMED
    );
    let ran = verify(&world, "", "--key-env KEY")
        .var("KEY", padded(545))
        .run();
    assert_eq!(ran.code, 1, "{ran:#?}");
    let ran = verify(&world, "", "")
        .terminal(80)
        .answer(&padded(545))
        .run();
    assert_eq!(ran.code, 1, "{ran:#?}");
}

#[test]
fn the_token_comes_from_the_source_that_is_named() {
    let world = World::own();
    let token = world.create("--scope inference");
    let file = world.path("token");
    fs::write(&file, format!("{token}\n")).unwrap();
    let from_file = format!("--key-file {}", file.display());
    verify(&world, "nonsense", &from_file).run().code(0);
    verify(&world, &token, "--key-file -").run().code(0);
    verify(&world, "nonsense", "--key-env KEY")
        .var("KEY", token.as_str())
        .run()
        .code(0);
    // At a terminal, too, nothing is asked where a source is named.
    verify(&world, "", &from_file).terminal(80).run().code(0);
    // But what is typed is hidden, however it is asked for.
    let ran = verify(&world, "", "--key-file -")
        .terminal(80)
        .answer(&token)
        .run()
        .code(0);
    assert_eq!(ran.asked, "Token: \n");
}

#[test]
fn what_is_no_token_at_all_is_said() {
    let world = World::own();
    let token = world.create("--scope inference");
    let rejected = |cmd: Cmd<'_>, words: &str| {
        cmd.run()
            .code(1)
            .stdout("")
            .stderr(&format!("rejected: malformed: {words}\n"));
    };
    let file = world.path("token");
    for empty in ["", "\n", " \r\n\n"] {
        rejected(
            verify(&world, empty, ""),
            "no token: standard input was empty",
        );
        fs::write(&file, empty).unwrap();
        let path = file.display();
        rejected(
            verify(&world, &token, &format!("--key-file {path}")),
            &format!("no token: the file '{path}' was empty"),
        );
        verify(&world, empty, "--format json")
            .run()
            .code(1)
            .stdout("{\"valid\":false,\"reason\":\"malformed\"}\n")
            .stderr("");
    }
    let typed = verify(&world, "", "").terminal(80).answer("");
    rejected(typed, "no token: what was typed was empty");
    rejected(
        verify(&world, "", "--key-env KEY").var("KEY", " "),
        "no token: the environment variable 'KEY' was empty",
    );
    rejected(
        verify(&world, format!("{token}\n{token}\n"), ""),
        "standard input has more than one line\nhint: give one token, or verify one per line: --batch",
    );
}

#[test]
fn what_to_do_about_a_rejected_key_is_what_can_be_done() {
    let world = World::own();
    let token = world.create("--scope inference --name ci");
    let id = id_of(&token);
    let hint = |line: &str, hint: &str| {
        let ran = verify(&world, &token, line).run();
        let said = ran.stderr.split_once("\nhint: ").map(|(_, hint)| hint);
        assert_eq!(said, Some(hint), "{ran:#?}");
    };
    world.advance("365d");
    // It has had all the time that policy allows.
    hint("", &format!("to replace it: keyctl rotate {id}\n"));
    world.run("disable ci");
    hint(
        "",
        &format!(
            "it is disabled too: keyctl enable {id}; then to replace it: keyctl rotate {id}\n"
        ),
    );
    world.run("enable ci");
    let next = id_of(world.run("rotate ci").stdout.trim_end());
    world.run(&format!("delete {next} --yes"));
    hint(
        "",
        "it has no live successor; to make a new key: keyctl create --scope inference\n",
    );
}

#[test]
fn what_to_do_about_a_replaced_key_is_what_its_successor_needs() {
    let world = World::own();
    let token = world.create("--scope inference --name ci --expires 30d");
    let id = id_of(&token);
    let next = id_of(world.run("rotate ci --grace 1h").stdout.trim_end());
    let hint = |line: &str, hint: &str| {
        let ran = verify(&world, &token, line).run();
        let said = ran.stderr.split_once("\nhint: ").map(|(_, hint)| hint);
        assert_eq!(said, Some(hint), "{ran:#?}");
    };
    let use_it = format!("use the token of {next}; if that is lost: keyctl rotate {next}\n");
    // The old one works, and takes no more changes.
    hint(
        "--scope project",
        &format!(
            "to add it to its successor: keyctl edit {next} --add-scope project; then {use_it}"
        ),
    );
    world.run(&format!("edit {next} --add-scope project"));
    hint(
        "--scope project",
        &format!("its successor has it: {use_it}"),
    );
    world.run(&format!("disable {next}"));
    let disabled =
        format!("its successor {next} is disabled: keyctl enable {next}; then use its token\n");
    hint(
        "--scope project",
        &format!("its successor has it: {disabled}"),
    );
    world.advance("2h");
    hint("", &disabled);
    world.run(&format!("enable {next}"));
    hint("", &use_it);
    world.advance("60d");
    hint(
        "",
        &format!(
            "its successor {next} has expired too; to give it more time: keyctl edit {next} --expires 90d; to replace it: keyctl rotate {next}\n"
        ),
    );
    world.run(&format!("disable {id}"));
    world.run(&format!("delete {next} --yes"));
    hint(
        "--scope project",
        "it has no live successor; to make a new key: keyctl create --scope inference\n",
    );
}

#[test]
fn a_source_that_fails_never_falls_back_to_stdin() {
    let world = World::own();
    let token = world.create("--scope inference");
    for set in [None, Some("")] {
        let cmd = verify(&world, &token, "--key-env KEY");
        let cmd = match set {
            Some(value) => cmd.var("KEY", value),
            None => cmd,
        };
        cmd.run().fails(
            2,
            "the environment variable 'KEY' is unset or empty\nhint: export it, or pipe the token in\n",
        );
    }
    let missing = world.path("missing");
    let shown: String = missing.display().to_string().chars().take(64).collect();
    verify(&world, &token, &format!("--key-file {}", missing.display()))
        .run()
        .fails(5, &format!("cannot read the key file '{shown}"))
        .says("No such file")
        .says("\nhint: check the path and its permissions\n");
    let directory = world.path("");
    verify(
        &world,
        &token,
        &format!("--key-file {}", directory.display()),
    )
    .run()
    .fails(5, "cannot read the key file");
    let empty = world.path("empty");
    fs::write(&empty, "").unwrap();
    assert_eq!(
        verdict(
            &world,
            &token,
            &format!("--key-file {}", empty.display()),
            1
        ),
        MALFORMED
    );
    let odd = OsString::from_vec(vec![0xff; 65]);
    verify(&world, &token, "--key-env KEY")
        .var("KEY", odd)
        .run()
        .code(1);
    verify(&world, &token, "--key-env KEY --key-file -")
        .run()
        .fails(2, "--key-env does not go with --key-file");
}

#[test]
fn a_terminal_is_asked_for_the_token_without_an_echo() {
    let world = World::own();
    let token = world.create("--scope inference");
    let ran = verify(&world, "", "")
        .terminal(80)
        .answer(&token)
        .run()
        .code(0);
    assert_eq!(ran.asked, "Token: \n");
    verify(&world, "", "")
        .terminal(80)
        .answer("nonsense")
        .run()
        .code(1);
    verify(&world, "", "")
        .terminal(80)
        .prompt_fails(ErrorKind::Interrupted)
        .run()
        .fails(130, "interrupted\n");
    verify(&world, "", "")
        .terminal(80)
        .prompt_fails(ErrorKind::UnexpectedEof)
        .run()
        .fails(
            4,
            "not answered\nhint: pipe the token in, or use --key-file or --key-env\n",
        );
}

#[test]
fn a_terminal_that_cannot_show_the_question_is_not_asked() {
    let world = World::own();
    let terminal = keyctl::env::Terminal {
        stdin: true,
        stdout: true,
        stderr: false,
        columns: Some(80),
    };
    verify(&world, "", "")
        .streams(terminal)
        .run()
        .fails(4, "no token is given, and there is no terminal to ask at\nhint: pipe the token in, or use --key-file or --key-env\n");
}

#[test]
fn a_token_is_never_an_argument() {
    let world = World::own();
    let token = world.create("--scope inference");
    let ran = world.cmd(["verify", &token]).run().fails(
        2,
        &format!(
            "the token kc_{}_… was given as an argument, where others can read it with ps\nhint: ",
            id_of(&token)
        ),
    );
    assert!(!ran.stderr.contains(&token[16..32]));
    verify(&world, &token, "anything")
        .run()
        .fails(2, "verify takes no argument, but 'anything' is given: others can read arguments with ps\nhint: pipe the token in")
        .says("if you typed a token, treat it as leaked: disable or delete its key, or rotate it with --grace 0s\n");
    verify(&world, &token, "-")
        .run()
        .fails(2, "verify takes no argument, but '-' is given")
        .says("hint: leave it out: standard input is read anyway; or write --key-file -\n");
}

#[test]
fn every_scope_that_is_required_must_be_held() {
    let world = World::own();
    let inference = world.create("--scope inference");
    let project = world.create("--scope project");
    for (line, with_inference, with_project) in [
        ("", 0, 0),
        ("--scope inference", 0, 0),
        ("--scope project", 6, 0),
        ("--scope inference,project", 6, 0),
        ("--scope project --scope inference", 6, 0),
    ] {
        assert_eq!(world.verify(&inference, line), with_inference, "{line}");
        assert_eq!(world.verify(&project, line), with_project, "{line}");
    }
}

#[test]
fn a_scope_is_implied_through_any_number_of_steps() {
    let world = World::own();
    world.create("--scope inference");
    for (name, implied) in [
        ("other", None),
        ("most", Some("project")),
        ("all", Some("most")),
    ] {
        let scope = Scope {
            implies: implied.into_iter().map(str::to_owned).collect(),
            ..Scope::default()
        };
        world.write(|tx| tx.add_scope(name, &scope));
    }
    let token = world.create("--scope all");
    for (scope, code) in [
        ("all", 0),
        ("most", 0),
        ("project", 0),
        ("inference", 0),
        ("other", 6),
    ] {
        assert_eq!(
            world.verify(&token, &format!("--scope {scope}")),
            code,
            "{scope}"
        );
    }
    // What implies the scope that a key has is not held by it.
    let most = world.create("--scope project");
    assert_eq!(world.verify(&most, "--scope most"), 6);
    // The key's own scopes are shown, not those that they imply.
    let shown = verify(&world, &token, "--format json").run().json();
    assert_eq!(shown["scopes"], json!(["all"]));
}

#[test]
fn a_scope_that_the_store_does_not_know_is_a_mistake_of_the_caller() {
    let world = World::own();
    let token = world.create("--scope inference");
    let wrong = |args: &[&str], message: &str| {
        world.cmd(args).stdin(&token).run().fails(2, message);
    };
    wrong(
        &["verify", "--scope", "infrence"],
        "there is no scope 'infrence'\nhint: did you mean 'inference'?\n",
    );
    // An unset variable in a script must not let everything through.
    wrong(&["verify", "--scope", ""], "there is no scope ''");
    wrong(&["verify", "--scope", "inference,"], "there is no scope ''");
    assert_eq!(used(&world), 0);
}

#[test]
fn state_comes_before_scope() {
    let world = World::own();
    let token = world.create("--scope inference --name ci --expires 1d");
    world.run("disable ci");
    assert!(verdict(&world, &token, "--scope project", 1).contains("\"disabled\""));
    world.advance("1d");
    assert!(verdict(&world, &token, "--scope project", 1).contains("\"expired\""));
}

#[test]
fn an_expired_key_stops_at_its_instant() {
    let world = World::own();
    let token = world.create("--scope inference --expires 2026-11-22T00:00:01.500Z");
    world.advance_millis(1499);
    assert_eq!(world.verify(&token, ""), 0);
    world.advance_millis(1);
    assert_eq!(world.verify(&token, ""), 1);
    world.advance_millis(-1);
    assert_eq!(world.verify(&token, ""), 0);
}

#[test]
fn in_its_grace_a_rotated_key_is_valid_with_a_warning() {
    let world = World::own();
    let old = world.create("--scope inference --name ci --expires 90d");
    let new = world
        .run("rotate ci --grace 1h")
        .stdout
        .trim_end()
        .to_owned();
    let (old_id, new_id) = (id_of(&old), id_of(&new));
    world.advance("30m");
    let warning = format!(
        "warning: {old_id} was replaced by {new_id} and stops 2026-11-22T01:00:00Z (in 30m)\n"
    );
    verify(&world, &old, "--scope inference")
        .run()
        .code(0)
        .stderr(&warning);
    verify(&world, &old, "-q").run().code(0).stderr(&warning).stdout(&format!(
        "valid: {old_id} ci of alice, scopes inference, works until 2026-11-22T01:00:00Z (in 30m)\n"
    ));
    let json = verify(&world, &old, "--format json")
        .run()
        .code(0)
        .stderr(&warning);
    assert_eq!(
        json.stdout,
        format!(
            "{{\"valid\":true,\"id\":\"{old_id}\",\"name\":\"ci\",\"owner\":\"alice\",\"state\":\"phased-out\",\
             \"scopes\":[\"inference\"],\"expires_at\":\"2027-02-20T00:00:00Z\",\
             \"usable_until\":\"2026-11-22T01:00:00Z\",\"replaced_by\":\"{new_id}\"}}\n"
        )
    );
    assert_eq!(world.verify(&old, "--scope project"), 6);
    verify(&world, &new, "").run().code(0).stderr("");
    world.advance("30m");
    assert!(verdict(&world, &old, "", 1).contains("\"phased-out\""));
}

#[test]
fn a_use_is_noted_once_a_minute_and_never_backwards() {
    let world = World::own();
    let token = world.create("--scope inference");
    let noted = || {
        let key = world.keys().remove(0);
        let used = key.last_used_at?;
        Some(used.millis() - key.created_at.millis())
    };
    let after = |millis: i64| {
        world.advance_millis(millis);
        assert_eq!(world.verify(&token, ""), 0);
        noted()
    };
    assert_eq!(noted(), None);
    assert_eq!(after(1), Some(1));
    assert_eq!(after(59_999), Some(1));
    assert_eq!(after(1), Some(60001));
    assert_eq!(after(-30_000), Some(60001));
    assert_eq!(after(-3_600_000), Some(60001));
    assert_eq!(after(3_600_000 + 30_000 + 60_000), Some(120001));
    let shown = &world.record(&id_of(&token))["last_used_at"];
    assert_eq!(*shown, "2026-11-22T00:02:00Z");
    // A use is no change: it is not in the log.
    assert_eq!(world.log(), ["init", "create"]);
}

#[test]
fn what_was_not_let_in_was_not_used() {
    let world = World::own();
    let token = world.create("--scope inference --name ci");
    assert_eq!(world.verify(&token, "--scope project"), 6);
    world.run("disable ci");
    assert_eq!(world.verify(&token, ""), 1);
    assert_eq!(used(&world), 0);
}

#[test]
fn the_secret_of_a_key_that_no_longer_works_is_an_event_once_a_minute() {
    let world = World::own();
    let token = world.create("--scope inference --name ci --expires 90d");
    let other = world.create("--scope inference --name other");
    let id = id_of(&token);
    let reuses = |id: &str| {
        let events = world.events().into_iter();
        events
            .filter(|event| event.action == "reuse" && event.key_id.as_deref() == Some(id))
            .count()
    };
    let last = || world.events().pop().unwrap();
    let detail = || last().detail()["state"].clone();
    let present = || assert_eq!(world.verify(&token, ""), 1);
    world.run("disable ci");
    world.run("disable other");
    present();
    assert_eq!((reuses(&id), detail()), (1, json!("disabled")));
    assert_eq!(last().actor, "alice");
    assert_eq!(world.verify(&other, ""), 1);
    assert_eq!(reuses(&id_of(&other)), 1);
    world.advance_millis(59_999);
    present();
    assert_eq!(reuses(&id), 1);
    world.advance_millis(1);
    present();
    assert_eq!(reuses(&id), 2);
    world.run("enable ci");
    world.advance("90d");
    present();
    assert_eq!((reuses(&id), detail()), (3, json!("expired")));
    world.run("rotate ci");
    world.advance("1m");
    present();
    assert_eq!((reuses(&id), detail()), (4, json!("phased-out")));
    world.advance("1m");
    verify(&world, &token, "--no-touch").run().code(1);
    assert_eq!(reuses(&id), 4);
    world.run(&format!("delete {id} --yes"));
    present();
    assert_eq!(reuses(&id), 4);
}

#[test]
fn the_next_good_verify_after_a_policy_change_makes_the_hash_anew() {
    let world = World::own();
    let token = world.create("--scope inference --name ci");
    let id = id_of(&token);
    let hash = || world.hash(&id).unwrap();
    let old = hash();
    world.policy("argon2-memory", "9216");
    world.policy("argon2-iterations", "4");
    assert_eq!(world.verify(&token, "--scope project"), 6);
    world.run("disable ci");
    assert_eq!(world.verify(&token, ""), 1);
    world.run("enable ci");
    assert_eq!(hash(), old);
    assert_eq!(world.verify(&token, ""), 0);
    let new = hash();
    assert!(new.starts_with("$argon2id$v=19$m=9216,t=4,p=1$"), "{new}");
    assert_ne!(
        new.split('$').nth(4),
        old.split('$').nth(4),
        "the salt is the old one"
    );
    assert_eq!(world.log().last().unwrap(), "rehash");
    // Now it is as policy says, and stays.
    assert_eq!(world.verify(&token, ""), 0);
    assert_eq!(hash(), new);
    // A use within the last minute keeps no hash from being made anew.
    for cost in ["argon2-memory", "argon2-iterations"] {
        world.write(|tx| tx.set_policy(cost, None));
    }
    assert_eq!(world.verify(&token, ""), 0);
    assert!(hash().starts_with("$argon2id$v=19$m=7168,t=5,p=1$"));
    let rehashes = world.log().into_iter().filter(|action| action == "rehash");
    assert_eq!(rehashes.count(), 2);
}

#[test]
fn a_verdict_waits_for_no_lock() {
    let world = World::own();
    let good = world.create("--scope inference --name good");
    let off = world.create("--scope inference --name off");
    world.run("disable off");
    world.policy("argon2-iterations", "6");
    world.while_busy(|| {
        verify(&world, &good, "").run().code(0).stderr("");
        verify(&world, &off, "-q").run().code(1).stderr("");
    });
    assert_eq!(used(&world), 0);
    assert!(!world.log().contains(&"reuse".to_owned()));
}

#[test]
fn a_hash_that_is_absurd_is_never_run() {
    let world = World::own();
    let token = world.create("--scope inference");
    let tail = "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for hash in [
        format!("$argon2id$v=19$m=1048577,t=1,p=1${tail}"),
        format!("$argon2id$v=19$m=8192,t=101,p=1${tail}"),
        format!("$argon2id$v=19$m=1048576,t=5,p=1${tail}"),
        format!("$argon2id$v=19$m=8192,t=5,p=5${tail}"),
        format!("$argon2i$v=19$m=8192,t=5,p=1${tail}"),
        "$argon2id$".to_owned(),
        String::new(),
    ] {
        world.set_hash(&id_of(&token), &hash);
        let ran = verify(&world, &token, "").run().fails(
            5,
            &format!("the hash of {} cannot be read or would cost too much to check\nhint: rotate the key", id_of(&token)),
        );
        assert!(hash.is_empty() || !ran.stderr.contains(&hash), "{ran:#?}");
    }
}

#[test]
fn verifying_is_for_everyone_and_logged_under_their_name() {
    let world = World::own();
    let token = world.create("--scope inference --name ci");
    verify(&world, &token, "").user("mallory").run().code(0);
    assert_eq!(used(&world), 1);
    world.run("disable ci");
    verify(&world, &token, "").user("mallory").run().code(1);
    assert_eq!(world.events().pop().unwrap().actor, "mallory");
}

#[test]
fn names_are_escaped_for_people_and_exact_for_programs() {
    let world = World::own();
    let token = world.create("--scope inference --name ci");
    let hostile = "a\u{1b}[2J\nb\u{202e}c";
    world.alter(&id_of(&token), |key| {
        key.name = hostile.to_owned();
        key.owner = hostile.to_owned();
    });
    let shown = "a\\u{1b}[2J\\u{a}b\\u{202e}c";
    let text = verify(&world, &token, "").run().code(0).stdout;
    assert!(text.contains(&format!(" {shown} of {shown}, ")), "{text}");
    verify(&world, &token, "--scope project")
        .run()
        .code(6)
        .says(&format!(" {shown} lacks project (store"));
    let json = verify(&world, &token, "--format json").run().json();
    assert_eq!(
        (&json["name"], &json["owner"]),
        (&json!(hostile), &json!(hostile))
    );
}

#[test]
fn an_unreadable_policy_lets_nobody_in() {
    let world = World::own();
    let token = world.create("--scope inference");
    world.policy("argon2-memory", "little");
    verify(&world, &token, "")
        .run()
        .fails(5, "the store")
        .says("is damaged");
}
