//! Bad input of every kind: a clear error that names the value and the way out, the right exit
//! code, nothing changed in the store, and no secret repeated.

use crate::harness::{Cmd, Ran, World, id_of};
use rusqlite::Connection;
use rusqlite::types::Value;
use serde_json::json;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::Path;

/// A world with one key, whose token nobody may see again.
struct Stage {
    world: World,
    token: String,
    id: String,
}

impl Stage {
    fn new() -> Self {
        let world = World::new();
        let token = world.create("--scope inference --name ci --label team=search");
        let id = id_of(&token);
        Stage { world, token, id }
    }

    /// Runs a command that must be refused with `code` and this message, and leave no trace.
    #[track_caller]
    fn refuses<I>(&self, args: I, code: u8, message: &str) -> Ran
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        self.refuses_cmd(self.world.cmd(args), code, message)
    }

    #[track_caller]
    fn refuses_cmd(&self, cmd: Cmd<'_>, code: u8, message: &str) -> Ran {
        let before = dump(&self.world.db());
        let ran = cmd.run().fails(code, message);
        assert_eq!(dump(&self.world.db()), before, "{ran:#?}");
        self.keeps_the_secret(&ran);
        ran
    }

    /// So much of the secret that the rest might be guessed was written nowhere.
    #[track_caller]
    fn keeps_the_secret(&self, ran: &Ran) {
        let secret = &self.token[self.token.len() - 49..self.token.len() - 6];
        for at in 0..=secret.len() - 16 {
            let part = &secret[at..at + 16];
            let told = [&ran.stdout, &ran.stderr, &ran.asked];
            assert!(!told.iter().any(|text| text.contains(part)), "{ran:#?}");
        }
    }
}

/// Everything that a store holds.
fn dump(db: &Path) -> String {
    let sql = Connection::open(db).unwrap();
    let mut tables = sql
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap();
    let tables: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut text = String::new();
    for table in tables {
        let mut rows = sql.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values = (0..columns).map(|index| row.get::<_, Value>(index).unwrap());
            writeln!(text, "{table} {:?}", values.collect::<Vec<_>>()).unwrap();
        }
    }
    text
}

/// Every file of a directory, with what is in it; of one that is not there, none.
fn files(directory: &Path) -> Vec<(OsString, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut files: Vec<(OsString, Vec<u8>)> = entries
        .map(Result::unwrap)
        .map(|entry| {
            (
                entry.file_name(),
                fs::read(entry.path()).unwrap_or_default(),
            )
        })
        .collect();
    files.sort();
    files
}

/// An argument that is not UTF-8.
fn odd(text: &str) -> OsString {
    OsString::from_vec([text.as_bytes(), b"\xff"].concat())
}

const WHEN_HINT: &str = "\nhint: give a duration (45m, 12h, 1d12h, 90d, 2w, 6months, 1y), a date (2027-03-31), an RFC 3339 instant (2027-03-31T12:00:00Z) or 'never'\n";
const SPAN_HINT: &str = "\nhint: give whole numbers with units, the largest first: y, months, w, d, h, m, s, as in 90d or 1d12h\n";

#[test]
fn a_when_that_cannot_be_read_is_refused() {
    let stage = Stage::new();
    let commands: [&[&str]; 3] = [
        &["create", "--scope=inference"],
        &["rotate", "ci"],
        &["edit", "ci"],
    ];
    for command in commands {
        for (when, message) in [
            ("soon", format!("'soon' is not a time{WHEN_HINT}")),
            ("90", format!("'90' is not a time{WHEN_HINT}")),
            ("90D", "'90D' is not a time\nhint: did you mean '90d'?\n".to_owned()),
            ("1 week", "'1 week' is not a time\nhint: did you mean '1w'?\n".to_owned()),
            ("-1d", format!("'-1d' is not a time{WHEN_HINT}")),
            ("+1d", "'+1d' is not a time\nhint: did you mean '1d' (from now)?\n".to_owned()),
            ("+1dx", format!("'+1dx' is not a time{WHEN_HINT}")),
            ("1.5h", format!("'1.5h' is not a time{WHEN_HINT}")),
            ("30m1h", format!("'30m1h' is not a time{WHEN_HINT}")),
            ("1h1h", format!("'1h1h' is not a time{WHEN_HINT}")),
            ("1d12", format!("'1d12' is not a time{WHEN_HINT}")),
            (" 1h", format!("' 1h' is not a time{WHEN_HINT}")),
            ("Never", format!("'Never' is not a time{WHEN_HINT}")),
            ("0d", "the duration '0d' must be more than zero\nhint: give a duration of at least 1s\n".to_owned()),
            ("2027-02-29", format!("there is no date '2027-02-29'{WHEN_HINT}")),
            ("2027-13-01", format!("there is no date '2027-13-01'{WHEN_HINT}")),
            ("2027-1-1", format!("'2027-1-1' is not a time{WHEN_HINT}")),
            (
                "2027-01-01T00:00:00",
                "'2027-01-01T00:00:00' is not an RFC 3339 instant\nhint: did you mean '2027-01-01T00:00:00Z' (UTC)?\n".to_owned(),
            ),
            (
                "2027-01-01 08:30",
                "'2027-01-01 08:30' is not an RFC 3339 instant\nhint: did you mean '2027-01-01T08:30:00Z' (UTC)?\n".to_owned(),
            ),
            (
                "2027-01-01T24:00:01Z",
                format!("'2027-01-01T24:00:01Z' is not an RFC 3339 instant{WHEN_HINT}"),
            ),
            (
                "9223372036854775808d",
                "the duration '9223372036854775808d' is too long\nhint: give a shorter one: dates end with the year 9999\n".to_owned(),
            ),
            (
                "7980y",
                "2912700d from now is after the year 9999\nhint: give a shorter one, or 'never'\n".to_owned(),
            ),
            (
                "9999-12-31",
                "'9999-12-31' ends after the year 9999\nhint: give an earlier date, or 'never'\n".to_owned(),
            ),
        ] {
            let option = format!("--expires={when}");
            stage.refuses(command.iter().copied().chain([option.as_str()]), 2, &message);
        }
    }
}

#[test]
fn log_since_a_time_without_its_zone_is_answered_with_the_whole_time() {
    let stage = Stage::new();
    for (typed, hint) in [
        (
            "2026-11-22T01:00",
            "did you mean '2026-11-22T01:00:00Z' (UTC)?",
        ),
        (
            "2026-11-22 01:00:05",
            "did you mean '2026-11-22T01:00:05Z' (UTC)?",
        ),
        (
            "01:00",
            "give a duration before now (12h, 1d12h, 30d), a date (2026-03-31, yesterday, today) or an RFC 3339 instant",
        ),
    ] {
        let message = format!("'{typed}' is not an RFC 3339 instant\nhint: {hint}\n");
        stage.refuses(["log", "--since", typed], 2, &message);
        stage.refuses(["log", "--until", typed], 2, &message);
    }
}

