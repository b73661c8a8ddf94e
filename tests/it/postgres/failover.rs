//! The primary dies and its standby takes its place: what was acknowledged stays, and what is not known is said to be.
//!
//! The long form: `KEYCTL_TEST_ROUNDS=100 cargo test --test it --release -- --ignored failover`

use super::truth::{accepts, verdicts};
use crate::exe::harness::{Site, finish, note, run, until};
use crate::gateways::client::{Request, send};
use crate::gateways::server::{Server, Socket};
use crate::harness::postgres::Failover;
use crate::harness::{Ran, id_of};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::Instant;

/// Number of clients that change the store while the primary dies.
const WRITERS: usize = 4;

/// Number of rounds of the short form.
const ROUNDS: u32 = 3;

/// What is known of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Works,
    /// Its key is disabled.
    Stopped,
    /// Its key was never made.
    Void,
    /// An outcome was not known.
    Unknown,
}

/// What a run has done and seen.
#[derive(Debug, Default)]
struct Tally {
    kills: u32,
    acknowledged: u32,
    /// Commands that failed and said that nothing was changed, or could not begin.
    failed: u32,
    /// Commands that failed after their commit was sent, whose outcome was found out.
    found_out: u32,
    uncertain: u32,
    /// Of the uncertain ones: those that were made after all.
    uncertain_made: u32,
    verdicts: u32,
}

#[derive(Default)]
struct Ledger {
    tokens: BTreeMap<String, Known>,
    tally: Tally,
}

/// A store on a primary and a standby, with what its users know.
struct Users {
    site: Site,
    ledger: Mutex<Ledger>,
}

