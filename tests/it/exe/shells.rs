//! Completion in real shells, each at a terminal: somebody types a part, Tab, and Enter.

use super::harness::{Site, run, set_mode, skipped};
use super::terminal::{Session, Terminal};
use crate::harness::{exe, id_of};
use pty_process::blocking::Command;
use std::fs;
use std::path::Path;
use std::process;

/// What a shell prints once it waits for a line.
const PROMPT: &str = "ready> ";

/// A store with two keys and a scope whose name has a colon in it. The IDs of the keys begin with different
/// characters: where all begin with the same, bash completes that instead of listing them.
fn store() -> (Site, String) {
    let site = Site::new();
    site.run("init");
    site.run("policy set hash sha256");
    site.run("scope add models:train --description training");
    fs::write(site.path("written"), "no token").unwrap();
    let ran = site.run("create --scope inference --name ci-deploy");
    let id = id_of(ran.stdout.trim_end());
    loop {
        let mut spaced = site.cmd("create --scope project --name");
        let other = id_of(run(spaced.arg("two words")).code(0).stdout.trim_end());
        if other[..1] != id[..1] {
            return (site, id);
        }
        site.run(&format!("delete {other} --yes"));
        site.run("purge --yes");
    }
}

/// A shell that has read the completion script; `None`, which is said, where it is not installed.
struct Shell {
    terminal: Terminal,
}