#[test]
fn a_when_that_is_past_is_refused() {
    let stage = Stage::new();
    for (when, ended) in [
        ("2020-01-01", "it ended at 2020-01-02T00:00:00Z, and "),
        ("2026-11-21", "it ended at 2026-11-22T00:00:00Z, and "),
        ("2026-11-22T00:00:00Z", ""),
        ("2026-11-22T01:59:59+02:00", ""),
        ("0000-01-01T00:00:00Z", ""),
    ] {
        let message = format!(
            "'{when}' is already past: {ended}it is now 2026-11-22T00:00:00Z\nhint: give a later time\n"
        );
        for command in ["create --scope inference", "rotate ci", "edit ci"] {
            let line = format!("{command} --expires {when}");
            stage.refuses(line.split(' '), 2, &message);
        }
    }
}

#[test]
fn a_duration_that_cannot_be_read_is_refused() {
    let stage = Stage::new();
    for command in [
        "list --expiring-within",
        "list --unused-for",
        "list --older-than",
        "list --created-within",
        "rotate ci --grace",
        "edit ci --grace",
        "purge --yes --older-than",
    ] {
        for bad in [
            "soon",
            "-1h",
            "1.5h",
            "5",
            "h",
            "30m1h",
            "2027-03-31",
            "never",
        ] {
            let line = format!("{command}={bad}");
            stage.refuses(
                line.split(' '),
                2,
                &format!("'{bad}' is not a duration{SPAN_HINT}"),
            );
        }
        let line = format!("{command}=99999999y");
        stage.refuses(
            line.split(' '),
            2,
            "the duration '99999999y' is too long\nhint: ",
        );
    }
}

#[test]
fn an_option_without_a_value_is_refused() {
    let stage = Stage::new();
    for (line, message) in [
        (
            "create --scope inference --expires",
            "--expires has no value",
        ),
        ("create --scope inference --expires=", "'' is not a time"),
        (
            "create --scope inference --count=",
            "'' is not a valid value for --count",
        ),
        ("create --scope", "--scope has no value"),
        ("list --older-than=", "'' is not a duration"),
        ("list --format=", "--format has no value"),
        ("list --db", "--db has no value"),
        ("list --db=", "--db has no value"),
    ] {
        stage.refuses(line.split(' '), 2, &format!("{message}\nhint: "));
    }
}

#[test]
fn a_name_that_misleads_is_refused() {
    let stage = Stage::new();
    let long = "n".repeat(129);
    let huge = "n".repeat(1 << 16);
    let cut = format!("'{}…'", "n".repeat(64));
    for (name, message) in [
        (
            "",
            "the name is empty\nhint: give 1 to 128 characters\n".to_owned(),
        ),
        (
            &long,
            format!("the name {cut} is too long\nhint: use at most 128 characters\n"),
        ),
        (
            &huge,
            format!("the name {cut} is too long\nhint: use at most 128 characters\n"),
        ),
        (
            "a\tb",
            "the name 'a\\u{9}b' has a control character\nhint: leave out control".to_owned(),
        ),
        (
            "a\u{1b}[31mb",
            "the name 'a\\u{1b}[31mb' has a control character\nhint: ".to_owned(),
        ),
        (
            "a\u{202e}b",
            "the name 'a\\u{202e}b' has a control character\nhint: ".to_owned(),
        ),
        (
            "a\u{2028}b",
            "the name 'a\\u{2028}b' has a control character\nhint: ".to_owned(),
        ),
        ("-a", "the name '-a' starts with '-'\nhint: ".to_owned()),
        ("a/b", "the name 'a/b' has a '/'\nhint: ".to_owned()),
        (
            " a",
            "the name ' a' begins or ends with a blank\nhint: ".to_owned(),
        ),
        (
            "a ",
            "the name 'a ' begins or ends with a blank\nhint: ".to_owned(),
        ),
        (
            "a\u{3000}",
            "the name 'a\u{3000}' begins or ends with a blank\nhint: ".to_owned(),
        ),
        (
            "7h2m9qxw4d1e",
            "the name '7h2m9qxw4d1e' is shaped like a key ID\nhint: ".to_owned(),
        ),
    ] {
        let option = format!("--name={name}");
        stage.refuses(["create", "--scope=inference", &option], 2, &message);
        stage.refuses(["edit", "ci", &option], 2, &message);
        if name != "7h2m9qxw4d1e" && name.len() < 129 && !name.is_empty() {
            let message = message.replace("the name", "the owner");
            let option = format!("--owner={name}");
            stage.refuses(["create", "--scope=inference", &option], 2, &message);
        }
    }
    stage.refuses(
        ["create", "--scope=inference", "--owner="],
        2,
        "the owner is empty\nhint: ",
    );
    let option = format!("--owner={}", "n".repeat(65));
    stage.refuses(
        ["create", "--scope=inference", &option],
        2,
        &format!("the owner {cut} is too long\nhint: use at most 64 characters\n"),
    );
}

#[test]
fn a_user_whose_own_name_cannot_own_a_key_is_told_so() {
    let stage = Stage::new();
    for user in ["DOMAIN/bob", "", "bob\nroot"] {
        let ran = stage.world.cmd(["create", "--scope=inference"]).user(user);
        stage.refuses_cmd(ran, 2, "the owner ");
    }
}

#[test]
fn a_label_or_a_reason_that_misleads_is_refused() {
    let stage = Stage::new();
    let long = format!("--label=a={}", "v".repeat(257));
    for (label, message) in [
        (
            "--label=team",
            "the label 'team' has no '='\nhint: write it as KEY=VALUE, as in team=search\n",
        ),
        (
            "--label==search",
            "'' is not a label key\nhint: use 1 to 64 letters",
        ),
        ("--label=te am=x", "'te am' is not a label key\nhint: "),
        (
            "--label=team=a\u{7}b",
            "the label 'a\\u{7}b' has a control character\nhint: ",
        ),
        (&long, "the label 'vvv"),
        (
            "--reason=a\nb",
            "the reason 'a\\u{a}b' has a control character\nhint: ",
        ),
    ] {
        stage.refuses(["create", "--scope=inference", label], 2, message);
        stage.refuses(["edit", "ci", "--add-scope=project", label], 2, message);
    }
    for command in ["create --scope=inference", "edit ci"] {
        let line = format!("{command} --label team=a --label team=b");
        stage.refuses(
            line.split(' '),
            2,
            "the label 'team' is given twice\nhint: give each label once\n",
        );
    }
    let reason = format!("--reason={}", "r".repeat(1025));
    stage.refuses(["delete", "ci", "--yes", &reason], 2, "the reason 'rrr");
}

