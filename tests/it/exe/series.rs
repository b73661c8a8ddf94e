//! `create --exec` of several keys: one after another, with a real command for each.

use super::harness::{Site, content, run, run_with};
use crate::harness::Ran;
use std::fs;
use std::process::Command;

const SERVICES: &str = "name,scopes\nsearch,inference\nbilling,project\nindexer,inference\n";

/// Appends the name of the key and its token to the file `got`.
const KEEP: &str = r#"echo "$KEYCTL_KEY_NAME $(cat)" >>got"#;

/// A store where a hash costs nothing, and the file of services.
fn site() -> Site {
    let site = Site::new();
    fs::write(site.path("services.csv"), SERVICES).unwrap();
    site.run("init");
    site.run("policy set hash sha256");
    site
}

/// A command line with this script of `sh` for each token.
fn exec(site: &Site, line: &str, script: &str) -> Command {
    let mut command = site.cmd(line);
    command.args(["--exec", "--", "sh", "-c", script]);
    command
}

/// Names and tokens that the commands got, in order.
fn got(site: &Site) -> Vec<(String, String)> {
    let text = fs::read_to_string(site.path("got")).unwrap_or_default();
    let pairs = text.lines().map(|line| {
        let (name, token) = line.split_once(' ').unwrap();
        (name.to_owned(), token.to_owned())
    });
    pairs.collect()
}

fn names(site: &Site) -> Vec<String> {
    got(site).into_iter().map(|(name, _)| name).collect()
}

/// Live keys, by name in the order of their making.
fn live(site: &Site) -> Vec<String> {
    let listed = site.run("list --columns name --format csv").stdout;
    listed.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn create_from_with_exec_hands_each_token_to_a_run_of_the_command() {
    let site = site();
    let ran = run(&mut exec(&site, "create --from services.csv", KEEP)).code(0);
    assert_eq!(names(&site), ["search", "billing", "indexer"]);
    assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), site.ids());
    assert!(
        ran.stderr
            .ends_with("created 3 keys, each with a run of the command\n"),
        "{ran:#?}"
    );
    for (name, token) in got(&site) {
        assert_eq!(site.verify(&token), 0, "{name}");
        assert!(!ran.stderr.contains(&token) && !ran.stdout.contains(&token));
    }
    let actions = site.run("log").stdout;
    assert_eq!(actions.matches("  handover  ").count(), 3, "{actions}");
    run(&mut site.cmd("doctor")).says("");
}

#[test]
fn create_from_with_exec_stops_at_the_first_failure_and_goes_on_with_skip_existing() {
    let site = site();
    let line = "create --from services.csv --format json";
    let failing = format!(r#"test "$KEYCTL_KEY_NAME" = billing && exit 3; {KEEP}"#);
    let ran = run(&mut exec(&site, line, &failing)).code(5);
    assert_eq!(names(&site), ["search"]);
    assert_eq!(live(&site), ["search"]);
    let made: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (made[0]["name"].as_str(), made.as_array().unwrap().len()),
        (Some("search"), 1)
    );
    let last = ran.stderr.lines().last().unwrap();
    let error: serde_json::Value = serde_json::from_str(last).unwrap();
    let message = error["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("line 3: 'sh' exited with status 3; "),
        "{message}"
    );
    assert!(
        message.ends_with(" is deleted; 1 of 3 keys were made before"),
        "{message}"
    );
    let hint = error["error"]["hint"].as_str().unwrap();
    assert!(
        hint.ends_with(
            "; with --skip-existing, a second run goes on after the keys that were made"
        ),
        "{hint}"
    );
    // Without the flag, the name that is held is refused before a command runs.
    run(&mut exec(&site, "create --from services.csv", KEEP))
        .fails(4, "line 2: ")
        .says("add --skip-existing");
    let ran = run(&mut exec(
        &site,
        "create --from services.csv --skip-existing",
        KEEP,
    ))
    .code(0);
    assert!(ran.stderr.starts_with("left out line 2: "), "{ran:#?}");
    assert_eq!(names(&site), ["search", "billing", "indexer"]);
    assert_eq!(live(&site), ["search", "billing", "indexer"]);
}

#[test]
fn create_from_with_exec_checks_every_line_before_a_command_runs() {
    let site = site();
    for (text, code, message) in [
        (
            "name,scopes\na,inference\nb,nosuch\n",
            2,
            "line 3: there is no scope 'nosuch'; no key was created\n",
        ),
        (
            "name,scopes\na,inference\na,inference\n",
            2,
            "line 3: the name 'a' is that of line 2 too; no key was created\n",
        ),
    ] {
        let ran = run_with(&mut exec(&site, "create --from -", KEEP), text).fails(code, message);
        assert!(live(&site).is_empty() && got(&site).is_empty(), "{ran:#?}");
    }
    // No files are made, so owners may share a name.
    let text = "name,owner,scopes\na,alice,inference\na,bob,inference\n..,bob,inference\n";
    run_with(&mut exec(&site, "create --from -", KEEP), text).code(0);
    assert_eq!(names(&site), ["a", "a", ".."]);
}

