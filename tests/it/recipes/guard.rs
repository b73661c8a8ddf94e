//! `docs/guard`: a command that runs if a token is valid.

use super::{block, keeps_off_arguments, page, shells};
use crate::exe::harness::{Site, run, run_with};
use std::fs;
use std::process::Command;

/// The guard before a command that leaves a file, with the rest of its arguments.
fn guard(site: &Site, shell: &str, scope: &str, file: &str) -> Command {
    let mut command = site.recipe(shell, "guard/guard.sh");
    command.args([scope, file, "sh", "-c", "echo ran >>ran; cat; exit 3"]);
    command
}

/// A site with a key's token in the file `token`.
fn site() -> Site {
    let site = Site::cheap();
    site.token_file("token", "--scope inference --name ci");
    site
}

#[test]
fn the_line_on_the_page_runs_its_step() {
    let site = Site::cheap();
    site.token_file("api.token", "--scope inference");
    run(&mut site.beside("guard", &block("guard", "sh")))
        .code(0)
        .stdout("the step has run\n");
}

#[test]
fn a_valid_token_lets_the_command_run_with_its_own_input_and_exit_code() {
    for shell in shells() {
        let site = site();
        let mut command = guard(&site, shell, "inference", "token");
        run_with(&mut command, "input")
            .code(3)
            .stdout("input")
            .stderr("");
        assert!(site.path("ran").exists(), "{shell}");
    }
}

#[test]
fn whatever_else_verify_says_ends_as_the_page_has_it_and_nothing_runs() {
    let page = page("guard");
    for shell in shells() {
        let ends = |site: &Site, command: &mut Command, code: u8, says: &str| {
            run(command).code(code).stdout("").says(says);
            assert!(!site.path("ran").exists(), "{shell}: {says}");
            let row = format!("| {code} | `{}` |", says.replace("project", "SCOPE"));
            assert!(page.contains(&row), "not on the page: {row}");
        };
        let site = site();

        let mut lacks = guard(&site, shell, "project", "token");
        ends(
            &site,
            &mut lacks,
            77,
            "guard: 403: this key may not do project",
        );
        site.run("disable ci");
        let invalid = "guard: 401: not a valid key";
        ends(
            &site,
            &mut guard(&site, shell, "inference", "token"),
            77,
            invalid,
        );
        fs::write(site.path("no-token"), "kc_").unwrap();
        ends(
            &site,
            &mut guard(&site, shell, "inference", "no-token"),
            77,
            invalid,
        );
        site.run("enable ci");

        let unsaid = "guard: 503: cannot tell (exit code 5)";
        ends(
            &site,
            &mut guard(&site, shell, "inference", "gone"),
            75,
            unsaid,
        );
        let mut elsewhere = guard(&site, shell, "inference", "token");
        elsewhere.env("KEYCTL_DB", site.path("gone.db"));
        ends(&site, &mut elsewhere, 75, unsaid);

        let mut missing = guard(&site, shell, "inference", "token");
        missing.env("KEYCTL", site.path("nowhere"));
        let not_set_up = "guard: keyctl is not set up (exit code 127)";
        ends(&site, &mut missing, 78, not_set_up);
    }
}

#[test]
fn a_scope_that_is_none_lets_nobody_in() {
    for shell in shells() {
        let site = site();
        for scope in ["", "inferrence", "--no-touch", ","] {
            run(&mut guard(&site, shell, scope, "token"))
                .code(78)
                .says("guard: keyctl is not set up (exit code 2)");
            assert!(!site.path("ran").exists(), "{shell}: {scope}");
        }
    }
}

#[test]
fn no_exit_code_but_0_lets_in() {
    for (index, shell) in shells().into_iter().enumerate() {
        let site = Site::new();
        let stub = site.program(
            "stub",
            "#!/bin/sh\n[ $CODE != 137 ] || kill -9 $$\nexit $CODE\n",
        );
        // Every code in the first shell; in another one those that mean something to it or to the page.
        let codes =
            (1..=255).filter(|code| index == 0 || matches!(code, 1..=8 | 64 | 125..=143 | 255));
        for code in codes {
            let mut command = guard(&site, shell, "inference", "token");
            command.env("KEYCTL", &stub).env("CODE", code.to_string());
            let ran = run(&mut command);
            assert!([75, 77, 78].contains(&ran.code), "{shell}, {code}: {ran:?}");
        }
        assert!(!site.path("ran").exists(), "{shell}");
    }
}

#[test]
fn a_guard_that_is_told_too_little_says_how_it_is_called() {
    for shell in shells() {
        let site = site();
        for args in [&[][..], &["inference"], &["inference", "token"]] {
            run(site.recipe(shell, "guard/guard.sh").args(args))
                .code(64)
                .says("guard: usage: guard.sh SCOPE TOKEN_FILE COMMAND");
        }
    }
}

#[test]
fn no_process_has_the_token_in_an_argument() {
    let site = Site::cheap();
    let token = site.token_file("token", "--scope inference");
    keeps_off_arguments(&guard(&site, "sh", "inference", "token"), || token);
}
