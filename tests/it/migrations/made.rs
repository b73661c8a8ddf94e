//! Stores that the keyctl of each older schema made, by `make.py` beside this file: what that keyctl said of
//! them is what this one says of them, before and after they are brought up to date.

use super::{FIRST, LAST, LATER, schema};
use crate::exe::harness::{Site, finish, run, run_with, set_mode};
use crate::harness::{Event, World, id_of};
use crate::serving::server::{Served, rejected, valid};
use rusqlite::Connection;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::LazyLock;

/// The stores as SQL, the first schema's first.
static STORES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/migrations");
    let read = |version| fs::read_to_string(place.join(format!("{version}.sql"))).unwrap();
    (1..=LATER.len()).map(read).collect()
});

/// A token, with the exit code and the verdict of the keyctl of its time.
struct Presented {
    token: &'static str,
    code: u8,
    verdict: Value,
}

/// What a comment of a store's SQL says behind `what`, a line each.
fn said(sql: &'static str, what: &str) -> impl Iterator<Item = &'static str> {
    let begin = format!("-- {what} ");
    sql.lines()
        .filter_map(move |line| line.strip_prefix(&begin))
}

fn presented(sql: &'static str) -> Vec<Presented> {
    let parse = |line: &'static str| {
        let mut words = line.splitn(3, ' ');
        let mut next = || words.next().unwrap();
        Presented {
            token: next(),
            code: next().parse().unwrap(),
            verdict: serde_json::from_str(next()).unwrap(),
        }
    };
    said(sql, "token").map(parse).collect()
}

/// Makes the store of `sql` at `path`.
fn make(sql: &str, path: &Path) {
    let store = Connection::open(path).unwrap();
    let mode = "PRAGMA journal_mode = WAL";
    store.query_row(mode, [], |_| Ok(())).unwrap();
    store.execute_batch(sql).unwrap();
    drop(store);
    set_mode(path, 0o600);
}

/// Makes the store of the newest of these schemas at `path`.
pub fn newest(path: &Path) {
    make(STORES.last().unwrap(), path);
}

/// A store of an older schema, at the time at which its keyctl was asked about it.
struct Made {
    world: World,
    sql: &'static str,
    version: usize,
}

impl Made {
    fn each() -> impl Iterator<Item = Made> {
        STORES.iter().zip(1..).map(|(sql, version)| {
            let world = World::new();
            make(sql, &world.db());
            Made {
                world,
                sql,
                version,
            }
        })
    }

    fn version(&self) -> String {
        self.world.query("PRAGMA user_version")
    }

    fn head(&self) -> &'static str {
        said(self.sql, "head").next().unwrap()
    }

    /// The token of the key that was made under `name`, the one that `list` has last.
    fn token(&self, name: &str) -> &'static str {
        let keys = said(self.sql, "key").map(|line| serde_json::from_str::<Value>(line).unwrap());
        let key = keys.filter(|key| key["name"] == name).last().unwrap();
        let tokens = presented(self.sql);
        let mut tokens = tokens.iter().map(|presented| presented.token);
        tokens.find(|token| key["id"] == id_of(token)).unwrap()
    }

    /// Asserts that keys, verdicts and log are as the store's own keyctl had them, but for the tokens of `stopped`.
    #[track_caller]
    fn is_as_it_was(&self, stopped: &[&str]) {
        let Made { world, version, .. } = self;
        let stopped_ids: Vec<String> = stopped.iter().map(|token| id_of(token)).collect();
        let listed = world.run("list --state all --format jsonl").stdout;
        let mut listed = listed.lines();
        for line in said(self.sql, "key") {
            let (old, new): (Value, Value) = (
                serde_json::from_str(line).unwrap(),
                serde_json::from_str(listed.next().unwrap()).unwrap(),
            );
            if !stopped_ids.iter().any(|id| old["id"] == **id) {
                holds(&new, &old, *version);
            }
        }
        for Presented {
            token,
            code,
            verdict,
        } in presented(self.sql)
        {
            let line = "verify --no-touch --format json";
            let ran = world.line(line).stdin(token).run();
            if stopped.contains(&token) {
                assert_eq!(ran.code, 1, "schema {version}: {token}");
            } else {
                assert_eq!(ran.code, code, "schema {version}: {token}");
                holds(&ran.json(), &verdict, *version);
            }
        }
        world.check_chain();
        world.run(&format!("log --check --head {}", self.head()));
    }

    /// Asserts that the schema and the version are those of a new store.
    #[track_caller]
    fn is_up_to_date(&self) {
        let Made { world, version, .. } = self;
        assert_eq!(self.version(), LAST, "schema {version}");
        assert_eq!(schema(&world.sql()), schema(&World::quick().sql()));
        assert_eq!(world.query("PRAGMA integrity_check"), "ok");
        let foreign = "SELECT count(*) FROM pragma_foreign_key_check";
        assert_eq!(world.query(foreign), "0");
        let remarks = world.line("doctor --format json").run().code(0);
        assert!(!remarks.stdout.contains("\"schema\""), "{}", remarks.stdout);
    }

    /// The log that the store was made with.
    fn events(&self) -> Vec<Event> {
        let (length, _) = self.head().split_once(':').unwrap();
        let mut events = self.world.events();
        events.truncate(length.parse().unwrap());
        events
    }
}