#[test]
fn create_with_count_and_exec_runs_the_command_once_a_key() {
    let site = site();
    let line = "create --scope inference --name w --count 3";
    let failing = format!(r#"test "$KEYCTL_KEY_NAME" = w-3 && exit 1; {KEEP}"#);
    let ran = run(&mut exec(&site, line, &failing)).code(5);
    assert_eq!(names(&site), ["w-1", "w-2"]);
    assert_eq!(ran.stdout.lines().count(), 2);
    assert!(
        ran.stderr.contains("keyctl: 'sh' exited with status 1; "),
        "{ran:#?}"
    );
    assert!(
        ran.stderr
            .contains("('w-3') is deleted; 2 of 3 keys were made before\n"),
        "{ran:#?}"
    );
    let ran = run(&mut exec(
        &site,
        &format!("{line} --skip-existing -q"),
        KEEP,
    ))
    .code(0);
    assert_eq!((ran.stdout.lines().count(), &*ran.stderr), (1, ""));
    assert_eq!(live(&site), ["w-1", "w-2", "w-3"]);
    for (name, token) in got(&site) {
        assert_eq!(site.verify(&token), 0, "{name}");
    }
    let unnamed = "create --scope inference --count 3";
    run(&mut exec(&site, unnamed, KEEP)).fails(2, "missing argument: --name NAME\n");
    let scopeless = "create --name x --count 2";
    run(&mut exec(&site, scopeless, KEEP)).fails(2, "missing argument: --scope SCOPE\n");
    assert_eq!(live(&site).len(), 3);
}

#[test]
fn create_with_count_and_exec_names_each_key_whose_name_is_held() {
    let site = site();
    for name in ["w-1", "w-3"] {
        site.run(&format!(
            "create --scope inference --name {name} --secret-file {name}"
        ));
    }
    let line = "create --scope inference --name w --count 3";
    let ran =
        run(&mut exec(&site, line, KEEP)).fails(4, "2 of 3 keys are refused; no key was created\n");
    for name in ["w-1", "w-3"] {
        assert!(
            ran.stderr
                .contains(&format!(" already has a live key named '{name}': ")),
            "{ran:#?}"
        );
    }
    // The scope is the same for all keys.
    let line = "create --scope nosuch --name x --count 3";
    run(&mut exec(&site, line, KEEP)).fails(2, "there is no scope 'nosuch'\n");
    assert_eq!((live(&site).len(), got(&site).len()), (2, 0));
}

#[test]
fn create_from_with_exec_names_the_line_whose_name_was_taken_meanwhile() {
    let site = site();
    let take = "keyctl --db keyctl.db create --scope inference --name billing --secret-file taken";
    let script = format!(r#"test "$KEYCTL_KEY_NAME" = search && {take}; {KEEP}"#);
    let ran = run(&mut exec(&site, "create --from services.csv", &script)).code(4);
    let last = ran.stderr.lines().find(|line| line.starts_with("keyctl: "));
    let message = last.unwrap();
    assert!(
        message.starts_with("keyctl: line 3: '")
            && message.ends_with(" (active); 1 of 3 keys were made before"),
        "{ran:#?}"
    );
    assert_eq!(names(&site), ["search"]);
}

#[test]
fn create_with_exec_and_replace_expired_replaces_each_key_before_its_command_runs() {
    let site = site();
    site.run("create --scope inference --name search --expires 1h --secret-file old");
    // As if an hour had passed.
    site.sql()
        .execute_batch(
            "UPDATE keys SET created_at = created_at - 7200000, expires_at = expires_at - 7200000",
        )
        .unwrap();
    let line = "create --from services.csv --replace-expired";
    let ran = run(&mut exec(&site, line, KEEP)).code(0);
    assert!(
        ran.stderr.contains("(search), which expired at "),
        "{ran:#?}"
    );
    assert_eq!(live(&site), ["search", "billing", "indexer"]);
}

#[test]
fn create_from_with_exec_that_is_interrupted_says_how_many_were_made() {
    let site = site();
    let script =
        format!(r#"test "$KEYCTL_KEY_NAME" = billing && kill -INT $PPID && exec sleep 60; {KEEP}"#);
    let ran = run(&mut exec(&site, "create --from services.csv", &script)).code(130);
    assert!(
        ran.stderr.contains("; 1 of 3 keys were made before\n"),
        "{ran:#?}"
    );
    assert!(
        ran.stderr
            .contains("; with --skip-existing, a second run goes on "),
        "{ran:#?}"
    );
    assert_eq!(live(&site), ["search"]);
}

#[test]
fn create_from_with_skip_existing_warns_of_a_key_whose_command_was_cut_short() {
    let site = site();
    let script =
        format!(r#"test "$KEYCTL_KEY_NAME" = billing && kill -KILL $PPID && exit 1; {KEEP}"#);
    let killed = exec(&site, "create --from services.csv", &script)
        .output()
        .unwrap();
    assert_eq!(killed.status.code(), None);
    assert_eq!(live(&site), ["search", "billing"]);
    let line = "create --from services.csv --skip-existing -q";
    let ran: Ran = run(&mut exec(&site, line, KEEP)).code(0);
    assert!(
        ran.stderr.starts_with("warning: left out line 3: "),
        "{ran:#?}"
    );
    assert!(
        ran.stderr
            .contains("(active), whose token a command may not have got\n"),
        "{ran:#?}"
    );
    assert_eq!(names(&site), ["search", "indexer"]);
}

#[test]
fn create_from_with_exec_goes_with_no_directory() {
    let site = site();
    let line = "create --from services.csv --secret-dir tokens";
    run(&mut exec(&site, line, KEEP)).fails(2, "--secret-dir does not go with --exec\n");
    run(&mut site.cmd("create --from services.csv"))
        .fails(2, "missing argument: --secret-dir DIR\n")
        .says("or give --exec -- COMMAND, to hand each to a command");
    let gone = "create --from services.csv --exec no-such-program";
    run(&mut site.cmd(gone)).fails(5, "'no-such-program' cannot be started: ");
    assert!(live(&site).is_empty());
    assert_eq!(content(site.path("services.csv")), SERVICES.as_bytes());
}
