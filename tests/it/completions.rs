//! `keyctl completions`

use crate::harness::World;

const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "powershell", "elvish"];

/// The command line's words: every command that is shown, and the long options of each.
fn words(command: &clap::Command) -> Vec<String> {
    let mut words = Vec::new();
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        words.push(sub.get_name().to_owned());
        let options = sub.get_arguments().filter(|arg| !arg.is_hide_set());
        words.extend(options.filter_map(|arg| arg.get_long()).map(str::to_owned));
    }
    words
}

#[test]
fn every_shell_gets_a_script_of_every_command_and_option() {
    let world = World::new();
    let words = words(&keyctl::command());
    assert!(words.contains(&"rotate".to_owned()) && words.contains(&"expiring-within".to_owned()));
    for shell in SHELLS {
        let ran = world.run(&format!("completions {shell}")).stderr("");
        for word in &words {
            assert!(ran.stdout.contains(word.as_str()), "{shell} lacks {word}");
        }
    }
    assert!(!world.db().exists(), "a script needs no store");
}

#[test]
fn scripts_complete_keyctl_under_that_name() {
    let world = World::new();
    for (shell, line) in [
        ("bash", "complete -F _keyctl"),
        ("zsh", "#compdef keyctl\n"),
        ("fish", "complete -c keyctl "),
        ("powershell", "-CommandName 'keyctl'"),
        ("elvish", "edit:completion:arg-completer[keyctl]"),
    ] {
        let script = world.run(&format!("completions {shell}")).stdout;
        assert!(script.contains(line), "{shell} lacks {line}");
    }
}

#[test]
fn what_an_option_takes_is_completed() {
    let world = World::new();
    let script = world.run("completions bash").stdout;
    for values in [
        "table json jsonl csv ids",
        "created expires last-used name",
        "auto always never",
    ] {
        assert!(script.contains(values), "{values}");
    }
}

#[test]
fn a_shell_that_is_not_known_is_refused_with_those_that_are() {
    let world = World::new();
    world.cmd(["completions", "cmd.exe"]).run().fails(
        2,
        "'cmd.exe' is not a value of <SHELL>\nhint: it takes: bash, elvish, fish, powershell, zsh\n",
    );
    world
        .cmd(["completions"])
        .run()
        .fails(2, "missing: <SHELL>");
}