#[test]
fn a_scope_that_is_unknown_or_given_twice_is_refused() {
    let stage = Stage::new();
    for (scope, hint) in [
        ("infrence", "did you mean 'inference'?"),
        ("Project", "did you mean 'project'?"),
        (
            "zzz",
            "the scopes here are: inference, project; 'keyctl scope add zzz' adds this one",
        ),
        ("*", "the scopes here are: inference, project"),
        ("", "the scopes here are: inference, project"),
    ] {
        let message = format!("there is no scope '{scope}'\nhint: {hint}\n");
        stage.refuses(["create", "--scope", scope], 2, &message);
        stage.refuses(
            ["create", "--scope", &format!("inference,{scope}")],
            2,
            &message,
        );
        stage.refuses(["list", "--scope", scope], 2, &message);
        stage.refuses(["edit", "ci", "--scope", scope], 2, &message);
        stage.refuses(["edit", "ci", "--add-scope", scope], 2, &message);
        let verify = stage
            .world
            .cmd(["verify", "--scope", scope])
            .stdin(&stage.token);
        stage.refuses_cmd(verify, 2, &message);
    }
    let twice = "the scope 'inference' is given twice\nhint: give each scope once\n";
    stage.refuses(["create", "--scope=inference,inference"], 2, twice);
    stage.refuses(
        ["create", "--scope=inference", "--scope=inference"],
        2,
        twice,
    );
    stage.refuses(
        ["create"],
        2,
        "missing argument: --scope SCOPE\nhint: say what the key may do, as in --scope inference; \
         'keyctl scope list' shows every scope\n",
    );
    let hostile = "\u{1b}[31m".to_owned() + &"x".repeat(100);
    stage.refuses(
        ["create", "--scope", &hostile],
        2,
        &format!("there is no scope '\\u{{1b}}[31m{}…'", "x".repeat(59)),
    );
}

#[test]
fn a_number_out_of_range_is_refused() {
    let stage = Stage::new();
    for count in ["0", "10001", "-1", "x", "1.5", "99999999999999999999"] {
        let option = format!("--count={count}");
        stage.refuses(
            ["create", "--scope=inference", &option],
            2,
            &format!(
                "'{count}' is not a valid value for --count\nhint: give a whole number from 1 to \
                 10000\n"
            ),
        );
    }
    for limit in ["-1", "0", "x", "1.5", "99999999999999999999"] {
        for command in ["list", "log"] {
            stage.refuses(
                [command, "--limit", limit],
                2,
                &format!(
                    "'{limit}' is not a valid value for --limit\nhint: give a whole number of at least 1, as in \
                     --limit 20\n"
                ),
            );
        }
    }
}

#[test]
fn without_a_command_the_usage_is_told_as_a_mistake() {
    let world = World::new();
    let bare = keyctl_alone(&world);
    assert_eq!((bare.code, bare.stdout.as_str()), (2, ""), "{bare:#?}");
    assert!(bare.stderr.contains("Usage: keyctl"), "{bare:#?}");
    let help = world.cmd(["--help"]).without_db().run().code(0).stderr("");
    assert!(help.stdout.contains("Exit codes:"), "{help:#?}");
    let version = format!("keyctl {}\n", env!("CARGO_PKG_VERSION"));
    world
        .cmd(["--version"])
        .run()
        .code(0)
        .stderr("")
        .stdout(&version);
}

fn keyctl_alone(world: &World) -> Ran {
    let nothing: [&str; 0] = [];
    world.cmd(nothing).without_db().run()
}

#[test]
fn words_that_are_not_among_the_choices_are_refused() {
    let stage = Stage::new();
    for (line, message) in [
        (
            "list --state activ",
            "'activ' is not a valid value for --state\nhint: did you mean 'active'?\n",
        ),
        (
            "list --format yaml",
            "'yaml' is not a valid value for --format\nhint: it takes: table, lines, json, jsonl, csv, ids\n",
        ),
        (
            "list --sort size",
            "'size' is not a valid value for --sort\nhint: it takes: created, expires, last-used, name\n",
        ),
        (
            "create --scope inference --format csv",
            "'csv' is not a valid value for --format\nhint: ",
        ),
        (
            "list --color blue",
            "'blue' is not a valid value for --color\nhint: ",
        ),
        (
            "list --lable a=b",
            "unexpected argument '--lable'\nhint: did you mean '--label'?\n",
        ),
        (
            "list --fromage json",
            "unexpected argument '--fromage'\nhint: see 'keyctl help list'\n",
        ),
        (
            "list extra",
            "unexpected argument 'extra'\nhint: did you mean 'keyctl show extra' or 'keyctl list --search extra'?\n",
        ),
        (
            "crate --scope inference",
            "there is no command 'crate'\nhint: did you mean 'create'?\n",
        ),
        ("rotate", "missing argument: KEY"),
        (
            "list --limit 1 --limit 2",
            "--limit is given more than once\nhint: leave one of them out\n",
        ),
    ] {
        stage.refuses(line.split(' '), 2, message);
    }
}

#[test]
fn an_argument_that_is_not_utf8_is_refused_by_its_name() {
    let stage = Stage::new();
    let commands: [&[OsString]; 6] = [
        &["create".into(), "--scope=inference".into(), odd("--name=x")],
        &["create".into(), "--scope".into(), odd("x")],
        &["show".into(), odd("x")],
        &["delete".into(), odd("x"), "--yes".into()],
        &[odd("x")],
        &["list".into(), odd("--x")],
    ];
    for args in commands {
        let ran = stage.refuses(args, 2, "");
        assert!(ran.stderr.contains("x\u{fffd}'"), "{ran:#?}");
        assert!(ran.stderr.contains("\nhint: "), "{ran:#?}");
    }
    // A path may be what the file system allows.
    let db = stage.world.path("").join(odd("store"));
    let args = [
        "create".into(),
        "--scope=inference".into(),
        "--db".into(),
        db.clone().into_os_string(),
    ];
    stage.world.cmd::<[OsString; 4]>(args).run().code(0);
    assert!(db.exists());
}

