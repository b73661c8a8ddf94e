//! What is on the disk before what: held by the order of the system calls, since what SIGKILL
//! leaves behind does not show it.

use super::ledger::Ledger;
use super::step::What;
use crate::exe::strace::{self, Call, calls_of};
use std::path::Path;

const CALLS: &str = "write,pwrite64,fsync";

/// The places among `calls` of those named `name` that are about `file`.
fn places(calls: &[Call], name: &str, file: &Path) -> Vec<usize> {
    let is = |call: &Call| call.name == name && Path::new(&call.file) == file;
    (0..calls.len()).filter(|&i| is(&calls[i])).collect()
}

#[test]
fn a_commit_is_on_the_disk_before_it_is_told_of() {
    if !strace::is_here() {
        return;
    }
    let mut ledger = Ledger::new();
    let log = ledger.site.path("keyctl.db-wal");
    for what in [
        What::Create,
        What::Rotate,
        What::Edit,
        What::Delete,
        What::Purge,
    ] {
        let step = what.step(&mut ledger);
        let (ran, calls) = calls_of(&step.command(&ledger), CALLS, step.stdout(&ledger));
        let ran = ran.code(0);
        ledger.hold(&ran.stdout);
        let written = places(&calls, "pwrite64", &log);
        let synced = places(&calls, "fsync", &log);
        let store = places(&calls, "pwrite64", &ledger.site.db());
        let committed = *written.last().unwrap();
        let synced = *synced.iter().find(|&&at| at > committed).unwrap();
        // Only then it is moved from the log into the store.
        assert!(synced < store[0], "{what:?} {calls:#?}");
        ledger.look();
    }
}

#[test]
fn a_token_is_where_it_goes_before_its_key_is_committed() {
    if !strace::is_here() {
        return;
    }
    let mut ledger = Ledger::new();
    let log = ledger.site.path("keyctl.db-wal");
    for what in [
        What::CreateSecretFile,
        What::RotateSecretFile,
        What::CreateToFile,
    ] {
        let step = what.step(&mut ledger);
        let out = ledger
            .site
            .path(step.secret_file.or(step.out_file).unwrap());
        let (ran, calls) = calls_of(&step.command(&ledger), CALLS, step.stdout(&ledger));
        ran.code(0);
        let committed = places(&calls, "pwrite64", &log)[0];
        let written = places(&calls, "write", &out);
        let synced = places(&calls, "fsync", &out);
        assert_eq!((written.len(), synced.len()), (1, 1), "{calls:#?}");
        assert!(
            written[0] < synced[0] && synced[0] < committed,
            "{calls:#?}"
        );
        if step.secret_file.is_some() {
            let directory = ledger.site.db();
            let named = places(&calls, "fsync", directory.parent().unwrap())[0];
            assert!(synced[0] < named && named < committed, "{calls:#?}");
        }
        ledger.take(&step);
        ledger.look();
    }
}
