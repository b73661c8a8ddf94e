//! Where the store lies: modes, and everything that may be there instead of a store.

use super::harness::{Site, is_root, mode, run, run_with, set_mode, skipped};
use crate::harness::{Ran, id_of};
use rusqlite::Connection;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::geteuid;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::Path;

/// A uid that has no name.
const NAMELESS: u32 = 4_000_001;

/// A name that is not UTF-8.
const NOT_UTF8: &[u8] = b"\xff\xfe";

impl Site {
    /// Runs a command line on the store at `path`.
    fn run_on(&self, path: impl AsRef<OsStr>, line: &str) -> Ran {
        run(self.bare(line).arg("--db").arg(path))
    }

    /// A well-shaped token of no store.
    fn foreign_token(&self) -> String {
        let elsewhere = Site::new();
        elsewhere.create()
    }

    /// Every command refuses the store at `path` with exit code 5 and `message`.
    #[track_caller]
    fn refused(&self, path: &Path, message: &str) {
        for line in ["create --scope inference", "list", "delete x --yes"] {
            self.run_on(path, line).fails(5, message);
        }
        let token = self.foreign_token();
        run_with(self.bare("verify").arg("--db").arg(path), &token).fails(5, message);
    }
}

#[test]
fn the_store_and_a_secret_file_are_for_their_owner_alone_whatever_the_umask() {
    for umask in ["0000", "0022", "0077", "0777"] {
        let site = Site::new();
        let script = format!(
            "umask {umask}; exec keyctl --db made/deep/keyctl.db create --scope inference --secret-file secret"
        );
        run(&mut site.sh(&script)).code(0);
        for name in ["made", "made/deep"] {
            assert_eq!(mode(site.path(name)), 0o700, "umask {umask}: {name}");
        }
        for name in [
            "made/deep/keyctl.db",
            "made/deep/keyctl.db-wal",
            "made/deep/keyctl.db-shm",
            "secret",
        ] {
            assert_eq!(mode(site.path(name)), 0o600, "umask {umask}: {name}");
        }
    }
}

#[test]
fn a_umask_that_takes_everything_away_does_not_keep_a_user_from_making_a_store() {
    let site = Site::new();
    let script = "umask 0777; exec keyctl --db made/deep/keyctl.db create --scope inference";
    let mut command = site.without_rights(site.sh(script));
    set_mode(site.path(""), 0o777);
    run(&mut command).code(0);
}

#[test]
fn the_mode_of_a_directory_that_was_there_is_left() {
    let site = Site::new();
    fs::create_dir(site.path("shared")).unwrap();
    set_mode(site.path("shared"), 0o755);
    site.run_on("shared/keyctl.db", "create --scope inference")
        .code(0);
    assert_eq!(mode(site.path("shared")), 0o755);
}

#[test]
fn the_mode_that_an_owner_gave_the_store_is_left() {
    let site = Site::new();
    site.create();
    set_mode(site.db(), 0o640);
    site.create();
    assert_eq!(mode(site.db()), 0o640);
}

#[test]
fn a_missing_store_is_made_by_create_alone_which_says_so_even_when_quiet() {
    let site = Site::new();
    let token = site.foreign_token();
    let shown = site.db().display().to_string();
    for line in ["list", "show x", "delete x --yes", "purge --yes"] {
        run(&mut site.cmd(line)).fails(5, &format!("there is no store at {shown}"));
    }
    run_with(&mut site.cmd("verify"), token).fails(5, &format!("there is no store at {shown}"));
    assert!(!site.db().exists());

    site.run("create --scope inference --quiet")
        .says(&format!("made a new store at {shown}"));
}