#[test]
fn a_key_that_is_not_there_or_not_alone_is_refused() {
    let stage = Stage::new();
    let other = id_of(
        &stage
            .world
            .create("--scope inference --name other --owner bob"),
    );
    let twin = if stage.id.ends_with('0') { "1" } else { "0" };
    let twin = format!("{}{twin}", &stage.id[..11]);
    let sql = "UPDATE keys SET id = ?1 WHERE id = ?2";
    stage.world.sql().execute(sql, [&twin, &other]).unwrap();
    let hint = "hint: 'keyctl list --state all' shows every key\n";
    for command in [
        "show",
        "edit --add-scope project",
        "rotate",
        "disable",
        "enable",
        "delete --yes",
    ] {
        let key = |text: &str, message: &str| {
            let args = command.split(' ').chain([text]);
            stage.refuses(args, 3, message)
        };
        key("nobody", &format!("there is no key 'nobody'\n{hint}"));
        key(
            "carol/ci",
            "there is no key 'carol/ci'\nhint: did you mean 'alice/ci'?\n",
        );
        key(
            "000000000000",
            &format!("there is no key 000000000000\n{hint}"),
        );
        key("", &format!("there is no key ''\n{hint}"));
        let short = &stage.id[..3];
        let why = match command {
            "show" => "an ID prefix needs at least 4 characters",
            _ => "without a terminal, a command that changes a key needs the whole ID",
        };
        key(short, &format!("there is no key '{short}'\nhint: {why}"));
        let part = &stage.id[..11];
        if command == "show" {
            key(part, &format!("'{part}' stands for more than one key\n"))
                .says(&format!("\n  {}  ci  of alice, active\n", stage.id))
                .says(&format!("\n  {twin}  other  of bob, active\n"))
                .says("\nhint: give more characters of the ID\n");
        } else {
            key(
                part,
                &format!(
                    "there is no key '{part}'\nhint: without a terminal, a command that changes a key needs the whole ID"
                ),
            );
        }
        // All or nothing: the first of two is there.
        if ["disable", "enable", "delete --yes"].contains(&command) {
            let args = command.split(' ').chain(["ci", "nobody"]);
            stage.refuses(args, 3, "there is no key 'nobody'");
        }
    }
}

#[test]
fn a_token_where_a_key_belongs_is_refused_and_not_repeated() {
    let stage = Stage::new();
    let token = stage.token.as_str();
    let shown = format!(
        "the token kc_{0}_… was given as an argument, where others can read it with ps\nhint: treat that token as leaked: 'keyctl disable {0}' stops it, 'keyctl delete {0}' permanently, 'keyctl rotate {0} --grace 0s' puts a new one in its place; ",
        stage.id
    );
    for line in [
        "show", "edit", "rotate", "disable", "enable", "delete", "verify", "list", "create",
    ] {
        stage.refuses([line, token], 2, &shown);
    }
    for option in [
        "--name",
        "--owner",
        "--label",
        "--reason",
        "--expires",
        "--scope",
        "--db",
        "--nonsense",
    ] {
        stage.refuses(["create", option, token], 2, &shown);
        stage.refuses(["create", &format!("{option}={token}")], 2, &shown);
    }
    stage.refuses([token], 2, &shown);
    stage.refuses(["create", "--label", &format!("token={token}")], 2, &shown);
    stage.refuses(["show", &format!("Bearer {token}")], 2, &shown);
    stage.refuses(["show", &token[..60]], 2, &shown);
    stage.refuses(["show", &format!("{token}x")], 2, &shown);
    let not_utf8 = OsString::from_vec([token.as_bytes(), b"\xff"].concat());
    stage.refuses(["show".into(), not_utf8], 2, &shown);

    let (_, headless) = token.split_once('_').unwrap();
    let unnamed = "a token was given as an argument, where others can read it with ps\nhint: treat that token as leaked: 'keyctl disable ID' stops it, ";
    stage.refuses(["show", headless], 2, unnamed);
    let ran = stage.world.cmd(["show", "-"]).stdin(headless).run();
    ran.fails(
        2,
        "a token on standard input is mistyped, cut short or inside other text\nhint: ",
    );
}

#[test]
fn a_mistyped_token_is_not_repeated_either() {
    let stage = Stage::new();
    // In the prefix, between the parts, in the ID, in the secret and in the checksum.
    for at in [0, 2, 3, 8, 15, 16, 30, 31, 32, 50, 64] {
        for wrong in ["-", "I", ""] {
            let mistyped = format!("{}{wrong}{}", &stage.token[..at], &stage.token[at + 1..]);
            if mistyped == stage.token {
                continue;
            }
            let commands: [&[&str]; 2] = [
                &["show", "--", &mistyped],
                &["list", "--older-than", &mistyped],
            ];
            for args in commands {
                let ran = stage.world.cmd(args.iter().copied()).run();
                assert!([2, 3].contains(&ran.code), "{ran:#?}");
                stage.keeps_the_secret(&ran);
            }
        }
        let mistyped = format!("{}-{}", &stage.token[..at], &stage.token[at + 1..]);
        let ran = stage.world.cmd(["show", "-"]).stdin(&mistyped).run();
        assert!([2, 3].contains(&ran.code), "{ran:#?}");
        stage.keeps_the_secret(&ran);
    }
    assert_eq!(stage.world.log(), ["init", "create"]);
}

#[test]
fn a_token_of_another_store_is_unknown_here() {
    let stage = Stage::new();
    let elsewhere = World::new();
    elsewhere.create("--scope inference");
    let stranger = elsewhere.create("--scope inference");
    let before = dump(&stage.world.db());
    stage
        .world
        .cmd(["verify"])
        .stdin(&stranger)
        .run()
        .code(1)
        .stdout("")
        .says("rejected: unknown");
    for args in [
        vec!["show", "-"],
        vec!["delete", "-", "--yes"],
        vec!["rotate", "-"],
    ] {
        let line = if args.contains(&"delete") {
            "line 1: "
        } else {
            ""
        };
        let ran = stage.world.cmd(args).stdin(&stranger).run();
        let ran = ran.fails(
            3,
            &format!("{line}there is no key {}\nhint: ", id_of(&stranger)),
        );
        assert!(!ran.stderr.contains(&stranger[16..32]));
    }
    assert_eq!(dump(&stage.world.db()), before);
}

/// A command of each way to open a store, and what it reads from standard input.
fn openers(token: &str) -> [(&'static [&'static str], &str); 6] {
    [
        (&["list"], ""),
        (&["show", "ci"], ""),
        (&["verify"], token),
        (&["disable", "ci"], ""),
        (&["purge", "--yes"], ""),
        (&["create", "--scope=inference"], ""),
    ]
}

/// Every way to open the store at `path` fails with this message and changes no file.
#[track_caller]
fn unusable(path: &Path, message: &str, also_create: bool) {
    let stage = Stage::new();
    let directory = path.parent().unwrap();
    let before = files(directory);
    for (args, stdin) in openers(&stage.token) {
        if args[0] == "create" && !also_create {
            continue;
        }
        let args = args.iter().map(OsString::from);
        let args = args.chain(["--db".into(), path.into()]);
        let ran = stage.world.cmd(args).stdin(stdin).run().fails(5, "");
        assert!(
            ran.stderr.contains(message),
            "not the error: {message:?} in {ran:#?}"
        );
        assert!(ran.stderr.contains(&path.display().to_string()), "{ran:#?}");
        assert!(ran.stderr.contains("\nhint: "), "{ran:#?}");
        assert!(!ran.stderr.contains("made a new store"), "{ran:#?}");
        stage.keeps_the_secret(&ran);
    }
    assert!(files(directory) == before, "a file was changed");
}

