//! Values that are far too large, and the memory and time that they may take.

use super::{Stage, sound};
use crate::harness::{Ran, id_of};
use std::io::Write;
use std::process::{Command, Stdio};

/// What any command gets by with, in KiB, whatever the store holds.
const MEMORY: &str = "1048576";

/// Runs the real executable, with as much memory as it may have and for as long as it may take.
fn limited(stage: &Stage, line: &str) -> Ran {
    let real = stage.world.real(line);
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "ulimit -v \"$1\"; shift; exec timeout -k 1 60 \"$@\"",
            "sh",
            MEMORY,
        ])
        .arg(real.get_program())
        .args(real.get_args())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    drop(stdin.write_all(stage.active.as_bytes()));
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_ne!(output.status.code(), Some(124), "it hangs: {line}");
    assert!(output.status.code().is_some(), "it was killed: {line}");
    Ran::from(output)
}

#[test]
fn a_value_of_many_megabytes_is_not_read() {
    let mut stage = Stage::new();
    stage.loosen();
    for (change, row, reader) in [
        ("keys SET name", "name = 'api'", "verify"),
        ("keys SET hash", "name = 'api'", "verify"),
        ("keys SET id", "name = 'disabled'", "list"),
        ("keys SET labels", "true", "show api"),
        ("keys SET scopes", "name = 'api'", "verify"),
        ("keys SET scopes", "name = 'api'", "list"),
        ("policy SET value", "name = 'hash'", "policy show"),
        ("scopes SET description", "name = 'project'", "scope list"),
        ("events SET detail", "seq = 2", "log"),
    ] {
        stage.tamper(&format!(
            "UPDATE {change} = CAST(zeroblob(20000000) AS TEXT) WHERE {row}"
        ));
        let ran = limited(&stage, reader);
        assert_eq!(sound(&ran), 5, "{change} {reader}");
        ran.says("is larger than keyctl allows");
        stage.reset();
    }
}

#[test]
fn a_value_just_small_enough_is_read_and_shown() {
    let stage = Stage::new();
    let long = "replace(hex(zeroblob(500000)), '0', char(27))";
    stage.tamper(&format!(
        "UPDATE keys SET name = {long}, owner = 'x' || {long} WHERE name = 'api'"
    ));
    for line in ["verify", "list", "list --format csv"] {
        assert_eq!(sound(&limited(&stage, line)), 0, "{line}");
    }
    let show = format!("show {}", id_of(&stage.active));
    let ran = limited(&stage, &show);
    assert_eq!(sound(&ran), 0);
    assert!(ran.stdout.len() < 200_000, "{} bytes", ran.stdout.len());
}

#[test]
fn scopes_and_labels_without_number_are_counted_not_feared() {
    let stage = Stage::new();
    stage.tamper(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
         UPDATE keys SET scopes = (SELECT group_concat(i, ' ') FROM n) || ' ' || scopes,
             labels = (SELECT json_group_object(i, 'x') FROM n WHERE i < '4') WHERE name = 'api'",
    );
    for line in ["verify --scope inference", "list --format json"] {
        assert_eq!(sound(&limited(&stage, line)), 0, "{line}");
    }
}
