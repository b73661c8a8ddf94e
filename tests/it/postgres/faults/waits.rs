//! A change that waits for the lock of the store.

use crate::exe::harness::{code, run};
use crate::harness::postgres::{Stored, cluster};
use std::io::{BufRead, BufReader, Read};

/// Locks the store as a change does.
const LOCK: &str = "BEGIN; SELECT FROM keyctl.event_head FOR UPDATE";

#[test]
fn a_change_that_waits_says_for_whom_and_is_made_in_the_end() {
    let Some(cluster) = cluster() else { return };
    let (database, stored) = Stored::new(cluster);
    let mut holder = database.connect("postgres").unwrap();
    holder.batch_execute(LOCK).unwrap();
    let pid: i32 = holder
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    let mut child = stored
        .cmd("create --scope inference --name ci")
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(
        line.starts_with("waiting: another session holds the lock of postgres://")
            && line.contains(&format!(": process {pid}")),
        "{line}"
    );
    holder.batch_execute("ROLLBACK").unwrap();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(code(child.wait().unwrap()), 0, "{rest}");
    assert!(rest.starts_with("created "), "{rest}");
    let named = run(&mut stored.cmd("list --search ci --format ids")).code(0);
    assert_eq!(named.stdout.lines().count(), 1);
}
