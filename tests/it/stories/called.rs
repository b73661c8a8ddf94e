//! The program under another name than its own: what it says names what can be run.

use super::World;
use crate::harness::id_of;
use keyctl::when::Timestamp;
use std::fs;
use std::path::Path;

#[test]
fn help_and_its_examples_go_by_the_name_that_was_called() {
    let world = World::own();
    let help = |args: &[&str]| {
        let cmd = world.cmd(args.to_vec()).without_db();
        cmd.called("/usr/bin/api-keyctl").run().code(0).stdout
    };
    let own = help(&["--help"]);
    for line in [
        "Usage: api-keyctl [OPTIONS] <COMMAND>",
        "  help         Explain a command: api-keyctl help create",
        "  $ api-keyctl list",
        "  $ printf %s \"$TOKEN\" | api-keyctl verify --scope inference",
        "  ~/.local/share/keyctl/keyctl.db                      the store on Linux",
        "The keyctl in Linux's keyutils is a different program.",
    ] {
        assert!(own.lines().any(|shown| shown == line), "{line}: {own}");
    }
    let create = help(&["create", "--help"]);
    assert!(create.contains("$(api-keyctl create --scope inference --quiet)"));
    assert!(create.contains("Usage: api-keyctl create [OPTIONS]"));
    assert!(!create.contains(" keyctl "), "{create}");
}

#[test]
fn errors_and_hints_go_by_the_name_that_was_called() {
    let world = World::new();
    let ran = |args: &[&str]| world.cmd(args.to_vec()).called("api-keyctl").run();
    let none = ran(&["list"]).code(5).stderr;
    assert!(none.starts_with("api-keyctl: there is no store "), "{none}");
    assert!(
        none.contains("\nhint: 'api-keyctl init' makes one"),
        "{none}"
    );
    let none = ran(&["list", "--format", "json"]).code(5).stderr;
    assert!(
        none.contains("\"hint\":\"'api-keyctl init' makes one"),
        "{none}"
    );
    let bare = world.cmd([""; 0]).without_db().called("api-keyctl").run();
    let bare = bare.code(2).stderr;
    assert!(bare.contains("Usage: api-keyctl "), "{bare}");
}

#[test]
fn a_verdict_s_hint_and_the_doctor_s_go_by_the_name_that_was_called() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    let verify = world.line("verify --project search").stdin(&token);
    verify
        .called("kc")
        .run()
        .code(6)
        .says("an administrator can create it: kc member add search alice --role owner");
    let until = Timestamp::from_millis(4_102_444_800_000);
    world.alter(&id_of(&token), |key| {
        key.grace_from = Timestamp::from_millis(1);
        key.usable_until = until;
    });
    let doctor = world.line("doctor").called("kc").run();
    assert!(
        doctor.stdout.contains("kc edit KEY --grace D"),
        "{doctor:?}"
    );
}

#[test]
fn what_is_no_name_is_not_repeated() {
    let world = World::new();
    for odd in ["", "\u{1b}[2J", "a b", "-x"] {
        let ran = world.cmd(["list"]).called(odd).run().code(5);
        assert!(ran.stderr.starts_with("keyctl: "), "{odd:?}: {ran:?}");
        let help = world.cmd(["list", "--help"]).without_db().called(odd).run();
        let usage = "Usage: keyctl list [OPTIONS]\n";
        assert!(help.stdout.contains(usage), "{odd:?}: {help:?}");
    }
}

/// A value that reads like a command of this program.
const COMMAND: &str = "keyctl list";

#[test]
fn messages_leave_values_that_read_like_a_command_as_they_are() {
    let world = World::quick();
    world
        .cmd(["create", "--scope", "inference", "--name", COMMAND])
        .run()
        .code(0);
    for (args, message) in [
        (&["disable", COMMAND][..], "disabled "),
        (&["edit", COMMAND, "--label", "a=keyctl list"], "changed "),
    ] {
        let ran = world.cmd(args.to_vec()).called("api-keyctl").run().code(0);
        assert!(ran.stderr.starts_with(message), "{ran:?}");
        ran.says("(keyctl list)\n");
    }
    for (args, message) in [
        (
            &["create", "--scope", "inference", "--name", COMMAND][..],
            "the name 'keyctl list' of 'alice' is held by a key that is disabled: ",
        ),
        (
            &["create", "--scope", COMMAND],
            "there is no scope 'keyctl list'\n",
        ),
        (
            &["show", "keyctl list x"],
            "there is no key 'keyctl list x'\n",
        ),
        (
            &["list", "--state", COMMAND],
            "'keyctl list' is not a valid value for --state\n",
        ),
        (
            &["list", "--keyctl list"],
            "unexpected argument '--keyctl list'\n",
        ),
        (&[COMMAND], "there is no command 'keyctl list'\n"),
        (
            &["member", "add", COMMAND, "bob", "--role", "owner"],
            "'alice' may not change the members of 'keyctl list'\n",
        ),
        (
            &["policy", "set", COMMAND, "1"],
            "there is no policy 'keyctl list'\n",
        ),
        (
            &["list", "--project", COMMAND],
            "there is no project 'keyctl list'\n",
        ),
        (
            &["create", "--scope", "inference", "--owner", COMMAND],
            "'alice' may not manage keys of 'keyctl list'\n",
        ),
    ] {
        let ran = world.cmd(args.to_vec()).called("api-keyctl").run();
        let error = format!("api-keyctl: {message}");
        assert!(ran.stderr.starts_with(&error), "{error}: {ran:#?}");
    }
}

