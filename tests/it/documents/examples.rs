//! The examples under every help text, which are those of the manual pages: each is typed as it is
//! printed, in a home where what it needs is there, and does what it should.

use super::reader::Machine;
use crate::exe::harness::skipped;
use clap::Command;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process;

/// What there is in alice's home, and in the store, before each example.
const PREPARED: &str = "\
keyctl create --scope inference --name ci-deploy --secret-file ci.token --expires 7d
keyctl create --scope inference --name ci-deploy --owner bob --secret-file bob.token
keyctl create --scope inference --name leaky --secret-file leaked.token
keyctl create --scope project --name api --secret-file api.token
keyctl edit api --label team=search
keyctl edit bob/ci-deploy --label team=search
keyctl create --scope inference --name batch --count 3 --secret-file tokens
keyctl scope add models:train
keyctl member add search carol --role owner
keyctl member add search bob --role collaborator
keyctl admin add carol
keyctl policy set max-expiry 2y
mkdir -p /srv/app /var/log && cp api.token /srv/app/.env
printf 'name,token\\nimported,sk-Zq8mT3vXw1Lr7KpYb2Nc\\n' > keys.csv
printf '[{\"name\":\"mobile\",\"token\":\"gw_live_51HdQx7mVt2Ra9Lk\",\"scopes\":[\"inference\"]}]' > keys.json
keyctl log --head > kept.head
printf 'name,scopes,labels\\nsearch,inference,team=search\\ntrainer,project,\\n' > services.csv
printf '[{\"name\":\"search\",\"scopes\":[\"inference\"]},{\"name\":\"api\",\"scopes\":\"project\"}]' > services.json
keyctl backup /var/backups/keyctl-2026-11-22.db";

/// What has been typed into the shell before.
const VARIABLES: &str = "\
TOKEN=$(cat ci.token)
REMOTE_ADDR=192.0.2.7
export API_KEY=$(cat api.token)";

/// Makes a stand-in for GitHub's `gh` that takes a token.
const GH: &str = "printf '#!/bin/sh\\ncat > gh.token\\n' > .cargo/bin/gh && chmod +x .cargo/bin/gh";

/// Makes a repository that has a token in its history.
const REPOSITORY: &str = "\
git init --quiet && git config user.name alice && git config user.email alice@localhost && \
git add ci.token && git commit --quiet -m one && git rm --quiet ci.token && git commit --quiet -m two";

/// Starts a server that listens where the guide's listens, and ends with the shell.
const SERVER: &str = "\
mkdir /run/keyctl && { timeout 300 keyctl serve --listen unix:/run/keyctl/keyctl.sock >served & } && \
trap \"kill $!\" HUP EXIT && until [ -s served ]; do :; done";

/// What else has to be typed before an example.
const BEFORE: [(&str, &str); 17] = [
    ("git log -p", REPOSITORY),
    ("keyctl scan --unknown deploy.env", "cp ci.token deploy.env"),
    ("keyctl backup", "rm /var/backups/keyctl-*"),
    ("keyctl create --scope inference --name reporter", GH),
    ("keyctl create --from services.csv --exec", GH),
    ("keyctl rotate ci-deploy --grace 1h --exec", GH),
    ("keyctl create", "keyctl delete ci-deploy --yes"),
    (
        "keyctl edit ci-deploy --name",
        "keyctl edit ci-deploy --label team=search",
    ),
    (
        "keyctl list --state phased-out --search",
        "keyctl rotate ci-deploy --grace 24h",
    ),
    (
        "keyctl metrics --output",
        "mkdir -p /var/lib/prometheus/node-exporter",
    ),
    // There must be no store.
    ("keyctl init", "rm -r .local"),
    (
        "keyctl enable",
        "keyctl disable alice/ci-deploy bob/ci-deploy",
    ),
    ("keyctl purge", "keyctl delete leaky --yes"),
    ("keyctl restore", "keyctl delete leaky --yes"),
    (
        "keyctl rotate ci-deploy --undo",
        "keyctl rotate ci-deploy --grace 24h",
    ),
    ("keyctl verify --server", SERVER),
    ("keyctl scope add data:write", "keyctl scope add data:read"),
];

/// The examples that exit with something else than 0.
const CODES: [(&str, &str); 5] = [
    ("keyctl list --expiring-within 14d --exit-code", "1"),
    ("keyctl scan", "1"),
    ("keyctl scan /srv/app /var/log --format json", "1"),
    ("git log -p -c --all --reflog -a | keyctl scan -", "1"),
    ("keyctl scan --unknown deploy.env", "1"),
];

/// The examples that are for another shell than `sh`.
const SHELLS: [(&str, &str); 1] = [("eval \"$(keyctl completions bash)\"", "/bin/bash")];

/// The title of what is typed in one go by somebody who has no store yet.
const QUICK_START: &str = "Quick start:";

/// The examples of each help text, by the command line that shows it.
fn examples() -> BTreeMap<String, Vec<String>> {
    lines_under("Examples:")
}

