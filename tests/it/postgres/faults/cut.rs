//! Sessions that end at each message of a command. What was acknowledged is there, what was refused is not, and an
//! outcome that is not known is said to be so.

use crate::exe::harness::run;
use crate::harness::id_of;
use crate::harness::postgres::{Cut, Cutter, SECRET, Stored, cluster, with_secret};
use std::sync::Arc;

/// Words for a change of which nothing is known.
const UNKNOWN: &str = "the change may or may not have been made";

/// The outcome of a command that was cut.
struct Outcome {
    code: u8,
    stdout: String,
    is_unknown: bool,
}

impl Outcome {
    /// Checks that the change was made if it is said to be, and only then.
    #[track_caller]
    fn agrees(&self, is_made: bool, at: &str) {
        match (self.code, self.is_unknown) {
            (0, _) => assert!(is_made, "{at}: acknowledged and not there"),
            (_, false) => assert!(!is_made, "{at}: refused and there"),
            (_, true) => {}
        }
    }
}

/// Runs a command line with each of its messages cut in each way. `check` looks at the store then. `line` gets a
/// number that no other run has.
fn each_cut(
    stored: &Stored,
    database: &Arc<crate::harness::postgres::Database>,
    mut line: impl FnMut(u32) -> String,
    mut check: impl FnMut(&Outcome, u32, &str),
) {
    let (mut run_number, mut uncertain) = (0, 0);
    for cut in [Cut::Before, Cut::After, Cut::Terminate] {
        for message in 1.. {
            run_number += 1;
            let line = line(run_number);
            let cutter = Cutter::start(database, message, cut);
            let ran = run(&mut stored.by(&with_secret(&cutter.url()), &line));
            let at = format!("{line}: {cut:?} {message}: {ran:#?}");
            let is_unknown = ran.stderr.contains(UNKNOWN);
            assert!(ran.code == 0 || ran.code == 5, "{at}");
            assert!(!ran.stderr.contains(SECRET), "{at}");
            uncertain += u32::from(is_unknown);
            let outcome = Outcome {
                code: ran.code,
                stdout: ran.stdout,
                is_unknown,
            };
            check(&outcome, run_number, &at);
            if !cutter.has_cut() {
                assert_eq!(outcome.code, 0, "{at}");
                break;
            }
        }
    }
    // The server is there again at once: each outcome can be found out.
    assert_eq!(uncertain, 0);
    stored.run("log --check").code(0);
}

#[test]
fn a_create_that_is_cut_has_made_a_key_or_says_that_it_has_not() {
    let Some(cluster) = cluster() else { return };
    let (database, stored) = Stored::new(cluster);
    let database = Arc::new(database);
    each_cut(
        &stored,
        &database,
        |number| format!("create --name cut-{number} --scope inference"),
        |outcome, number, at| {
            let is_made = stored.run(&format!("show cut-{number}")).code == 0;
            outcome.agrees(is_made, at);
            let token = outcome.stdout.trim_end();
            if !token.is_empty() {
                let code = stored.verify(token).code;
                assert_eq!(code == 0, is_made, "{at}");
            }
            assert!(outcome.code != 0 || !token.is_empty(), "{at}");
        },
    );
}

#[test]
fn a_rotation_that_is_cut_leaves_one_of_the_two_tokens_valid() {
    let Some(cluster) = cluster() else { return };
    let (database, stored) = Stored::new(cluster);
    let database = Arc::new(database);
    let token = std::cell::RefCell::new(stored.create());
    each_cut(
        &stored,
        &database,
        |_| {
            *token.borrow_mut() = stored.create();
            format!("rotate {}", id_of(&token.borrow()))
        },
        |outcome, _, at| {
            let is_old_valid = stored.verify(&token.borrow()).code == 0;
            outcome.agrees(!is_old_valid, at);
            let new = outcome.stdout.trim_end();
            if !new.is_empty() {
                let code = stored.verify(new).code;
                assert_eq!(code == 0, !is_old_valid, "{at}");
            }
        },
    );
}

#[test]
fn a_disable_a_delete_and_a_policy_that_are_cut_are_done_or_not() {
    let Some(cluster) = cluster() else { return };
    let (database, stored) = Stored::new(cluster);
    let database = Arc::new(database);
    for verb in ["disable KEY", "delete KEY --yes"] {
        let token = std::cell::RefCell::new(String::new());
        each_cut(
            &stored,
            &database,
            |_| {
                *token.borrow_mut() = stored.create();
                verb.replace("KEY", &id_of(&token.borrow()))
            },
            |outcome, _, at| outcome.agrees(stored.verify(&token.borrow()).code == 1, at),
        );
    }
    each_cut(
        &stored,
        &database,
        |number| format!("policy set max-expiry {}d", number + 700),
        |outcome, number, at| {
            let shown = stored.run("policy show").code(0).stdout;
            outcome.agrees(shown.contains(&format!(" {}d", number + 700)), at);
        },
    );
}
