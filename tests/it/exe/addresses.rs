//! What is pasted or typed where a file's path belongs.

use super::harness::{Site, run, run_with};
use crate::harness::Ran;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;

/// What must not be shown.
const PASSWORD: &str = "hunter2";

/// Ways to name a server, each with the password in it.
const SERVERS: [&str; 9] = [
    "postgres://alice:hunter2@db.example:5432/keys",
    "postgresql://alice:hunter2@db.example/keys",
    "postgresql+psycopg2://alice:hunter2@db.example/keys",
    "postgres:/alice:hunter2@db.example/keys",
    "postgres:alice:hunter2@db.example",
    "mysql://alice:hunter2@db.example/keys",
    "file://alice:hunter2@db.example/keys",
    "'postgres://alice:hunter2@db.example/keys'",
    "host=db.example password=hunter2",
];

impl Site {
    /// The names of all that was made.
    fn made(&self) -> BTreeSet<OsString> {
        let entries = fs::read_dir(self.path("")).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }

    /// Runs the words of `line`, with `named` where `{}` stands in one, without `--db`.
    fn with(&self, line: &str, named: &str) -> Ran {
        let words = line.split_whitespace();
        let args = words.map(|word| word.replace("{}", named));
        run(self.bare("").args(args))
    }
}

/// It was refused as a usage error without a word of the server.
#[track_caller]
fn refused_unshown(ran: Ran) -> Ran {
    let ran = ran.code(2).stdout("");
    for part in [PASSWORD, "alice", "db.example"] {
        assert!(!ran.stderr.contains(part), "{part} in {ran:#?}");
    }
    ran
}

#[test]
fn a_server_in_db_is_refused_and_neither_shown_nor_made_a_file() {
    let site = Site::new();
    for server in SERVERS {
        for line in [
            "--db {} list",
            "list --db={}",
            "--db {} create --scope inference",
            "init --db {}",
            "verify --db {}",
            "doctor --db {} --format json",
            "restore copy.db --yes --db {}",
            "--db {} list --bogus",
            "--db {} list --format nonsense",
            "--db {} delete",
            "--db {} nosuch",
            "--db {}",
            "--db {} list --db {}",
            "create --db={} --scope inference --expires never-ever",
            "completions bash --db {}",
        ] {
            refused_unshown(site.with(line, server));
        }
    }
    assert_eq!(site.made(), BTreeSet::new());
    site.with("--db {} list", SERVERS[0]).stderr(
        "keyctl: --db has a password in it\n\
         hint: put the password into ~/.pgpass or PGPASSWORD, or the URL into KEYCTL_DB; others can read \
         arguments with ps: treat the password in this one as leaked\n",
    );
    site.with("--db {} list", "postgres:/h/keys").stderr(
        "keyctl: --db is not the URL of a PostgreSQL server\n\
         hint: write postgres://USER@HOST/DATABASE\n",
    );
    let malformed = "postgres:alice:hunter2@db.example";
    site.with("--db {} list", malformed).stderr(
        "keyctl: --db is not the URL of a PostgreSQL server\n\
         hint: write postgres://USER@HOST/DATABASE; others can read arguments with ps: treat the \
         password in this one as leaked\n",
    );
    site.with("--db {} list", "sqlite:///srv/k.db").fails(
        2,
        "--db names a URL, not a file\nhint: name the store's file: --db PATH\n",
    );
}

#[test]
fn a_malformed_server_in_the_environment_is_refused_and_not_shown() {
    let site = Site::new();
    for (server, message) in [
        (
            SERVERS[2],
            "KEYCTL_DB is not the URL of a PostgreSQL server",
        ),
        (
            SERVERS[3],
            "KEYCTL_DB is not the URL of a PostgreSQL server",
        ),
        (
            SERVERS[4],
            "KEYCTL_DB is not the URL of a PostgreSQL server",
        ),
        (SERVERS[5], "KEYCTL_DB names a URL, not a file"),
        (SERVERS[6], "KEYCTL_DB names a URL, not a file"),
        (
            SERVERS[7],
            "KEYCTL_DB is not the URL of a PostgreSQL server",
        ),
        (
            SERVERS[8],
            "KEYCTL_DB is not the URL of a PostgreSQL server",
        ),
        (
            "postgres://alice:hunter2@x@db.example/keys",
            "KEYCTL_DB has more than one '@' in it",
        ),
        (
            "postgres://alice:hunter2/x@db.example/keys",
            "KEYCTL_DB has a '/' or a '?' before the '@'",
        ),
        (
            "postgres://alice:hunter2%@db.example/keys",
            "the password in KEYCTL_DB is not percent-encoded UTF-8",
        ),
        (
            "postgres://alice:hunter2@db.example/keys\n",
            "KEYCTL_DB has a space, a line break or a control character in it",
        ),
        (
            "postgres://alice:hunter2@db.example/keys?sslmode=require",
            "the parameter sslmode in KEYCTL_DB is require, which does not check",
        ),
        (
            "postgres://alice@db.example/keys?password=hunter2&sslmod=disable",
            "a parameter in KEYCTL_DB is unknown",
        ),
    ] {
        for line in ["list", "create --scope inference", "list --format json"] {
            let ran = run(site.bare(line).env("KEYCTL_DB", server));
            let ran = refused_unshown(ran).says(message);
            assert!(!ran.stderr.contains("ps:"), "{ran:#?}");
        }
    }
    assert_eq!(site.made(), BTreeSet::new());
}