#[test]
fn create_of_a_second_store_names_the_one_that_may_have_been_meant() {
    let site = Site::new();
    let create = |db: &str| {
        let mut command = site.bare("create --scope inference --quiet");
        command.env("KEYCTL_DB", db);
        run(&mut command).code(0).stderr
    };
    let made = |db: &str| format!("made a new store at {db}; its administrator is ");
    let meant =
        |db: &str| format!("; if you meant the store at {db}, name it with --db or KEYCTL_DB\n");
    let path = |name: &str| site.path(name).display().to_string();
    // Neither is a store: another program's database, and a file that only looks like one.
    Connection::open(site.path("cookies.sqlite"))
        .unwrap()
        .execute_batch("CREATE TABLE cookies (name TEXT)")
        .unwrap();
    fs::write(site.path("keyctl.db.gz"), [0; 4096]).unwrap();
    let first = create(&path("keyctl.db"));
    assert!(first.starts_with(&made(&path("keyctl.db"))), "{first}");
    assert!(!first.contains("if you meant"), "{first}");
    // In the same directory, also without a log, as a store that was copied back.
    for _ in 0..2 {
        let second = create(&path("keyctl.bd"));
        assert!(second.starts_with(&made(&path("keyctl.bd"))), "{second}");
        assert!(second.ends_with(&meant(&path("keyctl.db"))), "{second}");
        for part in [
            "keyctl.bd",
            "keyctl.bd-wal",
            "keyctl.bd-shm",
            "keyctl.db-wal",
            "keyctl.db-shm",
        ] {
            // The second time some are gone.
            drop(fs::remove_file(site.path(part)));
        }
    }
    // The default store, where another directory was named.
    let third = run(&mut site.bare("create --scope inference -q")).code(0);
    assert!(!third.stderr.contains("if you meant"), "{third:#?}");
    let usual = path(".local/share/keyctl/keyctl.db");
    let other = create(&path("other/keyctl.db"));
    assert!(other.ends_with(&meant(&usual)), "{other}");
    // init is asked for a new store, and a store that is there is none.
    let mut init = site.bare("init");
    init.env("KEYCTL_DB", path("third/keyctl.db"));
    assert!(!run(&mut init).code(0).stderr.contains("if you meant"));
    assert_eq!(create(&path("other/keyctl.db")), "");
}

#[test]
fn a_link_to_nowhere_is_no_store_and_what_it_names_is_not_made() {
    let site = Site::new();
    symlink(site.path("nowhere"), site.db()).unwrap();
    site.refused(
        &site.db(),
        &format!("{} is a symbolic link", site.db().display()),
    );
    assert!(!site.path("nowhere").exists());
}

#[test]
fn a_link_to_a_store_is_that_store() {
    let site = Site::new();
    let token = site.create();
    symlink(site.db(), site.path("link")).unwrap();
    site.run_on("link", "create --scope inference").code(0);
    assert_eq!(site.ids().len(), 2);
    run_with(&mut site.bare("verify --db link"), token).code(0);
    // A second log beside the link would split the store in two.
    assert!(!site.path("link-wal").exists());
}

#[test]
fn a_directory_is_no_store() {
    let site = Site::new();
    fs::create_dir(site.db()).unwrap();
    site.refused(
        &site.db(),
        &format!("{} is a directory, not a store", site.db().display()),
    );
}