/// The command lines under a title of each help text.
fn lines_under(title: &str) -> BTreeMap<String, Vec<String>> {
    fn add(command: &Command, title: &str, found: &mut BTreeMap<String, Vec<String>>) {
        let name = command.get_bin_name().unwrap_or("keyctl").to_owned();
        let after = command
            .get_after_long_help()
            .or_else(|| command.get_after_help())
            .map(ToString::to_string)
            .unwrap_or_default();
        let blocks = after.split("\n\n").filter(|block| block.starts_with(title));
        let lines = blocks
            .flat_map(str::lines)
            .filter_map(|line| line.strip_prefix("  $ "));
        found.insert(name, lines.map(str::to_owned).collect());
        let nested = command.get_subcommands();
        for nested in nested.filter(|nested| nested.get_name() != "help") {
            add(nested, title, found);
        }
    }
    let mut found = BTreeMap::new();
    let mut root = keyctl::command().disable_help_subcommand(true);
    root.build();
    add(&root, title, &mut found);
    found
}

#[test]
fn every_help_has_two_examples_or_more_of_its_command() {
    for (name, examples) in examples() {
        let own = examples.iter().filter(|example| example.contains(&name));
        assert!(own.count() >= 2, "{name} --help: {examples:#?}");
    }
}

#[test]
fn every_line_of_a_table_here_is_for_an_example() {
    let all: Vec<String> = examples().into_values().flatten().collect();
    for (example, _) in CODES.iter().chain(&SHELLS) {
        assert!(all.iter().any(|other| other == example), "{example}");
    }
    for (beginning, _) in BEFORE {
        let begins = |example: &String| example.starts_with(beginning);
        assert!(all.iter().any(begins), "{beginning}");
    }
}

#[test]
fn every_manual_page_has_the_examples_of_its_help() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    for (name, examples) in examples() {
        let file = dir.join(name.replace(' ', "-") + ".1");
        let page = match fs::read_to_string(&file) {
            Ok(page) => page,
            // A command of a command is on that one's page.
            Err(_) => fs::read_to_string(dir.join(parent(&name).replace(' ', "-") + ".1")).unwrap(),
        };
        let printed: Vec<String> = page
            .lines()
            .filter_map(|line| line.strip_prefix("$ "))
            .map(|line| {
                line.replace("\\-", "-")
                    .replace("\\*(Aq", "'")
                    .replace("\\\\", "\\")
            })
            .collect();
        for example in examples {
            assert!(
                printed.contains(&example),
                "{name}: {example}: {printed:#?}"
            );
        }
    }
}

/// The command that `name` is a command of.
fn parent(name: &str) -> &str {
    name.rsplit_once(' ').unwrap().0
}

#[test]
fn every_example_works_as_it_is_printed() {
    for tool in ["git", "jq", "/bin/bash"] {
        let mut command = process::Command::new(tool);
        if command.arg("--version").output().is_err() {
            return skipped(&format!("{tool} is not installed"));
        }
    }
    let Some(mut prepared) = Machine::of_alice() else {
        return;
    };
    for line in PREPARED.lines() {
        succeeds(&mut prepared, "sh", line);
    }
    let mut wrong = Vec::new();
    for (name, examples) in examples() {
        for example in examples {
            let Some(mut machine) = Machine::of_alice() else {
                return;
            };
            machine.take_over(&prepared);
            if let Err(shown) = works(&mut machine, &example) {
                wrong.push(format!("{name} --help: $ {example}\n{shown}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_quick_start_works_as_it_is_printed() {
    let Some(mut machine) = Machine::of_alice() else {
        return;
    };
    let lines: Vec<String> = lines_under(QUICK_START).into_values().flatten().collect();
    assert!(lines.len() > 2, "{lines:?}");
    for line in lines {
        succeeds(&mut machine, "sh", &line);
    }
}

/// What the terminal shows if an example does not do what it should.
fn works(machine: &mut Machine, example: &str) -> Result<(), String> {
    let of = |table: &[(&str, &'static str)], is: &dyn Fn(&str) -> bool| {
        let found = table.iter().find(|(which, _)| is(which));
        found.map(|(_, what)| *what)
    };
    let shell = of(&SHELLS, &|which| which == example).unwrap_or("sh");
    let expected = of(&CODES, &|which| which == example).unwrap_or("0");
    let before = of(&BEFORE, &|which| example.starts_with(which));
    for line in VARIABLES.lines().chain(before) {
        succeeds(machine, shell, line);
    }
    let shown = machine.types_to(shell, "alice", &until_it_serves(example));
    let code = machine.types_to(shell, "alice", "echo $?");
    // The code of a pipe is that of its last command.
    let complains = shown.lines().any(|line| line.starts_with("keyctl: "));
    match code.trim_end() == expected && !complains {
        true => Ok(()),
        false => Err(format!("{shown}the exit code is {code}")),
    }
}

/// The line, and if it starts a server, one that ends it as soon as it serves. The server gets addresses that no
/// other test has.
fn until_it_serves(example: &str) -> String {
    if !example.starts_with("keyctl serve") {
        return example.to_owned();
    }
    let mut line = example.replace("/run/keyctl/", "$HOME/");
    for port in ["9091", "9092"] {
        line = line.replace(&format!("127.0.0.1:{port}"), "127.0.0.1:0");
    }
    if !line.contains("--listen") {
        line += " --listen 127.0.0.1:0";
    }
    format!(
        "mkfifo serving; {line} >serving & read address <serving; kill $!; wait $!; \
         code=$?; rm serving; (exit $code)"
    )
}

/// Types a line that must succeed.
#[track_caller]
fn succeeds(machine: &mut Machine, shell: &str, line: &str) {
    let shown = machine.types_to(shell, "alice", line);
    let code = machine.types_to(shell, "alice", "echo $?");
    assert_eq!(code, "0\n", "{line}: {shown}");
}
