//! Input that a server cannot store, or that is very long.

use super::token;
use crate::exe::harness::{run, run_with};
use crate::harness::postgres::{Stored, cluster};

/// Refused by the command itself, with exit code 2 to 4, or found nowhere: never by a panic or as a fault of the server.
#[test]
fn input_that_is_no_text_of_a_server_is_refused_without_a_panic() {
    let Some(cluster) = cluster() else { return };
    let (_database, stored) = Stored::new(cluster);
    let long = "x".repeat(100_000);
    let nul = "a\0b".to_owned();
    for name in [nul.as_bytes(), b"a\xff\xfeb", long.as_bytes()] {
        for line in [
            "disable -",
            "delete - --yes",
            "show -",
            "verify",
            "verify --batch",
        ] {
            let ran = run_with(&mut stored.cmd(line), name);
            assert!((1..=4).contains(&ran.code), "{line}: {ran:#?}");
            assert!(!ran.stderr.contains("panic"), "{line}: {ran:#?}");
        }
    }
    for line in [
        format!("create --name {long} --scope inference"),
        format!("create --name x --scope {long}"),
        format!("create --name x --scope inference --label a={long}"),
        format!("list --owner {long}"),
        format!("show {long}"),
        format!("member add {long} ann"),
        format!("policy set max-expiry {long}"),
        format!("log --key {long}"),
    ] {
        let ran = run(&mut stored.cmd(&line));
        assert!(ran.code <= 4, "{ran:#?}");
        assert!(!ran.stderr.contains("panic"), "{ran:#?}");
    }
    assert_eq!(stored.verify(token()).code, 1);
    stored.run("log --check").code(0);
}