#[test]
fn a_fifo_is_no_store_and_nobody_waits_for_it() {
    let site = Site::new();
    mknodat(CWD, site.db(), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    site.refused(
        &site.db(),
        &format!("{} is not an ordinary file", site.db().display()),
    );
}

#[test]
fn a_device_is_no_store() {
    let site = Site::new();
    site.refused(Path::new("/dev/null"), "/dev/null is not an ordinary file");
}

#[test]
fn a_path_through_a_file_is_no_store() {
    let site = Site::new();
    fs::write(site.path("file"), "").unwrap();
    site.refused(&site.path("file/keyctl.db"), "cannot ");
}

#[test]
fn another_file_is_no_store_and_is_left_as_it_is() {
    let site = Site::new();
    let text = "not a database, but longer than the header of one would be\n".repeat(20);
    fs::write(site.db(), &text).unwrap();
    site.refused(
        &site.db(),
        &format!("{} is not a keyctl store", site.db().display()),
    );
    assert_eq!(fs::read_to_string(site.db()).unwrap(), text);
}

#[test]
fn another_programs_store_is_refused_and_left_as_it_is() {
    let site = Site::new();
    site.sql().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = fs::read(site.db()).unwrap();
    site.refused(
        &site.db(),
        &format!("{} is another program's SQLite file", site.db().display()),
    );
    assert_eq!(fs::read(site.db()).unwrap(), before);
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_left_as_it_is() {
    let site = Site::new();
    site.create();
    site.sql()
        .execute_batch("PRAGMA user_version = 1000")
        .unwrap();
    let before = site.number("SELECT count(*) FROM events");
    for line in ["create --scope inference", "delete x --yes"] {
        run(&mut site.cmd(line))
            .fails(5, "the store ")
            .says("was written by a newer keyctl");
    }
    assert_eq!(site.number("SELECT count(*) FROM events"), before);
    assert_eq!(site.number("PRAGMA user_version"), 1000);
}

#[test]
fn an_empty_file_becomes_a_store_by_create_alone() {
    let site = Site::new();
    fs::write(site.db(), "").unwrap();
    run(&mut site.cmd("list")).fails(5, &format!("the store {} is empty", site.db().display()));
    run(&mut site.cmd("delete x --yes")).fails(5, "the store");
    site.create();
    assert_eq!(site.ids().len(), 1);
}

#[test]
fn a_damaged_store_fails_closed() {
    let site = Site::new();
    let token = site.create();
    let mut bytes = fs::read(site.db()).unwrap();
    for byte in &mut bytes[4096..] {
        *byte = 0xa5;
    }
    fs::write(site.db(), bytes).unwrap();
    assert_eq!(site.verify(token), 5);
    assert_eq!(run(&mut site.cmd("list")).code, 5);
}

#[test]
fn a_store_that_may_not_be_read_fails_closed_and_names_the_path() {
    let site = Site::new();
    let token = site.create();
    set_mode(site.db(), 0);
    for line in ["list", "create --scope inference"] {
        run(&mut site.without_rights(site.cmd(line)))
            .fails(5, &format!("the store {}", site.db().display()));
    }
    run_with(&mut site.without_rights(site.cmd("verify")), token)
        .fails(5, &format!("the store {}", site.db().display()));
}

#[test]
fn a_store_in_a_directory_that_may_not_be_entered_fails_closed() {
    let site = Site::new();
    fs::create_dir(site.path("shut")).unwrap();
    set_mode(site.path("shut"), 0);
    let token = site.foreign_token();
    for line in [
        "list --db shut/keyctl.db",
        "create --scope inference --db shut/keyctl.db",
    ] {
        let mut command = site.without_rights(site.bare(line));
        run(&mut command).fails(5, "cannot ");
    }
    run_with(
        &mut site.without_rights(site.bare("verify --db shut/keyctl.db")),
        token,
    )
    .fails(5, "cannot ");

    // Without which it could not be removed.
    set_mode(site.path("shut"), 0o755);
}

#[test]
fn a_key_file_or_a_secret_file_that_may_not_be_used_is_a_failure() {
    let site = Site::new();
    let token = site.create();
    fs::write(site.path("token"), token).unwrap();
    set_mode(site.path("token"), 0);
    fs::create_dir(site.path("shut")).unwrap();
    set_mode(site.path("shut"), 0o555);
    run(&mut site.without_rights(site.cmd("verify --key-file token")))
        .fails(5, "cannot read the key file 'token'");
    run(&mut site.without_rights(site.cmd("create --scope inference --secret-file shut/secret")))
        .fails(5, "cannot make the secret file 'shut/secret'");
    run(&mut site.cmd("create --scope inference --secret-file missing/secret"))
        .fails(5, "cannot make the secret file 'missing/secret'");
    run(&mut site.cmd("verify --key-file .")).fails(5, "cannot read the key file '.'");
    assert_eq!(site.ids().len(), 1);
}

#[test]
fn a_name_that_sqlite_would_take_for_its_own_is_refused() {
    for name in [":memory:", "file:x?mode=memory", "file:keyctl.db", ""] {
        let site = Site::new();
        for line in ["create --scope inference", "list"] {
            site.run_on(name, line).code(2).stdout("");
        }
        // The home directory's is not used in its place.
        assert_eq!(fs::read_dir(site.path("")).unwrap().count(), 0);
    }
}

#[test]
fn a_file_may_have_any_name_behind_a_slash() {
    for name in [
        OsStr::new(":memory:"),
        OsStr::new("file:x?mode=memory&cache=shared#y"),
        OsStr::new("a b%20'ü\n"),
        OsStr::from_bytes(NOT_UTF8),
    ] {
        let site = Site::new();
        let mut path = OsString::from("./");
        path.push(name);
        let token = site
            .run_on(&path, "create --scope inference")
            .code(0)
            .stdout;
        assert!(site.path(name).is_file(), "{name:?}");
        run_with(site.bare("verify").arg("--db").arg(&path), token).code(0);
    }
}

#[test]
fn the_environment_names_the_store_where_the_command_line_does_not() {
    let site = Site::new();
    run(site
        .bare("create --scope inference")
        .env("KEYCTL_DB", "one.db"))
    .code(0);
    assert!(site.path("one.db").exists());

    run(site
        .bare("create --scope inference --db two.db")
        .env("KEYCTL_DB", "one.db"))
    .code(0);
    let listed = run(site.bare("list --format ids").env("KEYCTL_DB", "two.db")).code(0);
    assert_eq!(listed.stdout.lines().count(), 1);

    let not_utf8 = OsStr::from_bytes(NOT_UTF8);
    run(site
        .bare("create --scope inference")
        .env("KEYCTL_DB", not_utf8))
    .code(0);
    assert!(site.path(not_utf8).exists());

    run(site.bare("list").env("KEYCTL_DB", ":memory:")).fails(2, "':memory:' is not");
}

#[test]
fn without_a_name_the_store_lies_in_the_users_data_directory() {
    let site = Site::new();
    run(site.bare("create --scope inference").env("KEYCTL_DB", "")).code(0);
    assert!(site.path(".local/share/keyctl/keyctl.db").exists());

    let data = site.path("data");
    run(site
        .bare("create --scope inference")
        .env("XDG_DATA_HOME", &data))
    .code(0);
    assert!(data.join("keyctl/keyctl.db").exists());
}

#[test]
fn a_user_without_a_name_and_a_home_is_told_to_name_the_store() {
    if !is_root() {
        return skipped("needs root, to run as a user that has no name");
    }
    let site = Site::new();
    let nameless = |line: &str| {
        let mut command = site.without_rights(site.bare(line));
        site.give_to(NAMELESS);
        run(command.env_remove("HOME").uid(NAMELESS).gid(NAMELESS))
    };
    nameless("list").fails(
        5,
        "there is no data directory for the store: HOME is not set",
    );
    nameless("create --scope inference --db store.db")
        .code(0)
        .says(&format!("its administrator is uid:{NAMELESS}"));
    assert!(
        nameless("list --db store.db --format csv")
            .stdout
            .contains(&format!(",uid:{NAMELESS},"))
    );
}

#[test]
fn the_actor_is_who_runs_the_command_whatever_variables_say() {
    let site = Site::new();
    run(site
        .cmd("create --scope inference")
        .env("USER", "mallory")
        .env("LOGNAME", "mallory")
        .env("SUDO_USER", "mallory"))
    .code(0);
    let listed = site.run("list --format json").stdout;
    assert!(!listed.contains("mallory"), "{listed}");
    if geteuid().is_root() {
        assert!(listed.contains(r#""owner":"root""#), "{listed}");
    }
}

#[test]
fn an_argument_that_is_not_utf8_is_a_usage_error() {
    let site = Site::new();
    let id = id_of(&site.create());
    let bad = OsStr::from_bytes(NOT_UTF8);
    for line in [
        "show",
        "delete --yes",
        "create --scope inference --name",
        "list --owner",
        "",
        "list --format",
    ] {
        run(site.cmd(line).arg(bad)).code(2).stdout("");
    }
    assert_eq!(site.ids(), [id]);
}

#[test]
fn a_path_that_is_not_utf8_is_as_good_as_any() {
    let site = Site::new();
    let name = OsStr::from_bytes(NOT_UTF8);
    run(site.cmd("create --scope inference --secret-file").arg(name)).code(0);
    run(site.cmd("verify --key-file").arg(name)).code(0);
}