#[test]
fn a_store_that_is_not_there_is_made_by_create_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keyctl.db");
    unusable(&path, "there is no store at", false);
    unusable(
        &directory.path().join("no/such/keyctl.db"),
        "there is no store at",
        false,
    );
}

#[test]
fn a_path_that_is_no_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("directory");
    fs::create_dir(&path).unwrap();
    unusable(&path, "is a directory, not a store", true);
    let link = directory.path().join("dangling");
    symlink(directory.path().join("nowhere"), &link).unwrap();
    unusable(
        &link,
        "is a symbolic link to a file that is not there",
        true,
    );
    let circle = directory.path().join("circle");
    symlink(&circle, &circle).unwrap();
    unusable(&circle, "cannot open the store", true);
    let file = directory.path().join("file");
    fs::write(&file, "text").unwrap();
    unusable(&file.join("keyctl.db"), "the store", true);
}

#[test]
fn a_file_that_is_not_sqlite_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    for content in ["xy".to_owned(), "not a store\n".repeat(1000)] {
        fs::write(&path, content).unwrap();
        unusable(&path, "is not a keyctl store", true);
    }
}

#[test]
fn another_programs_sqlite_file_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE keys (id TEXT)").unwrap();
    unusable(
        &path,
        "is another program's SQLite file, not a keyctl store",
        true,
    );
    other.pragma_update(None, "application_id", 0x1234).unwrap();
    unusable(
        &path,
        "is another program's SQLite file, not a keyctl store",
        true,
    );
    other.execute_batch("DROP TABLE keys").unwrap();
    unusable(
        &path,
        "is another program's SQLite file, not a keyctl store",
        true,
    );
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_left_alone() {
    let newer = World::new();
    newer.create("--scope inference --name ci");
    let sql = newer.sql();
    sql.pragma_update(None, "user_version", 999).unwrap();
    // Into the file, so that closing this connection changes nothing below.
    sql.execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    drop(sql);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keyctl.db");
    fs::copy(newer.db(), &path).unwrap();
    unusable(
        &path,
        "was written by a newer keyctl: its schema is 999",
        true,
    );
}

#[test]
fn an_empty_file_is_a_store_only_to_create() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keyctl.db");
    fs::write(&path, "").unwrap();
    unusable(&path, "is empty\nhint: 'keyctl --db ", false);
    let args = [
        "create",
        "--scope=inference",
        "--db",
        path.to_str().unwrap(),
    ];
    World::new().cmd(args).run().code(0);
}

#[test]
fn names_that_sqlite_would_take_for_something_else_are_refused() {
    let stage = Stage::new();
    for name in [
        ":memory:",
        "file:keyctl.db",
        "file:keyctl.db?mode=memory",
        "file::memory:",
    ] {
        for (args, stdin) in openers(&stage.token) {
            let args = args.iter().copied().chain(["--db", name]);
            let cmd = stage.world.cmd(args).stdin(stdin);
            stage.refuses_cmd(
                cmd,
                2,
                &format!("'{name}' is not the path of a file\nhint: a store is a file; for a file of exactly this name, write ./{name}\n"),
            );
        }
        let cmd = stage
            .world
            .cmd(["list"])
            .without_db()
            .var("KEYCTL_DB", name);
        stage.refuses_cmd(cmd, 2, &format!("'{name}' is not the path of a file"));
        assert!(!Path::new(name).exists());
    }
    stage.refuses(["list", "--db", ""], 2, "--db has no value");
}

#[test]
fn errors_are_json_where_json_was_asked_for() {
    let stage = Stage::new();
    let error = |line: &str, code: u8, expected: &str| {
        for form in ["--format json", "--format=json"] {
            let line = format!("{line} {form}");
            let ran = stage.world.cmd(line.split(' ')).user("bob").run();
            ran.code(code).stdout("").stderr(&format!("{expected}\n"));
        }
    };
    error(
        "list --state activ",
        2,
        "{\"error\":{\"code\":\"usage\",\"message\":\"'activ' is not a valid value for --state\",\"hint\":\"did you mean 'active'?\"}}",
    );
    error(
        "show nobody",
        3,
        "{\"error\":{\"code\":\"not-found\",\"message\":\"there is no key 'nobody'\",\"hint\":\"'keyctl list --state all' shows every key\"}}",
    );
    error(
        "create --scope inference --expires never",
        4,
        "{\"error\":{\"code\":\"policy\",\"message\":\"policy does not allow a key that never expires: the latest expiry is 2027-11-22T00:00:00Z\",\
         \"hint\":\"a key lives at most 365d from its creation (max-expiry): give --expires 2027-11-22T00:00:00Z or an earlier time, or ask an administrator for more\"}}",
    );
    error(
        "create --scope inference --owner alice",
        4,
        "{\"error\":{\"code\":\"access\",\"message\":\"'bob' may not manage keys of 'alice'\",\"hint\":\"only their owner or an administrator of this store may; 'keyctl admin list' lists the administrators\"}}",
    );
    error(
        "list --db /proc",
        5,
        "{\"error\":{\"code\":\"store\",\"message\":\"/proc is a directory, not a store\",\"hint\":\"name the file in it: --db PATH\"}}",
    );
    let ran = stage
        .world
        .cmd("create --scope inference --name ci --format json".split(' '));
    let ran = ran.run().code(4).stdout("");
    let json: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(json["error"]["code"], "state");
    let ran = stage
        .world
        .cmd("list --format jsonl --state x".split(' '))
        .run()
        .code(2);
    assert!(
        ran.stderr.starts_with("{\"error\":{\"code\":\"usage\""),
        "{ran:#?}"
    );
    let ran = stage
        .world
        .cmd("list --format csv --state x".split(' '))
        .run()
        .code(2);
    assert!(ran.stderr.starts_with("keyctl: "), "{ran:#?}");
}

#[test]
fn an_ambiguous_key_in_json_names_the_candidates() {
    let stage = Stage::new();
    let id = id_of(
        &stage
            .world
            .create("--scope inference --name ci --owner bob"),
    );
    let ran = stage
        .world
        .cmd("show ci --format json".split(' '))
        .user("carol")
        .run()
        .code(3)
        .stdout("");
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(
        error,
        json!({"error": {
            "code": "ambiguous",
            "message": "'ci' stands for more than one key",
            "hint": format!("give the ID, or OWNER/NAME; 'keyctl show {}' shows one", stage.id),
            "candidates": [
                {"id": stage.id, "name": "ci", "owner": "alice", "state": "active"},
                {"id": id, "name": "ci", "owner": "bob", "state": "active"},
            ],
        }})
    );
    let ran = stage
        .world
        .cmd("show nobody --format json".split(' '))
        .run();
    assert!(!ran.stderr.contains("candidates"), "{ran:#?}");
}

