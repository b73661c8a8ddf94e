//! Lists of many keys.

use super::harness::{Site, run};

/// The memory that a list may take, in KiB.
const MEMORY: u32 = 32 << 10;

#[test]
fn a_list_of_many_keys_takes_no_more_memory_than_one_of_few() {
    const KEYS: usize = 20_000;
    let site = Site::new();
    site.create();
    site.sql()
        .execute_batch(&format!(
            "BEGIN; WITH RECURSIVE up(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM up WHERE n < {KEYS})
             INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by, expires_at, scopes, labels)
             SELECT printf('%012d', n), 'key-' || n, owner, kind, hash, created_at, created_by, expires_at,
                 scopes, json_object('number', n || '')
             FROM keys, up;
             INSERT INTO key_scopes SELECT 'inference', seq FROM keys WHERE seq > 1; COMMIT"
        ))
        .unwrap();
    for (line, lines) in [
        ("list", KEYS + 1),
        ("list --format json", 1),
        ("list --format jsonl", KEYS),
        ("list --format csv", KEYS + 1),
        ("list --format jsonl --sort expires", KEYS),
        ("list --format jsonl --scope inference", KEYS),
    ] {
        let script = format!("ulimit -d {MEMORY}; exec keyctl {line}");
        let ran = run(&mut site.sh(&script)).code(0);
        assert_eq!(ran.stdout.lines().count(), lines, "{line}");
    }
}
