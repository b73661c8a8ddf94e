//! The commands that stand in the sentences of a page: each is a command with flags that it takes.

use super::links::{pages, prose, root};
use clap::error::ErrorKind;
use std::fs;

/// Errors of a command line that no placeholder in it could explain.
const NO_SUCH: [ErrorKind; 3] = [
    ErrorKind::InvalidSubcommand,
    ErrorKind::UnknownArgument,
    ErrorKind::ArgumentConflict,
];

/// What is printed by another program of the name.
const ANOTHERS: &str = "keyctl from keyutils";

/// The code in the sentences of a page, which may go on in the next line.
pub fn code(text: &str) -> Vec<String> {
    let prose = prose(text);
    let spans = prose
        .split("\n\n")
        .flat_map(|part| part.split('`').skip(1).step_by(2));
    spans
        .map(|span| span.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// The command line of ours in a piece of code, from its program or its subcommand on, up to what the
/// shell takes of it; `None` for other code, and for the name of a command alone.
fn command(code: &str, subcommands: &[String]) -> Option<Vec<String>> {
    let words: Vec<&str> = code
        .split(' ')
        .take_while(|word| !word.starts_with(['|', '>', '<', '&', ';', '#']))
        .collect();
    let has_program = words.first() == Some(&"keyctl") && !code.starts_with(ANOTHERS);
    let rest = if has_program { &words[1..] } else { &words[..] };
    let is_ours = subcommands
        .iter()
        .any(|name| Some(&name.as_str()) == rest.first());
    let has_flag = rest.iter().any(|word| word.starts_with("--"));
    // `-q` and `--db` may come first. "rotate the key" is no command.
    (has_program && !rest.is_empty() || is_ours && has_flag).then(|| {
        let words = rest
            .iter()
            .map(|word| word.trim_matches(['\'', '"', '[', ']']))
            .map(|word| if word == "COMMAND" { "list" } else { word });
        words.map(str::to_owned).collect()
    })
}

/// What is wrong with the commands of ours on a page.
fn wrong(text: &str) -> Vec<String> {
    let program = keyctl::command();
    let names = program
        .get_subcommands()
        .map(|command| command.get_name().to_owned());
    let subcommands: Vec<String> = names.collect();
    let mut wrong = Vec::new();
    for code in code(text) {
        let Some(words) = command(&code, &subcommands) else {
            continue;
        };
        let words = ["keyctl".to_owned()].into_iter().chain(words);
        if let Err(error) = keyctl::command().try_get_matches_from(words)
            && NO_SUCH.contains(&error.kind())
        {
            wrong.push(format!("{code}: {:?}", error.kind()));
        }
    }
    wrong
}

#[test]
fn every_command_in_a_sentence_is_one() {
    let mut found = Vec::new();
    for path in pages(root()) {
        // What has changed since then is right there, and wrong now.
        if !path.ends_with("CHANGELOG.md") {
            let text = fs::read_to_string(&path).unwrap();
            found.extend(
                wrong(&text)
                    .iter()
                    .map(|wrong| format!("{}: {wrong}", path.display())),
            );
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_flag_that_does_not_exist_and_a_command_that_does_not_are_found() {
    let good = "`keyctl edit NAME --expires 90d`, `rotate\n--undo`, `list --format json | jq`, `--from FILE`.\n\
         ```\nkeyctl nonsense --flag\n```\n`keyctl`, `verify`, `htpasswd -vb`, `keyctl -q list`\n";
    assert_eq!(wrong(good), Vec::<String>::new());
    for (code, why) in [
        ("keyctl rotaet KEY", "InvalidSubcommand"),
        ("keyctl edit NAME --expiry 90d", "UnknownArgument"),
        ("list --frmat json", "UnknownArgument"),
        ("keyctl rotate KEY --undo --grace 1h", "ArgumentConflict"),
    ] {
        assert_eq!(
            wrong(&format!("{good}\n`{code}`\n")),
            [format!("{code}: {why}")]
        );
    }
}