#[test]
fn a_token_in_a_json_error_is_not_repeated() {
    let stage = Stage::new();
    let ran = stage
        .world
        .cmd(["show", &stage.token, "--format=json"])
        .run()
        .code(2)
        .stdout("");
    assert!(
        ran.stderr.starts_with("{\"error\":{\"code\":\"usage\""),
        "{ran:#?}"
    );
    stage.keeps_the_secret(&ran);
}

#[test]
fn what_is_missing_or_unknown_leads_to_the_help_of_its_own_command() {
    let world = World::new();
    for (line, message, help) in [
        ("doctor extra", "unexpected argument 'extra'", "help doctor"),
        ("ls --zzz", "unexpected argument '--zzz'", "help list"),
        (
            "policy set",
            "missing arguments: NAME, VALUE",
            "help policy set",
        ),
        (
            "purge --all",
            "missing argument: --owner USER",
            "help purge",
        ),
        ("create --name", "--name has no value", "help create"),
        (
            "--db list --color never backup",
            "missing argument: PATH",
            "help backup",
        ),
    ] {
        let advice = format!("{message}\nhint: see 'keyctl {help}'\n");
        world.line(line).without_db().run().fails(2, &advice);
        world.run(help);
    }
    for (line, message) in [
        ("--nope", "unexpected argument '--nope'"),
        ("zzz list", "there is no command 'zzz'"),
    ] {
        let advice = format!("{message}\nhint: 'keyctl --help' shows every command\n");
        world.line(line).run().fails(2, &advice);
    }
    for command in ["rotate", "delete"] {
        let advice = format!(
            "missing argument: KEY\nhint: 'keyctl list' shows the keys; see 'keyctl help {command}'\n"
        );
        world.line(command).run().fails(2, &advice);
    }
    for (line, advice) in [
        (
            "member add search",
            "missing arguments: --role ROLE, USER\nhint: --role takes: owner, collaborator; \
             see 'keyctl help member add'\n",
        ),
        (
            "completions",
            "missing argument: SHELL\nhint: SHELL takes: bash, elvish, fish, powershell, zsh; \
             see 'keyctl help completions'\n",
        ),
    ] {
        world.line(line).run().fails(2, advice);
    }
    world.line("list --quiet=true").run().fails(
        2,
        "--quiet takes no value\nhint: leave out the '=' and what follows it\n",
    );
}

#[test]
fn a_duration_in_other_words_is_answered_with_the_one_that_was_meant() {
    let stage = Stage::new();
    for (given, meant) in [
        ("90days", "90d"),
        ("1 week", "1w"),
        ("30 min", "30m"),
        ("12 hours", "12h"),
        ("3mo", "3months"),
        ("1 month", "1month"),
        ("2 years", "2y"),
        ("45sec", "45s"),
    ] {
        let advice = format!("\nhint: did you mean '{meant}'?\n");
        let duration = format!("'{given}' is not a duration{advice}");
        let time = format!("'{given}' is not a time{advice}");
        stage.refuses(["rotate", "ci", "--grace", given], 2, &duration);
        stage.refuses(["list", "--expiring-within", given], 2, &duration);
        stage.refuses(["edit", "ci", "--expires", given], 2, &time);
        stage.refuses(["log", "--since", given], 2, &time);
        stage.world.run(&format!("list --unused-for {meant}"));
    }
    // M may stand for minutes or for months, and no unit for any.
    for given in ["5M", "30", "99999999999 days", "days"] {
        let message = format!("'{given}' is not a duration{SPAN_HINT}");
        stage.refuses(["list", "--older-than", given], 2, &message);
    }
}

#[test]
fn a_command_in_the_words_of_other_programs_is_answered_with_the_one_that_was_meant() {
    let stage = Stage::new();
    for (line, word, meant) in [
        (
            "revoke ci",
            "revoke",
            "'delete' (permanently) or 'disable' (until 'enable')",
        ),
        ("rm ci", "rm", "'delete'"),
        ("issue --scope inference", "issue", "'create'"),
        ("get ci", "get", "'show'"),
        ("check", "check", "'verify'"),
        (
            "renew ci",
            "renew",
            "'edit KEY --expires WHEN' (same token, more time) or 'rotate' (a new token)",
        ),
        (
            "kill ci",
            "kill",
            "'delete' (permanently) or 'disable' (until 'enable')",
        ),
        ("rename ci cd", "rename", "'edit KEY --name NAME'"),
        ("mv ci cd", "mv", "'edit KEY --name NAME'"),
        ("grant ci project", "grant", "'edit KEY --add-scope SCOPE'"),
        ("search ci", "search", "'list --search TEXT'"),
        ("off ci", "off", "'disable'"),
        ("lock ci", "lock", "'disable'"),
        ("block ci", "block", "'disable'"),
        ("on ci", "on", "'enable'"),
        ("unlock ci", "unlock", "'enable'"),
        ("who ci", "who", "'show'"),
        ("whois ci", "whois", "'show'"),
        ("lookup ci", "lookup", "'show'"),
        ("scope register data:read", "register", "'add'"),
        (
            "policy max-expiry 1y",
            "max-expiry",
            "'policy set max-expiry 1y'",
        ),
        ("set ci", "set", "'edit'"),
        ("audit", "audit", "'log'"),
        ("version", "version", "'keyctl --version'"),
        ("status", "status", "'doctor'"),
        ("config", "config", "'policy'"),
        ("gc", "gc", "'purge'"),
        ("dump x", "dump", "'backup'"),
        ("keys list", "keys", "'list'"),
        ("extend ci", "extend", "'edit KEY --expires WHEN'"),
        ("label ci team=a", "label", "'edit KEY --label K=V'"),
        ("suspend ci", "suspend", "'disable'"),
        ("resume ci", "resume", "'enable'"),
        ("policy get", "get", "'show'"),
        ("policy reset hash", "reset", "'unset'"),
        ("scope ls", "ls", "'list'"),
        ("member new search bob", "new", "'add'"),
        ("admin rm bob", "rm", "'remove'"),
        // What is only like a command.
        ("LIST", "LIST", "'list'"),
        ("help policy sett", "sett", "'set'"),
        ("policy st", "st", "'set'"),
        ("help polcy", "polcy", "'policy'"),
        ("help restor", "restor", "'restore'"),
        ("help rm", "rm", "'delete'"),
    ] {
        let message = format!("there is no command '{word}'\nhint: did you mean {meant}?\n");
        stage.refuses(line.split(' '), 2, &message);
    }
}

