//! Lists of many keys, and logs of many.

use super::harness::{Site, run};
use rusqlite::params;

/// The memory that a list may take, in KiB.
const MEMORY: u32 = 32 << 10;

/// Makes a store with so many keys.
fn many(keys: usize) -> Site {
    let site = Site::new();
    site.create();
    site.sql()
        .execute_batch(&format!(
            "BEGIN; WITH RECURSIVE up(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM up WHERE n < {keys})
             INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by, expires_at, scopes, labels)
             SELECT printf('%012d', n), 'key-' || n, owner, kind, hash, created_at, created_by, expires_at,
                 scopes, json_object('number', n || '')
             FROM keys, up;
             INSERT INTO key_scopes SELECT 'inference', seq FROM keys WHERE seq > 1; COMMIT"
        ))
        .unwrap();
    site
}

#[test]
fn a_log_of_many_keys_names_each_and_takes_no_more_memory_than_one_of_few() {
    // More keys than names are remembered.
    const KEYS: usize = 20_000;
    let site = many(KEYS);
    site.sql()
        .execute_batch(
            "INSERT INTO events SELECT seq + 9, created_at, owner, 'edit', id, '{}', zeroblob(32)
             FROM keys WHERE seq > 1",
        )
        .unwrap();
    for format in ["table", "lines", "json", "jsonl", "csv"] {
        let script = format!("ulimit -d {MEMORY}; exec keyctl log --action edit --format {format}");
        let ran = run(&mut site.sh(&script)).code(0);
        for number in [2, KEYS / 2, KEYS] {
            assert!(ran.stdout.contains(&format!("key-{number}")), "{format}");
        }
    }
}

#[test]
fn a_list_of_many_keys_takes_no_more_memory_than_one_of_few() {
    const KEYS: usize = 20_000;
    let site = many(KEYS);
    for (line, lines) in [
        ("list", KEYS + 1),
        ("list --format json", 1),
        ("list --format jsonl", KEYS),
        ("list --format csv", KEYS + 1),
        ("list --format jsonl --sort expires", KEYS),
        ("list --format jsonl --scope inference", KEYS),
        ("list --format jsonl --grants inference --reverse", KEYS),
        ("list --format jsonl --search KEY- --label number", KEYS - 1),
        ("list --columns id,name,labels", KEYS + 1),
        ("list --format csv --columns id,name,expires_at", KEYS + 1),
    ] {
        let script = format!("ulimit -d {MEMORY}; exec keyctl {line}");
        let ran = run(&mut site.sh(&script)).code(0);
        assert_eq!(ran.stdout.lines().count(), lines, "{line}");
    }
}

/// A site with keys of three owners, one of which is over, and one for another owner's project.
fn filled() -> Site {
    let site = Site::new();
    for line in [
        "create --scope inference --name ci-Deploy --owner alice --label team=search",
        "create --scope project --name web --owner bob --label env=prod",
        "create --scope inference --name over --owner carol",
        "create --scope inference --name soon --owner carol --expires 2d",
    ] {
        run(&mut site.cmd(line)).code(0);
    }
    let sql = "UPDATE keys SET created_at = created_at - ?1, expires_at = created_at - ?2 WHERE name = 'over'";
    let (two_days, hour) = (172_800_000, 3_600_000);
    site.sql().execute(sql, params![two_days, hour]).unwrap();
    for line in [
        "member add search alice --role owner",
        "member add ads alice --role owner",
        "member add ads bob --role owner",
    ] {
        run(&mut site.cmd(line)).code(0);
    }
    site
}

#[test]
fn each_question_about_keys_is_one_command() {
    let site = filled();
    let answers = |line: &str, answer: &str| {
        let ran = run(&mut site.cmd(line)).code(0);
        assert_eq!(
            ran.stdout.lines().collect::<Vec<_>>().join(" "),
            answer,
            "{line}"
        );
    };
    let list = |line: &str, names: &str| {
        let line = format!("list --format csv --columns name {line}");
        answers(&line, format!("name {names}").trim_end());
    };
    list("--search DEPLOY", "ci-Deploy");
    list("--label team", "ci-Deploy");
    list("--grants inference", "over ci-Deploy web soon");
    list("--expired-within 1d", "over");
    list("--expired-within 1d --expiring-within 7d", "over soon");
    list("--reverse --limit 2", "soon web");
    list("--owner alice --owner bob", "ci-Deploy web");
    answers(
        "list --owner bob --columns name,labels,last-used-at --format lines",
        "name web, labels env=prod, last used no use recorded",
    );
    answers(
        "member list --user bob --format json",
        r#"[{"project":"ads","role":"owner","user":"bob"}]"#,
    );
    run(&mut site.cmd("delete web --yes")).code(0);
    run(&mut site.cmd("delete ci-Deploy --yes")).code(0);
    run(&mut site.cmd("purge --label env --yes")).code(0);
    list("--state deleted", "ci-Deploy");
}