/// Asserts that `new` has every field of `old`, with its value.
#[track_caller]
fn holds(new: &Value, old: &Value, version: usize) {
    for (field, value) in old.as_object().unwrap() {
        assert_eq!(&new[field], value, "schema {version}: {field} of {old}");
    }
}

#[test]
fn the_schema_of_each_is_what_the_steps_up_to_it_make_to_this_day() {
    for made in Made::each() {
        let steps = Connection::open_in_memory().unwrap();
        for step in [FIRST].iter().chain(&LATER).take(made.version) {
            steps.execute_batch(step).unwrap();
        }
        assert_eq!(schema(&made.world.sql()), schema(&steps));
        assert_eq!(made.version(), made.version.to_string());
    }
}

#[test]
fn each_has_keys_of_every_state_and_a_verdict_of_every_kind() {
    for sql in STORES.iter() {
        let keys: Vec<Value> = said(sql, "key")
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        for state in ["active", "phased-out", "expired", "disabled", "deleted"] {
            assert!(keys.iter().any(|key| key["state"] == state), "{state}");
        }
        let tokens = presented(sql);
        for reason in ["unknown", "phased-out", "expired", "disabled"] {
            let is_told = |it: &Presented| it.verdict["reason"] == reason;
            assert!(tokens.iter().any(is_told), "{reason}");
        }
        let works_in_grace = |it: &Presented| it.code == 0 && it.verdict["state"] == "phased-out";
        assert!(tokens.iter().any(works_in_grace));
    }
}

#[test]
fn each_is_read_as_it_is_and_as_its_own_keyctl_read_it() {
    for made in Made::each() {
        let world = &made.world;
        let before = (world.tables(), schema(&world.sql()));
        made.is_as_it_was(&[]);
        for line in [
            "list",
            "show web",
            "log",
            "policy show",
            "scope list",
            "member list",
            "admin list",
        ] {
            world.run(line);
        }
        let remarks = world.line("doctor --format json").run().code(0);
        assert!(remarks.stdout.contains("\"schema\""), "{}", remarks.stdout);
        if made.version > 1 {
            let robot = made.token("robot");
            assert_eq!(world.verify(robot, ""), 0);
            assert_eq!(world.verify(made.token("drawer"), "--scope inference"), 0);
            assert_eq!(world.verify(made.token("web"), "--project search"), 0);
            assert_eq!(world.verify(made.token("fast"), "--scope project"), 6);
        }
        assert_eq!((world.tables(), schema(&world.sql())), before);
        assert_eq!(made.version(), made.version.to_string());
    }
}

#[test]
fn a_verification_records_nothing_until_its_store_is_up_to_date() {
    for made in Made::each() {
        let world = &made.world;
        let (web, off) = (made.token("web"), made.token("off"));
        let used = world.record("web")["last_used_at"].clone();
        let reuses = || world.log().iter().filter(|it| *it == "reuse").count();
        let before = reuses();
        assert_eq!((world.verify(web, ""), world.verify(off, "")), (0, 1));
        assert_eq!(world.record("web")["last_used_at"], used);
        assert_eq!(reuses(), before);
        world.run("init --upgrade");
        assert_eq!((world.verify(web, ""), world.verify(off, "")), (0, 1));
        assert_eq!(world.record("web")["last_used_at"], "2026-11-22T00:00:00Z");
        assert_eq!(reuses(), before + 1);
    }
}

#[test]
fn init_upgrade_brings_each_up_to_date_and_everything_stays() {
    for made in Made::each() {
        let world = &made.world;
        let (events, count) = (made.events(), world.events().len());
        let shown = format!("the store {} is up to date\n", world.db().display());
        world.run("init --upgrade").stdout("").stderr(&shown);
        made.is_up_to_date();
        made.is_as_it_was(&[]);
        assert_eq!(made.events(), events);
        assert_eq!(world.events().len(), count);
        // A second time, there is nothing to do.
        let tables = world.tables();
        world.run("init --upgrade").stderr(&shown);
        assert_eq!(world.tables(), tables);
    }
}

#[test]
fn the_first_change_brings_each_up_to_date_and_everything_stays() {
    for made in Made::each() {
        let world = &made.world;
        let events = made.events();
        let token = world.create("--scope inference --name new --allow-from 192.0.2.0/24");
        made.is_up_to_date();
        made.is_as_it_was(&[]);
        assert_eq!(made.events(), events);
        assert_eq!(world.events().len(), events.len() + 1);
        assert_eq!(world.verify(&token, "--ip 192.0.2.1"), 0);
    }
}