#[test]
fn an_argument_that_has_no_place_is_answered_with_what_was_meant() {
    let stage = Stage::new();
    for (line, argument, hint) in [
        ("create ci", "ci", "did you mean '--name ci'?"),
        (
            "create --scope inference project",
            "project",
            "did you mean '--scope inference,project' or '--name project'?",
        ),
        (
            "create --name ci --scope inference project",
            "project",
            "did you mean '--scope inference,project'?",
        ),
        (
            "list --state active expired",
            "expired",
            "did you mean '--state active,expired'?",
        ),
        (
            "list --state active ci",
            "ci",
            "did you mean 'keyctl show ci' or 'keyctl list --search ci'?",
        ),
        (
            "list ci",
            "ci",
            "did you mean 'keyctl show ci' or 'keyctl list --search ci'?",
        ),
        ("list expired", "expired", "did you mean '--state expired'?"),
        ("list --all", "--all", "did you mean '--state all'?"),
        ("log ci", "ci", "did you mean '--key ci'?"),
        ("log disable", "disable", "did you mean '--action disable'?"),
        (
            "log --action edit rotate",
            "rotate",
            "did you mean '--action edit,rotate'?",
        ),
        (
            "log --before 2026-11-22",
            "--before",
            "did you mean '--until'?",
        ),
        ("log --user bob", "--user", "did you mean '--actor'?"),
        ("list help", "help", "did you mean 'keyctl help list'?"),
        ("list -o json", "-o", "did you mean '--format'?"),
        (
            "list --status active",
            "--status",
            "did you mean '--state'?",
        ),
        ("list -n 5", "-n", "did you mean '--limit'?"),
        ("list --grep ci", "--grep", "did you mean '--search'?"),
        ("list --fields id", "--fields", "did you mean '--columns'?"),
        ("list -r", "-r", "did you mean '--reverse'?"),
        ("create -n ci", "-n", "did you mean '--name'?"),
        ("purge -n", "-n", "did you mean '--dry-run'?"),
        ("disable ci -n", "-n", "did you mean '--dry-run'?"),
        ("enable ci -f", "-f", "did you mean '--yes'?"),
        ("restore x -n", "-n", "did you mean '--dry-run'?"),
        (
            "restore x --preview",
            "--preview",
            "did you mean '--dry-run'?",
        ),
        (
            "restore x --what-if",
            "--what-if",
            "did you mean '--dry-run'?",
        ),
        ("-v", "-v", "did you mean '--version'?"),
        (
            "list --name ci",
            "--name",
            "did you mean 'keyctl show ci' or 'keyctl list --search ci'?",
        ),
        (
            "list --name=ci",
            "--name",
            "did you mean 'keyctl show ci' or 'keyctl list --search ci'?",
        ),
        (
            "list --name",
            "--name",
            "did you mean 'keyctl show KEY' or 'keyctl list --search TEXT'?",
        ),
        (
            "edit ci --del-scope project",
            "--del-scope",
            "did you mean '--remove-scope'?",
        ),
        (
            "edit ci --rm-label team",
            "--rm-label",
            "did you mean '--remove-label'?",
        ),
        (
            "edit ci --drop-allow-from=10.0.0.0/8",
            "--drop-allow-from",
            "did you mean '--remove-allow-from'?",
        ),
        (
            "edit ci --add-label team=a",
            "--add-label",
            "did you mean '--label'?",
        ),
        (
            "edit ci --extend 30d",
            "--extend",
            "did you mean '--expires'?",
        ),
        ("create -o f.tok", "-o", "did you mean '--secret-file'?"),
        (
            "create --output=f.tok",
            "--output",
            "did you mean '--secret-file'?",
        ),
        (
            "create --output text",
            "--output",
            "did you mean '--format'?",
        ),
        (
            "create --out-file f.tok",
            "--out-file",
            "did you mean '--secret-file'?",
        ),
        ("create --csv a.csv", "--csv", "did you mean '--from'?"),
        ("create --file a.csv", "--file", "did you mean '--from'?"),
        (
            "create --output-dir d",
            "--output-dir",
            "did you mean '--secret-dir'?",
        ),
        (
            "rotate ci --file f.tok",
            "--file",
            "did you mean '--secret-file'?",
        ),
        ("create --for bob", "--for", "did you mean '--owner'?"),
        ("delete --user bob", "--user", "did you mean '--owner'?"),
        ("disable --for bob", "--for", "did you mean '--owner'?"),
        ("list --user bob", "--user", "did you mean '--owner'?"),
        (
            "disable --key-file u.tok",
            "--key-file",
            "for the token in a file: keyctl disable - < u.tok",
        ),
        (
            "delete --file=u.tok --yes",
            "--file",
            "for the token in a file: keyctl delete - < u.tok",
        ),
        ("list -l team", "-l", "did you mean '--label'?"),
        (
            "list --selector a=b",
            "--selector",
            "did you mean '--label'?",
        ),
        ("list --sort-by name", "--sort-by", "did you mean '--sort'?"),
        (
            "list --since 7d",
            "--since",
            "did you mean '--created-within'?",
        ),
        (
            "list --page 2",
            "--page",
            "there are no pages; use --limit and --reverse, or a pager",
        ),
        (
            "list --offset=20",
            "--offset",
            "there are no pages; use --limit and --reverse, or a pager",
        ),
        (
            "edit ci --unlabel a",
            "--unlabel",
            "did you mean '--remove-label'?",
        ),
        ("log --event edit", "--event", "did you mean '--action'?"),
        ("log --tail 5", "--tail", "did you mean '--limit'?"),
        ("log --verify", "--verify", "did you mean '--check'?"),
        ("log check", "check", "did you mean '--check'?"),
        (
            "log --owner bob",
            "--owner",
            "'--actor bob' shows what bob did, '--key bob/NAME' what happened to a key",
        ),
        (
            "policy show max-expiry",
            "max-expiry",
            "'keyctl policy show' shows every policy and takes no name",
        ),
        ("delete ci --force", "--force", "did you mean '--yes'?"),
        ("purge -f", "-f", "did you mean '--yes'?"),
        ("create --ttl 30d", "--ttl", "did you mean '--expires'?"),
        ("rotate ci --ttl=30d", "--ttl", "did you mean '--expires'?"),
        ("verify --file x", "--file", "did you mean '--key-file'?"),
        (
            "rotate ci --no-grace",
            "--no-grace",
            "did you mean '--grace 0s'?",
        ),
        (
            "create --scope inference --name -x",
            "-x",
            "a name may not begin with '-'",
        ),
        ("list --json", "--json", "did you mean '--format json'?"),
        ("--json list", "--json", "put '--format json' after 'list'"),
        (
            "--state active list",
            "--state",
            "put '--state' after 'list'",
        ),
        (
            "policy --json show",
            "--json",
            "put '--format json' after 'show'",
        ),
        // Nothing is repeated that is no word to a shell.
        ("create $(id)", "$(id)", "see 'keyctl help create'"),
    ] {
        let message = format!("unexpected argument '{argument}'\nhint: {hint}\n");
        stage.refuses(line.split(' '), 2, &message);
    }
    for args in ["--format json list", "--format=json list"] {
        let ran = stage.world.line(args).run().code(2);
        let hint = "\"hint\":\"put '--format' after 'list'\"";
        assert!(ran.stderr.contains(hint), "{ran:?}");
    }
    stage.refuses(
        ["list", "--state", "EXPIRED"],
        2,
        "'EXPIRED' is not a valid value for --state\nhint: did you mean 'expired'?\n",
    );
}