impl Users {
    fn of(pair: &Failover) -> Self {
        Users {
            site: found(pair),
            ledger: Mutex::default(),
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    fn acknowledged(&self) -> u32 {
        self.ledger().tally.acknowledged
    }

    /// Creates, disables and enables keys until `stop`.
    fn write(&self, seed: u64, stop: &AtomicBool) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut own: Option<String> = None;
        while !stop.load(SeqCst) {
            let known = own.as_ref().map(|token| self.ledger().tokens[token]);
            let line = match (&own, known) {
                (Some(token), Some(Known::Works)) => format!("disable {}", id_of(token)),
                (Some(token), Some(Known::Stopped)) if random.random_bool(0.3) => {
                    format!("enable {}", id_of(token))
                }
                _ => "create --scope inference".to_owned(),
            };
            let before = own.clone().zip(known);
            let ran = finish(self.site.cmd(&line).spawn().unwrap());
            if line.starts_with("create") {
                own = self.created(&ran).or(own);
            } else if let Some((token, before)) = before {
                self.switched(&token, before, &ran);
            }
        }
    }

    /// Takes the result of a `create`. Returns the token, if the key is there.
    fn created(&self, ran: &Ran) -> Option<String> {
        let token = ran.stdout.trim_end().to_owned();
        let known = match self.outcome(ran) {
            Some(true) => Known::Works,
            Some(false) => Known::Void,
            None => Known::Unknown,
        };
        if token.is_empty() {
            assert_ne!(known, Known::Works, "{ran:?}");
            return None;
        }
        self.ledger().tokens.insert(token.clone(), known);
        (known == Known::Works).then_some(token)
    }

    /// Takes the result of a `disable` or `enable` of a key that was in the state `before`.
    fn switched(&self, token: &str, before: Known, ran: &Ran) {
        let after = match (self.outcome(ran), before) {
            (Some(true), Known::Works) => Known::Stopped,
            (Some(true), _) => Known::Works,
            (Some(false), before) => before,
            (None, _) => Known::Unknown,
        };
        self.ledger().tokens.insert(token.to_owned(), after);
    }

    /// Tells whether a command made its change; `None` if it says that it does not know.
    #[track_caller]
    fn outcome(&self, ran: &Ran) -> Option<bool> {
        let tally = &mut self.ledger().tally;
        match (ran.code, ran.stderr.contains("may or may not")) {
            (0, _) => {
                tally.acknowledged += 1;
                Some(true)
            }
            (5, true) => {
                tally.uncertain += 1;
                None
            }
            (5, false) => {
                tally.failed += 1;
                tally.found_out += u32::from(ran.stderr.contains("nothing was changed"));
                Some(false)
            }
            _ => panic!("{ran:?}"),
        }
    }

    /// Holds the store to what is known; what was not known is known from here on.
    #[track_caller]
    fn check(&self) {
        let mut ledger = self.ledger();
        let tokens: Vec<String> = ledger.tokens.keys().cloned().collect();
        let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
        for (token, verdict) in tokens.iter().zip(verdicts(&self.site, &words)) {
            let accepted = accepts(&verdict);
            let known = ledger.tokens[token];
            match known {
                Known::Works => assert!(accepted, "{token}: {verdict}"),
                Known::Stopped => assert!(verdict.contains("\"disabled\""), "{token}: {verdict}"),
                Known::Void => assert!(verdict.contains("\"unknown\""), "{token}: {verdict}"),
                Known::Unknown => {
                    ledger.tally.uncertain_made += u32::from(accepted);
                    let now = match verdict {
                        _ if accepted => Known::Works,
                        verdict if verdict.contains("\"disabled\"") => Known::Stopped,
                        _ => Known::Void,
                    };
                    ledger.tokens.insert(token.clone(), now);
                }
            }
        }
        self.site.run("log --check");
    }

    /// Asks a server for `token` until `stop`, which must never be accepted.
    fn watch(&self, server: &Server, token: &str, stop: &AtomicBool) {
        while !stop.load(SeqCst) {
            let status = ask(server, token);
            assert!(status == 401 || status == 503, "{status}");
            self.ledger().tally.verdicts += 1;
            thread::yield_now();
        }
    }

    /// Kills the primary while clients write, makes the standby the primary, and looks at what is left. Then there is a
    /// standby again.
    #[track_caller]
    fn round(&self, pair: &mut Failover, number: u32) {
        let stop = AtomicBool::new(false);
        let server = Server::start(&self.site, Socket::Unix, "");
        let revoked = self.site.create();
        self.site.run(&format!("delete {} --yes", id_of(&revoked)));
        let mut random = ChaCha8Rng::seed_from_u64(u64::from(number));
        let enough = self.acknowledged() + random.random_range(4..16);
        thread::scope(|scope| {
            for n in 0..WRITERS {
                let stop = &stop;
                let seed = u64::from(number) * 100 + n as u64;
                scope.spawn(move || self.write(seed, stop));
            }
            scope.spawn(|| self.watch(&server, &revoked, &stop));
            until("clients write", || self.acknowledged() >= enough);
            pair.kill_primary();
            self.ledger().tally.kills += 1;
            pair.promote();
            let after = self.acknowledged();
            until("clients write again", || self.acknowledged() > after + 4);
            stop.store(true, SeqCst);
        });
        drop(server);
        self.check();
        pair.make_standby();
        pair.set_synchronous(true);
        // The next one to die has all of this.
        self.check();
    }
}

/// Makes a store that hashes by SHA-256. Returns a directory from which commands use it.
fn found(pair: &Failover) -> Site {
    let site = Site::at(pair.url());
    site.run("init");
    site.run("policy set hash sha256");
    site
}

/// The status that a server answers for `token`.
fn ask(server: &Server, token: &str) -> u16 {
    let request = Request::new("GET", "/verify").key(token);
    send(server.place(), &request).status
}

/// Kills `rounds` primaries one after the other.
fn kill_primaries(rounds: u32) {
    let Some(mut pair) = Failover::start() else {
        return;
    };
    let users = Users::of(&pair);
    for round in 0..rounds {
        users.round(&mut pair, round);
        if round % 10 == 9 {
            note(&format!("failover: {:?}", users.ledger().tally));
        }
    }
    let tally = &users.ledger().tally;
    note(&format!("failover: {tally:?}"));
    assert_eq!(tally.kills, rounds);
}

#[test]
fn killing_the_primary_under_load_loses_no_acknowledged_change() {
    kill_primaries(ROUNDS);
}

#[test]
#[ignore = "long: the primary is killed as often as KEYCTL_TEST_ROUNDS says"]
fn failover_killing_the_primary_many_times_loses_no_acknowledged_change() {
    let asked = std::env::var("KEYCTL_TEST_ROUNDS").ok();
    kill_primaries(asked.map_or(100, |rounds| rounds.parse().unwrap()));
}

#[test]
fn a_standby_gives_no_verdict_and_its_primary_is_asked_instead() {
    let Some(mut pair) = Failover::start() else {
        return;
    };
    let site = found(&pair);
    let token = site.create();
    let alone = Site::at(pair.url_of_standby());
    for line in ["verify --key-env TOKEN", "list", "create --scope inference"] {
        let ran = finish(alone.cmd(line).env("TOKEN", &token).spawn().unwrap());
        assert_eq!((ran.code, ran.stdout.as_str()), (5, ""), "{line}: {ran:?}");
        assert!(ran.stderr.contains("is a standby"), "{line}: {ran:?}");
    }
    let both = Site::at(pair.url_standby_first());
    assert_eq!(both.verify(&token), 0);
    site.run(&format!("disable {}", id_of(&token)));
    assert_eq!(both.verify(&token), 1);
    pair.kill_primary();
    pair.promote();
    assert_eq!(alone.verify(&token), 1);
    alone.run(&format!("enable {}", id_of(&token)));
    assert_eq!(
        [&alone, &both, &site].map(|site| site.verify(&token)),
        [0; 3]
    );
}

#[test]
fn a_server_of_both_hosts_answers_503_until_the_standby_is_promoted() {
    let Some(mut pair) = Failover::start() else {
        return;
    };
    let site = found(&pair);
    let (token, revoked) = (site.create(), site.create());
    let server = Server::start(&site, Socket::Unix, "");
    site.run(&format!("disable {}", id_of(&revoked)));
    let both = || [ask(&server, &token), ask(&server, &revoked)];
    assert_eq!(both(), [200, 401]);
    pair.kill_primary();
    assert_eq!(both(), [503, 503]);
    pair.promote();
    let promoted = Instant::now();
    until("it answers again", || ask(&server, &token) == 200);
    note(&format!(
        "failover: serve answers {:?} after the promotion",
        promoted.elapsed()
    ));
    assert_eq!(both(), [200, 401]);
}

#[test]
fn a_server_that_has_seen_a_revocation_answers_503_on_a_primary_without_it() {
    let Some(mut pair) = Failover::start() else {
        return;
    };
    let site = found(&pair);
    let (token, revoked) = (site.create(), site.create());
    pair.set_synchronous(false);
    pair.cut_off();
    site.run(&format!("disable {}", id_of(&revoked)));
    let server = Server::start(&site, Socket::Unix, "");
    let both = || [ask(&server, &token), ask(&server, &revoked)];
    assert_eq!(both(), [200, 401]);
    pair.kill_primary();
    pair.promote();
    let before = server.log();
    assert_eq!(both(), [503, 503]);
    until("the log says why", || {
        server.log()[before.len()..].contains("went back")
    });
    // Its log grows longer than the one that was seen.
    for _ in 0..3 {
        site.run("create --scope inference");
        assert_eq!(both(), [503, 503]);
    }
}

/// The process of the server that waits for the standby to commit.
fn waiting_for_standby(pair: &Failover) -> i32 {
    let mut admin = pair.admin();
    let query =
        "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = 'carol'";
    let mut pid = None;
    until("a commit waits for the standby", || {
        let row = admin.query_opt(query, &[]).unwrap();
        pid = row.map(|row| row.get(0));
        pid.is_some()
    });
    pid.unwrap()
}

/// Begins a `create` whose commit waits for a standby that is cut off, and runs `sql` on the server's process.
fn interrupted(pair: &Failover, site: &Site, sql: &str) -> std::process::Child {
    // No setting of the user hides the warning.
    pair.admin()
        .batch_execute("ALTER ROLE carol SET client_min_messages = error")
        .unwrap();
    pair.cut_off();
    let child = site.cmd("create --scope inference").spawn().unwrap();
    let pid = waiting_for_standby(pair);
    let sql = format!("SELECT {sql}({pid})");
    pair.admin().query_one(&sql, &[]).unwrap();
    child
}

#[test]
fn a_commit_that_was_told_not_to_wait_is_a_success_only_when_the_standby_has_it() {
    for how in ["pg_cancel_backend", "pg_terminate_backend"] {
        let Some(mut pair) = Failover::start() else {
            return;
        };
        let site = found(&pair);
        let child = interrupted(&pair, &site, how);
        // The look at what became of it waits as well.
        waiting_for_standby(&pair);
        pair.reconnect();
        let ran = finish(child).code(0);
        pair.kill_primary();
        pair.promote();
        assert_eq!(site.verify(ran.stdout.trim_end()), 0, "{how}");
    }
}

#[test]
fn a_commit_that_was_told_not_to_wait_is_uncertain_while_the_standby_is_gone() {
    let Some(mut pair) = Failover::start() else {
        return;
    };
    let site = found(&pair);
    let ran = finish(interrupted(&pair, &site, "pg_cancel_backend"));
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("may or may not"), "{ran:?}");
    pair.kill_primary();
    pair.promote();
    // It is lost, and nobody was told that it was made.
    assert_eq!(site.verify(ran.stdout.trim_end()), 1);
}