#[test]
fn keys_of_each_are_stopped_without_a_step_and_stay_so_after_it() {
    for made in Made::each() {
        let world = &made.world;
        let (web, back) = (made.token("web"), made.token("back"));
        world.run("disable web");
        world.line("delete - --yes").stdin(back).run().code(0);
        assert_eq!(made.version(), made.version.to_string());
        made.is_as_it_was(&[web, back]);
        world.run("init --upgrade");
        made.is_up_to_date();
        made.is_as_it_was(&[web, back]);
    }
}

#[test]
fn a_backup_of_each_is_of_its_schema_and_restores_what_it_holds() {
    for made in Made::each() {
        let world = &made.world;
        let copy = world.path("copy.db");
        let copy = copy.to_str().unwrap();
        let on_copy = |line: &str| world.cmd(["--db", copy].into_iter().chain(line.split(' ')));
        world.run(&format!("backup {copy}"));
        on_copy("log --check").without_db().run().code(0);
        let version = Connection::open(copy)
            .unwrap()
            .query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
        assert_eq!(version.unwrap().to_string(), made.version.to_string());

        // Over the store that it is of, before and after that was brought up to date.
        world.run("disable web");
        world.run("create --scope inference --name new -q");
        assert_eq!(world.verify(made.token("web"), ""), 1);
        let restore = format!("restore {copy} --yes");
        let by_carol = |line: &str| world.line(line).user("carol").run().code(0);
        by_carol(&restore).says("web");
        made.is_up_to_date();
        made.is_as_it_was(&[]);

        // And what was revoked since can be kept.
        world.run("disable web");
        by_carol(&format!("{restore} --keep-revoked"));
        made.is_as_it_was(&[made.token("web")]);
    }
}

#[test]
fn a_copy_of_each_becomes_a_store_where_there_is_none() {
    for made in Made::each() {
        let elsewhere = World::new();
        let copy = made.world.db();
        let restore = format!("restore {} --yes", copy.display());
        elsewhere.line(&restore).user("carol").run().code(0);
        assert_eq!(made.version(), made.version.to_string());
        let restored = Made {
            world: elsewhere,
            ..made
        };
        restored.is_up_to_date();
        restored.is_as_it_was(&[]);
    }
}

/// A directory with the store of `sql`, and the token of a key in it that works whatever the date is.
fn site(sql: &'static str) -> (Site, &'static str) {
    let site = Site::new();
    make(sql, &site.db());
    let for_ever = "UPDATE keys SET expires_at = NULL WHERE name = 'web'";
    site.sql().execute_batch(for_ever).unwrap();
    let is_of_web = |it: &Presented| it.verdict["name"] == "web";
    let token = presented(sql).into_iter().find(is_of_web).unwrap().token;
    (site, token)
}

#[test]
fn each_is_read_by_who_may_not_write_it_and_no_file_changes() {
    for sql in STORES.iter() {
        let (site, web) = site(sql);
        let version = site.number("PRAGMA user_version");
        site.without_rights(site.cmd("list"));
        set_mode(site.db(), 0o444);
        set_mode(site.path(""), 0o555);
        let names = || -> Vec<_> {
            let entries = fs::read_dir(site.path("")).unwrap();
            entries.map(|entry| entry.unwrap().file_name()).collect()
        };
        let (before, bytes) = (names(), fs::read(site.db()).unwrap());
        let reader = |line: &str| site.without_rights(site.cmd(line));
        for line in ["list --state all", "show web", "log --check"] {
            run(&mut reader(line)).code(0);
        }
        run_with(&mut reader("verify --scope project"), web).code(0);
        for line in ["init --upgrade", "create --scope inference"] {
            let ran = run(&mut reader(line)).code(5);
            assert!(ran.stderr.contains("is read-only for you"), "{ran:?}");
        }
        assert_eq!((names(), fs::read(site.db()).unwrap()), (before, bytes));
        set_mode(site.path(""), 0o755);
        assert_eq!(site.number("PRAGMA user_version"), version);
    }
}

#[test]
fn a_batch_gives_the_same_verdicts_while_another_process_brings_its_store_up_to_date() {
    for sql in STORES.iter() {
        let (site, web) = site(sql);
        let mut command = site.cmd("verify --batch");
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut ask = || {
            writeln!(stdin, "{web}").unwrap();
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            line
        };
        let before = ask();
        assert!(before.starts_with("{\"valid\":true,"), "{before}");
        site.run("init --upgrade");
        assert_eq!(site.number("PRAGMA user_version").to_string(), LAST);
        assert_eq!(ask(), before);
        site.run("disable web");
        assert!(ask().contains("\"disabled\""));
        drop(stdin);
        finish(child).code(1);
    }
}

#[test]
fn a_server_goes_on_while_another_process_brings_its_store_up_to_date() {
    for sql in STORES.iter() {
        let (site, web) = site(sql);
        let served = Served::of(site, "");
        assert_eq!(served.ask(web), valid());
        assert_ne!(served.site.number("PRAGMA user_version").to_string(), LAST);
        served.site.run("init --upgrade");
        assert_eq!(served.site.number("PRAGMA user_version").to_string(), LAST);
        assert_eq!(served.ask(web), valid());
        served.on("disable KEY", web);
        assert_eq!(served.ask(web), rejected("disabled"));
    }
}
