//! Imported keys as a process: what verification reads and asks of the system, and leaked files.

use super::harness::{Site, run, run_with};
use super::strace::{self, Call};
use crate::harness::id_of;
use std::fs;
use std::process::{Command, Stdio};

/// Token number `number` of another system.
fn token(number: usize) -> String {
    format!("sk-Zq8mT3vXw1Lr7KpYb2N-{number:06}")
}

/// A store with so many imported keys, the first tokens of the other system.
fn store(count: usize) -> Site {
    let site = Site::new();
    site.run("init");
    let lines = (0..count).map(|number| format!("key-{number},{}\n", token(number)));
    let text = format!("name,token\n{}", lines.collect::<String>());
    run_with(&mut site.cmd("import - --scope inference -q"), text).code(0);
    site
}

/// A verification of `presented` that leaves nothing in the store.
fn verification(site: &Site, presented: &str) -> Command {
    let mut command = site.cmd("verify --no-touch --key-env TOKEN");
    command.env("TOKEN", presented);
    command
}

/// The calls of a verification of `presented`, which has the exit code `code`.
#[track_caller]
fn calls(site: &Site, presented: &str, code: u8) -> Vec<Call> {
    let (ran, calls) = strace::calls_of(&verification(site, presented), "all", Stdio::piped());
    ran.code(code);
    calls
}

fn is_of_store(call: &Call) -> bool {
    call.file.contains("keyctl.db") || (call.name != "execve" && call.text.contains("keyctl.db"))
}

#[test]
fn a_piped_imported_token_is_verified_with_the_codes_of_any_key() {
    let site = store(5);
    for (line, code) in [
        ("verify", 0),
        ("verify --scope inference", 0),
        ("verify --scope project", 6),
        ("verify --project search", 6),
    ] {
        run_with(&mut site.cmd(line), format!("{}\r\n", token(0))).code(code);
    }
    for line in [
        "disable key-1",
        "delete key-2 --yes",
        "edit key-3 --allow-from 10.0.0.0/8",
        "rotate key-4",
    ] {
        site.run(line);
    }
    assert_eq!(
        [1, 2, 3, 4, 5].map(|number| site.verify(token(number))),
        [1, 1, 6, 1, 1]
    );
    run_with(&mut site.cmd("verify --ip 10.1.2.3"), token(3)).code(0);
    assert_eq!(
        (0..5).filter(|&number| site.holds(token(number))).count(),
        0
    );
}

#[test]
fn a_batch_of_many_imported_tokens_has_a_verdict_for_each_in_order() {
    const KEYS: usize = 2_000;
    let site = store(KEYS);
    let own = site.create();
    let tokens: Vec<String> = (0..KEYS + 500).map(token).chain([own.clone()]).collect();
    fs::write(site.path("tokens"), tokens.join("\r\n")).unwrap();
    let ran = run(&mut site.cmd("verify --batch --key-file tokens")).code(1);
    let names: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .collect();
    assert_eq!(names.len(), tokens.len());
    for (number, verdict) in names.iter().enumerate() {
        match number {
            0..KEYS => assert_eq!(verdict["name"], format!("key-{number}")),
            number if number + 1 == tokens.len() => assert_eq!(verdict["id"], id_of(&own)),
            _ => assert_eq!(verdict["reason"], "unknown", "{number}"),
        }
    }
    let used = "SELECT count(*) FROM keys WHERE last_used_at IS NOT NULL";
    assert_eq!(site.number(used), 1 + i64::try_from(KEYS).unwrap());
    site.run("log --check");
}

#[test]
fn disable_of_a_leaked_env_file_stops_imported_keys_and_shows_nothing_of_it() {
    let site = store(3);
    let own = site.create();
    let leaked = format!(
        "# production\nPORT=8080\nDB_PASSWORD=hunter2hunter2hunter2\nGATEWAY_KEY={}\nexport OWN='{own}'\n\"other\": \"{}\",\n",
        token(0),
        token(1)
    );
    fs::write(site.path(".env"), leaked).unwrap();
    let keyctl = format!("keyctl --db {}", site.db().display());
    let ran = run(&mut site.sh(&format!("{keyctl} disable - < .env")))
        .code(3)
        .stdout("");
    assert!(
        !ran.stderr.contains("hunter2") && !ran.stderr.contains("sk-Zq8"),
        "{ran:#?}"
    );
    assert!(!ran.stderr.contains(&own[16..30]), "{ran:#?}");
    ran.says("the other 3 are stopped\n");
    assert_eq!(
        [&token(0), &token(1), &own, &token(2)].map(|token| site.verify(token)),
        [1, 1, 1, 0]
    );
}

#[test]
fn a_mistyped_token_of_ours_opens_no_store_that_has_imported_keys() {
    if !strace::is_here() {
        return;
    }
    let site = store(3);
    let own = site.create();
    let last = if own.ends_with('0') { "1" } else { "0" };
    let mistyped = format!("{}{last}", &own[..own.len() - 1]);
    for presented in [&*mistyped, &own[1..], &token(0)[..15]] {
        let touched = calls(&site, presented, 1).into_iter().find(is_of_store);
        assert!(touched.is_none(), "{touched:?}");
    }
    // Where that is looked for, it is found.
    assert!(calls(&site, &token(0), 0).iter().any(is_of_store));
}

/// The calls about the store of a verification of `presented`, each with the number of bytes that it read.
#[track_caller]
fn outline(site: &Site, presented: &str, code: u8) -> Vec<String> {
    // A rejection names the store.
    let calls = calls(site, presented, code)
        .into_iter()
        .filter(|call| call.name != "write" && is_of_store(call));
    let outline = calls.map(|call| {
        let (_, read) = call.text.rsplit_once(" = ").unwrap_or_default();
        let read = if call.name == "pread64" { read } else { "" };
        format!("{} {read}", call.name)
    });
    outline.collect()
}

#[test]
fn a_foreign_token_reads_the_store_in_the_same_way_with_a_key_and_without_one() {
    /// Tokens whose digests are in different parts of the index.
    const SOME: [usize; 8] = [0, 1, 2, 3, 500, 1_000, 1_500, 1_999];
    if !strace::is_here() {
        return;
    }
    let site = store(2_000);
    let known = SOME.map(|number| outline(&site, &token(number), 0));
    let reads = |calls: &[String]| {
        calls
            .iter()
            .filter(|call| call.starts_with("pread64"))
            .count()
    };
    assert!(known.iter().all(|calls| reads(calls) > 3), "{known:?}");
    site.run(&format!(
        "delete --yes {}",
        SOME.map(|number| format!("key-{number}")).join(" ")
    ));
    for (number, known) in SOME.into_iter().zip(&known) {
        assert_eq!(&outline(&site, &token(number), 1), known, "{number}");
    }
    // The first page of the index is read in any case, so one with its digest there reads a page less.
    for number in 2_000..2_008 {
        let unknown = outline(&site, &token(number), 1);
        assert!(known.contains(&unknown), "{number}: {unknown:?}");
    }
}