#[test]
fn hints_leave_values_that_read_like_a_command_as_they_are() {
    let world = World::quick();
    world
        .cmd(["create", "--scope", "inference", "--name", COMMAND])
        .run()
        .code(0);
    let address = world.address().display().to_string();
    // As a shell takes it: the URL of a server has these two in it.
    let db = address.replace('?', "\\?").replace('&', "\\&");
    let says = |args: &[&str], hint: &str| {
        let args = args.iter().copied().chain(["--db", &address]);
        let ran = world.cmd(args).called("api-keyctl").run();
        ran.says(&format!("hint: {hint}\n"));
    };
    says(&["show", "keyctl lisst"], "did you mean 'keyctl list'?");
    says(
        &["list", "--owner", COMMAND],
        &format!(
            "'keyctl list' has no keys; 'api-keyctl --db {db} list --state all' shows every key and its owner"
        ),
    );
    says(
        &["log", "--actor", COMMAND],
        &format!(
            "the log has no event by 'keyctl list'; 'api-keyctl --db {db} log' shows who did what"
        ),
    );
    let show = |args: &[&str]| world.cmd(args.to_vec()).run().code(0).stdout;
    let id = show(&["list", "--format", "ids"]);
    let id = id.trim();
    world.run(&format!("delete {id} --yes"));
    says(
        &["enable", id],
        &format!(
            "it stays deleted; to make a new key: api-keyctl --db {db} create --scope inference"
        ),
    );
}

#[test]
fn a_store_s_path_that_reads_like_a_command_is_told_as_it_is() {
    let world = World::own();
    let path = world.path("keyctl list").join("k.db");
    let path = path.display().to_string();
    let ran = world
        .cmd(["list", "--db", &path])
        .called("api-keyctl")
        .run();
    let typed = path.replace(' ', r"\ ");
    ran.code(5).stderr(&format!(
        "api-keyctl: there is no store at {path}\n\
         hint: 'api-keyctl --db {typed} init' makes one; if it is somewhere else, name it with --db or KEYCTL_DB\n"
    ));
    let init = world
        .cmd(["init", "--db", &path])
        .called("api-keyctl")
        .run();
    init.code(0).says(&format!("made a new store at {path};"));
}

#[test]
fn names_that_read_like_an_error_of_the_system_are_told_whole() {
    let world = World::quick();
    let name = "x (os error 2)";
    world
        .cmd(["create", "--scope", "inference", "--name", name])
        .run()
        .code(0);
    world
        .cmd(["create", "--scope", "inference", "--name", name])
        .run()
        .fails(4, "'alice' already has a live key named 'x (os error 2)': ");
    let file = world.path("x (os error 2)").join("token");
    let file = file.display().to_string();
    let ran = world
        .cmd(["create", "--scope", "inference", "--secret-file", &file])
        .run();
    ran.says("x (os error 2)/token': No such file or directory\n");
    let ran = world.cmd(["verify", "--key-file", &file]).run().code(5);
    ran.says("x (os error 2)/token': No such file or directory\n");
}

/// In `text`, the first command line of this program by its own name, such as `keyctl list`.
fn command_in(text: &str) -> Option<&str> {
    let groups = keyctl::GROUPS.iter();
    let names: Vec<&str> = groups.flat_map(|(_, names)| *names).copied().collect();
    text.match_indices("keyctl ").find_map(|(at, own)| {
        let behind = &text[at + own.len()..];
        let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let word = &behind[..end.unwrap_or(behind.len())];
        let is_run = word.starts_with("--") || word == "help" || names.contains(&word);
        is_run.then(|| &text[at..at + own.len() + word.len()])
    })
}

#[test]
fn commands_in_the_source_are_written_with_run_and_not_as_text() {
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            // The help is static, and rendered with the program's name as a whole.
            if path.ends_with("src/cli.rs") || path.extension() != Some("rs".as_ref()) {
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let code = source.split("#[cfg(test)]").next().unwrap();
            let is_told = |line: &&str| !line.starts_with("//") && !line.starts_with("$ ");
            for line in code.lines().map(str::trim_start).filter(is_told) {
                assert_eq!(command_in(line), None, "{}: {line}", path.display());
            }
        }
    }
}