impl Shell {
    fn start(site: &Site, program: &str, args: &[&str], setup: &str) -> Option<Self> {
        if process::Command::new(program)
            .arg("--version")
            .output()
            .is_err()
        {
            skipped(&format!("{program} is not installed"));
            return None;
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let own = exe().parent().unwrap().to_str().unwrap();
        let command = Command::new(program)
            .args(args)
            .env_clear()
            .env(
                "PATH",
                format!("{}:{own}:{path}", site.path("bin").display()),
            )
            .env("HOME", site.path("."))
            .env("KEYCTL_DB", site.db())
            .env("TERM", "xterm")
            .current_dir(site.path("."));
        let mut terminal = Terminal::start(command, 200);
        terminal.type_in(setup);
        terminal.expect(PROMPT);
        Some(Shell { terminal })
    }

    /// Types `line`, and returns once `text` is on the screen.
    #[track_caller]
    fn shows(&mut self, line: &str, text: &str) {
        self.terminal.type_in(line);
        self.terminal.expect(text);
    }

    #[track_caller]
    fn end(mut self) -> Session {
        self.terminal.type_in("\u{15}exit\n");
        self.terminal.finish()
    }
}

/// Copies a script of the tree, which is what `keyctl completions` prints, into `directory`.
fn install(site: &Site, script: &str, directory: &str) {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    fs::create_dir_all(site.path(directory)).unwrap();
    fs::copy(scripts.join(script), site.path(directory).join(script)).unwrap();
}

fn bash(site: &Site) -> Option<Shell> {
    install(site, "keyctl.bash", ".");
    let setup = format!(". ./keyctl.bash; PS1='{}''{}'\n", "ready", "> ");
    Shell::start(site, "bash", &["--norc", "--noprofile", "-i"], &setup)
}

fn zsh(site: &Site) -> Option<Shell> {
    let setup = format!(
        "PS2=; unsetopt zle_bracketed_paste; eval \"$(keyctl completions zsh)\"; PS1='{}''{}'\n",
        "ready", "> "
    );
    Shell::start(site, "zsh", &["-f", "-i"], &setup)
}

fn fish(site: &Site) -> Option<Shell> {
    install(site, "keyctl.fish", ".config/fish/completions");
    let setup = "function fish_prompt; echo -n ready; echo -n '> '; end\n";
    Shell::start(site, "fish", &["-i"], setup)
}

fn elvish(site: &Site) -> Option<Shell> {
    install(site, "keyctl.elv", ".");
    let setup = "eval (slurp < keyctl.elv); set edit:prompt = { put 'ready'; put '> ' }\n";
    Shell::start(site, "elvish", &["-norc", "-i"], setup)
}

/// What each of the shells must do.
#[track_caller]
fn completes(shell: Option<Shell>, id: &str) {
    let Some(mut shell) = shell else { return };
    shell.shows(
        "keyctl sho\tci-\t--format json\n",
        &format!("\"id\":\"{id}\""),
    );
    shell.shows(&format!("keyctl show {}\t\n", &id[..6]), "Last events");
    shell.shows(
        "keyctl scope rem\tmodels:\t\n",
        "removed the scope models:train",
    );
    shell.shows("keyctl list --state=act\t --format cs\t\n", "id,name,");
    shell.shows("keyctl show two\t\n", "two words\n");
    shell.shows(
        "keyctl serve --listen uni\tnone/socket\n",
        "cannot listen on '/none/socket'",
    );
    shell.shows("keyctl verify --key-file ~/writ\t\n", "rejected: malformed");
    shell.shows("keyctl rotate \t\t", "ci-deploy of ");
    shell.end();
}

#[test]
fn bash_completes_a_line() {
    let (site, id) = store();
    completes(bash(&site), &id);
}

#[test]
fn zsh_completes_a_line() {
    let (site, id) = store();
    completes(zsh(&site), &id);
}

#[test]
fn fish_completes_a_line() {
    let (site, id) = store();
    completes(fish(&site), &id);
}

/// What is assigned before the command says in which store to look. Bash does not show it.
#[track_caller]
fn looks_where_the_line_says(start: fn(&Site) -> Option<Shell>) {
    let (site, _) = store();
    // No ID begins with a 'u', which would be offered too.
    site.run("create --scope inference --name ulster");
    for (directory, name) in [("other", "uncle"), ("third", "usher")] {
        let db = site.path(format!("{directory}/keyctl.db"));
        for line in [
            "init",
            "policy set hash sha256",
            &format!("create --scope inference --name {name}"),
        ] {
            let mut cmd = site.cmd(line);
            run(cmd.arg("--db").arg(&db)).code(0);
        }
    }
    let Some(mut shell) = start(&site) else {
        return;
    };
    for (line, name) in [
        ("KEYCTL_DB=other/keyctl.db keyctl show u", "uncle"),
        ("A=b KEYCTL_DB=~/other/keyctl.db keyctl show u", "uncle"),
        (
            "KEYCTL_DB=other/keyctl.db X=y keyctl --color never show u",
            "uncle",
        ),
        ("true && KEYCTL_DB='third/keyctl.db' keyctl show u", "usher"),
        ("KEYCTL_DB=third/keyctl.db true; keyctl show u", "ulster"),
    ] {
        shell.shows(
            &format!("{line}\t --format json\n"),
            &format!("\"name\":\"{name}\""),
        );
    }
    shell.end();
}

#[test]
fn zsh_looks_where_the_line_says() {
    looks_where_the_line_says(zsh);
}

#[test]
fn fish_looks_where_the_line_says() {
    looks_where_the_line_says(fish);
}

#[test]
fn elvish_completes_a_line() {
    let (site, id) = store();
    let Some(mut shell) = elvish(&site) else {
        return;
    };
    shell.shows(
        "keyctl sho\t ci-\t --format json\n",
        &format!("\"id\":\"{id}\""),
    );
    shell.end();
}

/// The guide's alias completes as the program does: in bash, with one more line.
#[track_caller]
fn completes_an_alias(shell: Option<Shell>, line: &str, id: &str) {
    let Some(mut shell) = shell else { return };
    let program = exe();
    shell.shows(
        &format!("alias kc={}{line}; echo al''iased\n", program.display()),
        "aliased",
    );
    shell.shows(
        &format!("kc sho\t{}\t --format json\n", &id[..6]),
        &format!("\"id\":\"{id}\""),
    );
    shell.end();
}

#[test]
fn bash_completes_an_alias() {
    let (site, id) = store();
    completes_an_alias(bash(&site), "; complete -F _keyctl kc", &id);
}

#[test]
fn zsh_completes_an_alias() {
    let (site, id) = store();
    completes_an_alias(zsh(&site), "", &id);
}

#[test]
fn fish_completes_an_alias() {
    let (site, id) = store();
    completes_an_alias(fish(&site), "", &id);
}

#[test]
fn zsh_finds_the_script_in_a_directory_of_its_own() {
    let (site, id) = store();
    install(&site, "_keyctl", "functions");
    let setup = format!(
        "fpath=($HOME/functions $fpath); autoload -Uz compinit; compinit -u -D; PS1='{}''{}'\n",
        "ready", "> "
    );
    let Some(mut shell) = Shell::start(&site, "zsh", &["-f", "-i"], &setup) else {
        return;
    };
    shell.shows(
        "keyctl show ci-\t --format json\n",
        &format!("\"id\":\"{id}\""),
    );
    shell.end();
}

/// Keys whose names are commands to a shell that reads them, and their IDs.
fn traps(site: &Site) -> Vec<String> {
    let names = [
        "dollar$(touch ran)",
        "ticks`touch ran`",
        "single'; touch ran; '",
        "double\"; touch ran; \"",
    ];
    let id = |name: &str| {
        let ran = run(site.cmd("create --scope inference --name").arg(name));
        id_of(ran.code(0).stdout.trim_end())
    };
    names.map(id).into()
}

const UNQUOTED: [&str; 4] = ["dol", "tic", "sin", "dou"];

/// Completes the beginnings of the traps' names: each is found, and none is run.
#[track_caller]
fn runs_no_name(site: &Site, shell: Option<Shell>, begun: [&str; 4], ids: &[String]) {
    let Some(mut shell) = shell else { return };
    for (begun, id) in begun.iter().zip(ids) {
        shell.shows(
            &format!("keyctl show {begun}\t --format json\n"),
            &format!("\"id\":\"{id}\""),
        );
    }
    shell.end();
    assert!(!site.path("ran").exists());
}

#[test]
fn bash_runs_no_name() {
    let (site, _) = store();
    let ids = traps(&site);
    runs_no_name(&site, bash(&site), UNQUOTED, &ids);
    runs_no_name(&site, bash(&site), ["'dol", "'tic", "\"sin", "'dou"], &ids);
    let Some(mut shell) = bash(&site) else { return };
    // What the quote cannot hold is not offered; the line stays as it was typed, and is ended here.
    for (quote, begun) in [("\"", "dol"), ("\"", "tic"), ("'", "sin"), ("\"", "dou")] {
        shell.shows(
            &format!("keyctl show {quote}{begun}\t{quote}\n"),
            &format!("there is no key '{begun}'"),
        );
    }
    shell.end();
    assert!(!site.path("ran").exists());
}

#[test]
fn zsh_runs_no_name() {
    let (site, _) = store();
    let ids = traps(&site);
    runs_no_name(&site, zsh(&site), UNQUOTED, &ids);
    runs_no_name(&site, zsh(&site), ["\"dol", "\"tic", "'sin", "\"dou"], &ids);
}

#[test]
fn fish_runs_no_name() {
    let (site, _) = store();
    let ids = traps(&site);
    runs_no_name(&site, fish(&site), UNQUOTED, &ids);
}

#[test]
fn bash_completes_a_word_that_is_quoted_or_broken() {
    let (site, ci) = store();
    let create = |name: &str| {
        let ran = run(site.cmd("create --scope inference --name").arg(name));
        id_of(ran.code(0).stdout.trim_end())
    };
    let (at, blanks) = (create("me@home"), create("with some blanks"));
    for (begun, id) in [
        ("me@ho", &at),
        ("\"ci-", &ci),
        ("with\\ so", &blanks),
        ("'with so", &blanks),
        ("\"with\"\\ so", &blanks),
    ] {
        let Some(mut shell) = bash(&site) else { return };
        shell.shows(
            &format!("keyctl show {begun}\t --format json\n"),
            &format!("\"id\":\"{id}\""),
        );
        shell.end();
    }
    let Some(mut shell) = bash(&site) else { return };
    let db = site.db();
    shell.shows(
        &format!(
            "KEYCTL_DB=; keyctl --db \"{}\" scope remove models:\t\n",
            db.to_str().unwrap()
        ),
        "removed the scope models:train",
    );
    shell.end();
}

/// Tab asks the program by its arguments: not where a token stands on the line.
#[track_caller]
fn asks_nothing_of_a_token(start: fn(&Site) -> Option<Shell>) {
    let (site, _) = store();
    let token = site.create();
    // By its name: a program that is called by its path is asked by it.
    let program = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >>asked\nPATH='{}'\nexec keyctl \"$@\"\n",
        exe().parent().unwrap().display()
    );
    fs::create_dir(site.path("bin")).unwrap();
    fs::write(site.path("bin/keyctl"), program).unwrap();
    set_mode(site.path("bin/keyctl"), 0o755);
    let Some(mut shell) = start(&site) else {
        return;
    };
    shell.shows("keyctl show ci-\t\n", "Last events");
    shell.shows(
        &format!("keyctl show {token}\t\u{15}echo be''tween\n"),
        "between",
    );
    shell.shows(
        &format!("keyctl verify {token} --sc\t\u{15}echo aft''er\n"),
        "after",
    );
    shell.end();
    let asked = fs::read_to_string(site.path("asked")).unwrap();
    assert!(asked.contains("-- keyctl show ci-\n"), "{asked}");
    assert!(!asked.contains(&token[..40]), "{asked}");
}

#[test]
fn bash_asks_nothing_of_a_token() {
    asks_nothing_of_a_token(bash);
}

#[test]
fn zsh_asks_nothing_of_a_token() {
    asks_nothing_of_a_token(zsh);
}

#[test]
fn fish_asks_nothing_of_a_token() {
    asks_nothing_of_a_token(fish);
}
