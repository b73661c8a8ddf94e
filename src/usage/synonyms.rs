//! Words of other programs for the commands and options of this one.
//!
//! Spelling does not lead from them to the right command: `revoke` is most like `restore`.

use crate::hint::{Hint, run};

/// Commands: parents ("" for the program itself), name, and the words that stand for it in other programs.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("", "create", "new add issue generate make"),
    ("", "import", "load ingest import-keys"),
    (
        "",
        "scan",
        "leaks leak detect grep gitleaks secrets find-leaks",
    ),
    #[cfg(feature = "serve")]
    (
        "",
        "serve",
        "server daemon http httpd listen gateway run start",
    ),
    (
        "",
        "show",
        "get info describe view inspect who whois lookup",
    ),
    ("", "verify", "check validate auth authenticate introspect"),
    ("", "rotate", "roll replace regenerate refresh"),
    ("", "edit", "update modify set change"),
    ("", "delete", "rm del remove destroy"),
    ("", "disable", "suspend deactivate off lock block"),
    (
        "",
        "enable",
        "resume unsuspend activate reactivate on unlock unblock",
    ),
    ("", "log", "audit history events logs"),
    ("", "doctor", "status health fsck check-store"),
    (
        "",
        "metrics",
        "prometheus stats statistics monitor exporter",
    ),
    ("", "policy", "config settings"),
    ("", "purge", "prune gc clean cleanup"),
    ("", "backup", "export dump"),
    ("", "init", "setup initialize initialise"),
    ("", "restore", "recover"),
    ("", "list", "keys key tokens"),
    ("policy", "show", "get list ls"),
    ("policy", "unset", "reset clear rm remove delete"),
    ("scope member admin", "list", "show ls get"),
    ("scope member admin", "add", "create new register"),
    ("scope member admin", "remove", "delete rm del"),
];

/// Options: commands that take it ("" for the program itself), the option, and the options that stand for it in other programs.
const OPTIONS: &[(&str, &str, &str)] = &[
    ("", "--version", "-v"),
    ("list", "--state all", "--all -a"),
    ("list", "--state", "--status"),
    (
        "list",
        "--search",
        "--find --grep --query --filter --match -s",
    ),
    ("list", "--columns", "--fields --cols -c"),
    ("list", "--reverse", "--desc --descending -r"),
    ("list log", "--limit", "-n"),
    ("create edit", "--name", "-n"),
    (
        "edit",
        "--remove-scope",
        "--del-scope --rm-scope --drop-scope --delete-scope",
    ),
    (
        "edit",
        "--remove-label",
        "--del-label --rm-label --drop-label --delete-label --unlabel",
    ),
    (
        "edit",
        "--remove-allow-from",
        "--del-allow-from --rm-allow-from --drop-allow-from --delete-allow-from",
    ),
    ("purge disable enable delete", "--dry-run", "-n"),
    ("restore import", "--dry-run", "-n --preview --what-if"),
    ("init", "--print-sql", "--sql"),
    ("init", "--upgrade", "--migrate --update"),
    ("metrics", "--output", "--file --out --textfile -o"),
    ("metrics", "--store-label", "--label --name"),
    ("scan", "--unknown", "--any"),
    #[cfg(feature = "serve")]
    (
        "serve",
        "--listen",
        "--port -p --bind --addr --address --host --socket",
    ),
    #[cfg(feature = "serve")]
    ("verify", "--server", "--url --remote --endpoint"),
    ("verify", "--ip", "--address --client-ip --remote-addr"),
    ("import", "--again", "--force -f"),
    ("import", "--tokens-are-plain", "--plain"),
    (
        "create import list show rotate verify log doctor",
        "--format",
        "-o --output",
    ),
    ("delete enable purge restore rotate", "--yes", "--force -f"),
    (
        "create import edit rotate",
        "--expires",
        "--ttl --expiry --expire --expires-in --expires-at --expiration --lifetime",
    ),
    ("edit", "--expires", "--extend --prolong --renew"),
    (
        "create",
        "--from",
        "--file --input --csv --batch --bulk --from-file",
    ),
    ("create", "--secret-dir", "--dir --out-dir --output-dir"),
    ("create rotate", "--secret-file", "--out-file --out"),
    ("rotate", "--secret-file", "--file"),
    (
        "create rotate",
        "--exec",
        "--cmd --command --run --pipe --pipe-to --output-command",
    ),
    (
        "create import list delete disable enable purge",
        "--owner",
        "--user --for",
    ),
    (
        "create import list delete disable enable purge edit",
        "--label",
        "-l --selector --add-label --labels --tag",
    ),
    ("list", "--sort", "--sort-by --order-by"),
    (
        "list",
        "--created-within",
        "--since --after --created-since --created-after --newer-than --younger-than",
    ),
    ("log", "--action", "--event --events"),
    ("log", "--limit", "--tail"),
    ("log", "--check", "--verify"),
    ("verify", "--key-file", "--token --key --file"),
    ("rotate", "--grace 0s", "--no-grace"),
    ("rotate", "--undo", "--revert --rollback --cancel"),
    ("log", "--key", "--id --name"),
    ("log", "--actor", "--user --by"),
    ("log", "--since", "--after --from"),
    ("log", "--until", "--before --to"),
];

/// Options that stand for `--db`, which every command takes.
const STORE: [&str; 3] = ["--store", "--database", "--dsn"];