#[test]
fn a_server_is_completed_from_the_environment_and_its_faults_are_named() {
    let site = Site::new();
    for (variable, value, message) in [
        (
            "PGSSLMODE",
            "prefer",
            "PGSSLMODE is prefer, which falls back to plain text",
        ),
        ("PGPORT", "x", "PGPORT is not a number from 1 to 65535"),
        (
            "PGSERVICE",
            "none",
            "there is no service 'none' in a service file",
        ),
    ] {
        let server = "postgres://db.example/keys";
        let ran = run(site.bare("list --db").arg(server).env(variable, value));
        refused_unshown(ran).says(message);
    }
}

#[test]
fn a_server_in_any_other_argument_is_not_shown() {
    let site = Site::new();
    site.create();
    let before = site.made();
    for server in SERVERS {
        for line in [
            "backup {}",
            "restore {} --yes",
            "create --scope inference --secret-file {}",
            "rotate ci --secret-file={}",
            "verify --key-file {}",
        ] {
            refused_unshown(run(site
                .bare("")
                .args(line.split(' ').map(|word| word.replace("{}", server)))
                .env("KEYCTL_DB", site.db())));
        }
        for line in [
            "list {}",
            "{}",
            "backup one {}",
            "list --limit {}",
            "create --scope {}",
            "create --scope inference {}",
            "show {}",
            "show x/{}",
            "list --{}",
            "verify {}",
            "policy set {} 1",
            "policy set hash {}",
        ] {
            let args = line.split(' ').map(|word| word.replace("{}", server));
            let ran = run(site.bare("").args(args).env("KEYCTL_DB", site.db()));
            assert!(ran.code > 1, "{ran:#?}");
            let shown = ran.stdout.contains(PASSWORD) || ran.stderr.contains(PASSWORD);
            assert!(!shown, "{ran:#?}");
        }
    }
    assert_eq!(site.made(), before);
}

#[test]
fn a_path_whose_tilde_no_shell_has_expanded_is_refused() {
    let site = Site::new();
    let hint = "hint: write $HOME/k.db; for a file of exactly that name, ./~…\n";
    for line in [
        "--db={} create --scope inference",
        "--db {} list",
        "create --scope inference --secret-file={}",
        "backup {}",
        "restore {}",
        "verify --key-file={}",
    ] {
        let ran = site.with(line, "~/k.db").code(2).stdout("");
        ran.says(" begins with '~', which no shell has expanded: '~/k.db'\n")
            .says(hint);
        site.with(line, "~carol/k.db")
            .code(2)
            .says("hint: write the path of that home directory");
        site.with(line, "~").code(2);
    }
    run(site
        .bare("create --scope inference")
        .env("KEYCTL_DB", "~/k.db"))
    .fails(2, "KEYCTL_DB begins with '~'")
    .says("hint: where a shell sets it, write $HOME/k.db, else the whole path");
    assert_eq!(site.made(), BTreeSet::new());
    site.with("--db {} create --scope inference", "./~k.db")
        .code(0);
    assert!(site.path("~k.db").exists());
}

#[test]
fn a_dash_is_no_file() {
    let site = Site::new();
    site.create();
    let before = site.made();
    for (line, instead) in [
        (
            "create --scope inference --secret-file -",
            "without --secret-file the token goes to standard output",
        ),
        (
            "create --scope inference --secret-file=-",
            "without --secret-file the token goes to standard output",
        ),
        (
            "rotate ci --secret-file -",
            "without --secret-file the token goes to standard output",
        ),
        (
            "backup -",
            "a copy is checked before it gets its name, so it cannot go to a pipe",
        ),
        (
            "restore - --yes",
            "a copy is checked before it is restored, so it cannot come from a pipe",
        ),
        ("list --db -", "a store is a file"),
        ("create --scope inference --db=-", "a store is a file"),
    ] {
        let db = if line.contains("--db") {
            ""
        } else {
            "--db keyctl.db"
        };
        run_with(&mut site.bare(&format!("{db} {line}")), "x")
            .code(2)
            .stdout("")
            .says(" is '-', not a file\n")
            .says(instead)
            .says("for a file of that name, write ./-\n");
    }
    run(site.bare("create --scope inference").env("KEYCTL_DB", "-")).fails(2, "KEYCTL_DB is '-'");
    assert_eq!(site.made(), before);
    run(&mut site.cmd("create --scope inference --name ci --secret-file ./-")).code(0);
    let token = fs::read(site.path("-")).unwrap();
    // Here it is standard input.
    run_with(&mut site.cmd("verify --key-file -"), token).code(0);
}

#[test]
fn a_variable_with_a_line_break_in_it_names_no_store() {
    let site = Site::new();
    for named in ["k.db\n", "k.db\r", "k.db\r\n", "k.db\nother.db", "\n"] {
        for line in ["create --scope inference", "list"] {
            run(site.bare(line).env("KEYCTL_DB", named))
                .fails(2, "KEYCTL_DB has a line break in it: '")
                .says("hint: remove it where the variable is set");
        }
    }
    assert_eq!(site.made(), BTreeSet::new());
}