#[test]
fn doctor_finds_that_no_standby_ends_the_wait_of_a_commit() {
    let Some(pair) = Failover::start() else {
        return;
    };
    let site = found(&pair);
    site.run("doctor");
    pair.cut_off();
    let found = run(&mut site.cmd("doctor")).code(1);
    assert!(
        found
            .stdout
            .contains("finding: a commit waits for a standby, and none"),
        "{found:?}"
    );
    pair.reconnect();
    site.run("doctor");
}

#[test]
fn a_verification_notes_a_use_without_waiting_for_the_standby() {
    let Some(pair) = Failover::start() else {
        return;
    };
    let site = found(&pair);
    let token = site.create();
    pair.cut_off();
    assert_eq!(site.verify(&token), 0);
    let query = "SELECT count(*) FROM keyctl.keys WHERE last_used_at IS NOT NULL";
    let used: i64 = pair.admin().query_one(query, &[]).unwrap().get(0);
    assert_eq!(used, 1);
}

#[test]
#[ignore = "long: waits for the deadline of a commit, half a minute"]
fn failover_a_commit_that_waits_for_a_dead_standby_ends_by_the_deadline() {
    let Some(pair) = Failover::start() else {
        return;
    };
    let site = found(&pair);
    pair.cut_off();
    let begin = Instant::now();
    let ran = finish(site.cmd("create --scope inference").spawn().unwrap());
    note(&format!(
        "failover: a commit gave up after {:?}",
        begin.elapsed()
    ));
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("may or may not"), "{ran:?}");
    let token = ran.stdout.trim_end().to_owned();
    // Nothing of it can be seen as long as the standby lacks it.
    assert_eq!(site.verify(&token), 1);
    pair.reconnect();
    until("the standby has it", || site.verify(&token) == 0);
}