/// Returns a question for the command that `word` stands for, as a subcommand of `parent` or at the top.
pub fn command(parent: Option<&str>, word: &str) -> Option<Hint> {
    match (parent, word) {
        // Elsewhere this word means either.
        (None, "revoke" | "kill") => {
            Some("did you mean 'delete' (permanently) or 'disable' (until 'enable')?".into())
        }
        (None, "extend" | "prolong") => Some(suggest_edit("--expires WHEN")),
        (None, "undo" | "unrotate" | "rollback") => {
            Some("did you mean 'rotate KEY --undo'?".into())
        }
        (None, "renew") => Some(
            "did you mean 'edit KEY --expires WHEN' (same token, more time) or 'rotate' (a new token)?"
                .into(),
        ),
        (None, "upgrade") => Some(
            "did you mean 'init --upgrade' (a store of an older version)?".into(),
        ),
        (None, "migrate") => Some(
            "did you mean 'import' (keys of another system) or 'init --upgrade' (a store of an older version)?".into(),
        ),
        (None, "retire" | "move") => Some(
            "did you mean 'backup --retire' (a copy, and from then on the store verifies no token)?".into(),
        ),
        (None, "sql" | "print-sql" | "schema") => Some("did you mean 'init --print-sql'?".into()),
        (None, "exec") => Some("did you mean 'rotate KEY --exec COMMAND' or 'create --exec COMMAND'?".into()),
        (None, "rename" | "mv") => Some(suggest_edit("--name NAME")),
        (None, "grant") => Some(suggest_edit("--add-scope SCOPE")),
        (None, "search" | "find") => Some("did you mean 'list --search TEXT'?".into()),
        (None, "project" | "projects" | "group" | "team") => Some(
            "did you mean 'member'? a project exists as long as it has a member".into(),
        ),
        (None, "where" | "path" | "env" | "store" | "db") => {
            Some(run!("doctor").in_quotes().and(" says which store is used"))
        }
        (None, "states") => Some(run!("--help").in_quotes().and(" lists the states of a key")),
        (None, "exit" | "exit-codes") => {
            Some(run!("--help").in_quotes().and(" lists the exit codes"))
        }
        (None, "label" | "tag") => Some(suggest_edit("--label K=V")),
        (None, "transfer" | "chown" | "reassign" | "handover" | "owner") => {
            Some(suggest_edit("--owner USER"))
        }
        (None, "version") => Some(
            Hint::from("did you mean ")
                .and(run!("--version").in_quotes())
                .and("?"),
        ),
        _ => look_up(COMMANDS, parent.unwrap_or_default(), word)
            .map(|target| format!("did you mean '{target}'?").into()),
    }
}

fn suggest_edit(option: &str) -> Hint {
    format!("did you mean 'edit KEY {option}'?").into()
}

/// Returns a hint for `value`, where another program's word stands for one or more of the `valid` ones.
pub fn value(value: &str, valid: &[&str]) -> Option<Hint> {
    let is_state = valid.contains(&"phased-out");
    let stopped = matches!(value, "revoked" | "inactive" | "suspended" | "stopped");
    let is_action = valid.contains(&"refuse");
    match value {
        _ if is_state && stopped => {
            Some("the states of a stopped key are 'disabled' and 'deleted'".into())
        }
        "rotated" | "replaced" if is_state => Some("did you mean 'phased-out'?".into()),
        "denied" | "refused" if is_action => Some("did you mean 'refuse'?".into()),
        _ => None,
    }
}

/// Returns the option of `command` that `flag` stands for, with a value where the meaning needs it.
pub fn option(command: &str, flag: &str) -> Option<&'static str> {
    look_up(OPTIONS, command, flag).or_else(|| STORE.contains(&flag).then_some("--db"))
}

/// Returns the middle of the row of `table` that has `parent` in its first text and `word` in its last.
fn look_up(table: &[(&str, &'static str, &str)], parent: &str, word: &str) -> Option<&'static str> {
    let has = |words: &str, word: &str| words.split(' ').any(|known| known == word);
    let mut rows = table.iter();
    rows.find(|(parents, _, words)| has(parents, parent) && has(words, word))
        .map(|(_, target, _)| *target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_command_that_is_meant_is_one_and_no_word_for_it_is() {
        let root = crate::command();
        let is_command = |parent: &str, word: &str| {
            let parent = match parent {
                "" => &root,
                name => root.find_subcommand(name).unwrap(),
            };
            parent.find_subcommand(word).is_some()
        };
        for word in ["delete", "disable", "enable"] {
            assert!(is_command("", word), "{word}");
        }
        let words = "revoke kill version extend prolong renew rename mv grant search find \
                     project projects group team where path env store db exit exit-codes states \
                     label tag upgrade migrate move retire sql print-sql schema exec undo unrotate rollback transfer chown reassign handover owner";
        let mut seen: BTreeSet<_> = words.split(' ').map(|word| ("", word)).collect();
        for (parents, target, words) in COMMANDS {
            for parent in parents.split(' ') {
                assert!(is_command(parent, target), "{parent} {target}");
                for word in words.split(' ') {
                    assert!(seen.insert((parent, word)), "{parent} {word} twice");
                }
            }
        }
        for (parent, word) in seen {
            assert!(!is_command(parent, word), "{parent} {word}");
        }
    }

    #[test]
    fn each_option_that_is_meant_is_one_and_no_word_for_it_is() {
        let mut root = crate::command();
        // Adds --help and --version.
        root.build();
        for (commands, option, flags) in OPTIONS {
            for name in commands.split(' ') {
                let command = match name {
                    "" => &root,
                    name => root.find_subcommand(name).unwrap(),
                };
                let has = |flag: &str| {
                    command.get_arguments().any(|argument| {
                        let long = argument.get_long().map(|long| format!("--{long}"));
                        let short = argument.get_short().map(|short| format!("-{short}"));
                        [long, short].contains(&Some(flag.to_owned()))
                    })
                };
                assert!(has(option.split(' ').next().unwrap()), "{name} {option}");
                for flag in flags.split(' ') {
                    assert!(!has(flag), "{name} {flag}");
                }
            }
        }
    }
}