#[test]
fn what_might_be_a_secret_is_no_part_of_advice() {
    let stage = Stage::new();
    let secret = &stage.token[stage.token.len() - 49..];
    for command in ["create", "list", "verify", "list --name"] {
        let args = command.split(' ').chain([secret]);
        let ran = stage.world.cmd(args).run().code(2);
        stage.keeps_the_secret(&ran);
    }
}

#[test]
fn advice_is_for_the_store_that_was_named() {
    let stage = Stage::new();
    let world = &stage.world;
    let copy = world.path("my copy.db");
    world
        .cmd(["backup".as_ref(), copy.as_os_str()])
        .run()
        .code(0);
    let shown = copy.to_str().unwrap().replace(' ', "\\ ");
    let on = |line: &str| {
        let db = ["--db".into(), copy.clone().into_os_string()];
        let words = line.split(' ').map(OsString::from);
        world.cmd(db.into_iter().chain(words)).without_db()
    };
    on("show nosuch").run().fails(
        3,
        &format!(
            "there is no key 'nosuch'\nhint: 'keyctl --db {shown} list --state all' shows every key\n"
        ),
    );
    let json = on("show nosuch --format json").run().code(3).stderr;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let hint = format!("'keyctl --db {shown} list --state all' shows every key");
    assert_eq!(json["error"]["hint"], json!(hint));
    on("delete").run().fails(
        2,
        &format!(
            "missing argument: KEY\nhint: 'keyctl --db {shown} list' shows the keys; \
             see 'keyctl help delete'\n"
        ),
    );
    on("verify --project search")
        .stdin(&stage.token)
        .run()
        .code(6)
        .says(&format!(
            "an administrator can create it: keyctl --db {shown} member add search alice --role owner"
        ));
    // What is no refusal has its advice in a line of its own.
    on("rotate ci --grace 2h").run().code(0);
    let id = &stage.id;
    on("rotate ci").run().code(0).says(&format!(
        "{id} (same name) still works until 2026-11-22T02:00:00Z (in 2h)\n\
         hint: to stop it now: keyctl --db {shown} disable {id}\n"
    ));
    // A name is a name.
    let create = ["create", "--scope", "inference", "--name", "keyctl list"];
    let db = ["--db".into(), copy.clone().into_os_string()];
    let words = create.iter().map(OsString::from);
    let ran = world.cmd(db.into_iter().chain(words)).without_db().run();
    assert!(
        ran.code(0)
            .says("keyctl list")
            .stderr
            .find("--db")
            .is_none()
    );
    let help = on("help rotate").run().code(0).stdout;
    assert!(!help.contains("my copy"), "{help}");
}

#[test]
fn words_of_other_programs_are_answered_with_the_way_to_do_it() {
    let stage = Stage::new();
    for (line, message) in [
        (
            "migrate x",
            "there is no command 'migrate'\nhint: did you mean 'import' (keys of another system) or 'init --upgrade' (a store of an older version)?\n",
        ),
        (
            "upgrade",
            "there is no command 'upgrade'\nhint: did you mean 'init --upgrade' (a store of an older version)?\n",
        ),
        (
            "retire old.db",
            "there is no command 'retire'\nhint: did you mean 'backup --retire' (a copy, and from then on the store verifies no token)?\n",
        ),
        (
            "schema",
            "there is no command 'schema'\nhint: did you mean 'init --print-sql'?\n",
        ),
        (
            "leaks .",
            "there is no command 'leaks'\nhint: did you mean 'scan'?\n",
        ),
        (
            "grep .",
            "there is no command 'grep'\nhint: did you mean 'scan'?\n",
        ),
        (
            "server",
            "there is no command 'server'\nhint: did you mean 'serve'?\n",
        ),
        (
            "daemon",
            "there is no command 'daemon'\nhint: did you mean 'serve'?\n",
        ),
        (
            "http",
            "there is no command 'http'\nhint: did you mean 'serve'?\n",
        ),
        (
            "prometheus",
            "there is no command 'prometheus'\nhint: did you mean 'metrics'?\n",
        ),
        (
            "recover old.db",
            "there is no command 'recover'\nhint: did you mean 'restore'?\n",
        ),
        (
            "serve --port 9091",
            "unexpected argument '--port'\nhint: did you mean '--listen'?\n",
        ),
        (
            "metrics --store keys.db",
            "unexpected argument '--store'\nhint: did you mean '--db'?\n",
        ),
        (
            "list --database keys.db",
            "unexpected argument '--database'\nhint: did you mean '--db'?\n",
        ),
        (
            "metrics --textfile keyctl.prom",
            "unexpected argument '--textfile'\nhint: did you mean '--output'?\n",
        ),
        (
            "init --sql",
            "unexpected argument '--sql'\nhint: did you mean '--print-sql'?\n",
        ),
        (
            "verify --url http://127.0.0.1:9091",
            "unexpected argument '--url'\nhint: did you mean '--server'?\n",
        ),
        (
            "list --state rotated",
            "'rotated' is not a valid value for --state\nhint: did you mean 'phased-out'?\n",
        ),
        (
            "log --action denied",
            "'denied' is not a valid value for --action\nhint: did you mean 'refuse'?\n",
        ),
        (
            "project create search",
            "there is no command 'project'\nhint: did you mean 'member'? a project exists as long as it has a member\n",
        ),
        (
            "where",
            "there is no command 'where'\nhint: 'keyctl doctor' says which store is used\n",
        ),
        (
            "help exit-codes",
            "there is no command 'exit-codes'\nhint: 'keyctl --help' lists the exit codes\n",
        ),
        (
            "help states",
            "there is no command 'states'\nhint: 'keyctl --help' lists the states of a key\n",
        ),
        (
            "policy max-expiry",
            "there is no command 'max-expiry'\nhint: 'keyctl policy show' shows every policy\n",
        ),
        (
            "list --state revoked",
            "'revoked' is not a valid value for --state\nhint: the states of a stopped key are 'disabled' and 'deleted'\n",
        ),
        (
            "policy set max-expiry=30d",
            "missing argument: VALUE\nhint: did you mean 'policy set max-expiry 30d'?\n",
        ),
    ] {
        stage.refuses(line.split(' '), 2, message);
    }
}
