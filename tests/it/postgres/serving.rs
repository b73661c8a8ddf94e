//! A server of gateways whose store is retired or replaced meanwhile: it lets nobody in.

use crate::exe::harness::run;
use crate::harness::id_of;
use crate::harness::postgres::{Database, SUPERUSER, Stored, ask, cluster};

const LET_IN: u16 = 200;
const UNAVAILABLE: u16 = 503;

/// Restores the file `copy` over the store.
#[track_caller]
fn restore(database: &Database, stored: &Stored) {
    let line = format!("restore {} --yes", stored.site.path("copy").display());
    run(&mut stored.by(&database.url(SUPERUSER), &line)).code(0);
}

#[test]
fn a_server_of_a_store_that_was_retired_lets_nobody_in() {
    let Some(cluster) = cluster() else { return };
    let (database, stored) = Stored::new(cluster);
    let token = stored.create();
    let before = stored.serve("");
    let (seen, unseen) = (stored.create(), stored.create());
    assert_eq!(
        [&token, &seen].map(|token| ask(&before, token).0),
        [LET_IN; 2]
    );
    let copy = stored.site.path("copy");
    stored
        .run(&format!("backup --retire {}", copy.display()))
        .code(0);
    for token in [&token, &seen, &unseen] {
        assert_eq!(ask(&before, token).0, UNAVAILABLE, "{}", before.log());
    }
    // The store is taken up again. Its log does not have the line of the mark, which this server has seen.
    restore(&database, &stored);
    assert_eq!(ask(&before, &token).0, UNAVAILABLE, "{}", before.log());
    let after = stored.serve("");
    assert_eq!(ask(&after, &token).0, LET_IN, "{}", after.log());
}

#[test]
fn a_server_that_has_seen_a_revocation_lets_nobody_in_after_a_restore_without_it() {
    let Some(cluster) = cluster() else { return };
    let (database, stored) = Stored::new(cluster);
    let (kept, revoked) = (stored.create(), stored.create());
    let copy = stored.site.path("copy");
    stored.run(&format!("backup {}", copy.display())).code(0);
    let before = stored.serve("");
    assert_eq!(ask(&before, &revoked).0, LET_IN);
    stored.run(&format!("disable {}", id_of(&revoked))).code(0);
    assert_eq!(ask(&before, &revoked), (401, "disabled".to_owned()));
    restore(&database, &stored);
    for token in [&kept, &revoked] {
        assert_eq!(ask(&before, token).0, UNAVAILABLE, "{}", before.log());
    }
    // Not even as the log of the restored store grows past the line that it has seen.
    for _ in 0..3 {
        stored.create();
    }
    assert_eq!(ask(&before, &revoked).0, UNAVAILABLE, "{}", before.log());
    // One that is started anew has seen nothing: the restore is what somebody wanted.
    let after = stored.serve("");
    assert_eq!(
        [&kept, &revoked].map(|token| ask(&after, token).0),
        [LET_IN; 2]
    );
}
