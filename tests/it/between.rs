//! What others change while a token is hashed: between the two looks that verification takes at the
//! store.

use crate::harness::{World, alice};
use keyctl::env::{Actor, Env};
use keyctl::error::Result;
use keyctl::id::KeyId;
use keyctl::store::{self, Address, Filter, Job, Look, Store};
use keyctl::token::{AnyToken, Locator};
use keyctl::verify::{Match, Reason, Request, Required, Verdict, Verified, Verifier};
use keyctl::when::Timestamp;
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::SystemTime;

/// A store before each look at which, from the second on, something happens.
struct Between<'a> {
    store: &'a dyn Store,
    looks: Cell<u32>,
    happens: &'a dyn Fn(),
}

impl<'a> Between<'a> {
    fn new(store: &'a dyn Store, happens: &'a dyn Fn()) -> Self {
        Between {
            store,
            looks: Cell::new(0),
            happens,
        }
    }
}

impl Store for Between<'_> {
    fn snapshot(&self, look: &mut Look<'_>) -> Result<()> {
        if self.looks.replace(self.looks.get() + 1) > 0 {
            (self.happens)();
        }
        self.store.snapshot(look)
    }

    fn name(&self) -> String {
        self.store.name()
    }

    fn actor(&self, env: &Env) -> Actor {
        self.store.actor(env)
    }

    fn implicit_administrators(&self) -> &'static [&'static str] {
        self.store.implicit_administrators()
    }

    fn notices(&self) -> &[String] {
        self.store.notices()
    }

    fn write(&mut self, _: Job<'_>) -> Result<()> {
        unreachable!("nothing is written: {}", self.store.name())
    }

    fn write_if_free(&mut self, _: Job<'_>) -> Result<()> {
        unreachable!("nothing is written: {}", self.store.name())
    }
}

fn token(world: &World) -> AnyToken {
    let token = world.create("--scope inference");
    AnyToken::parse(token.as_bytes()).unwrap()
}

fn id(token: &AnyToken) -> KeyId {
    match token.locator() {
        Locator::Id(id) => id,
        Locator::Digest(_) => unreachable!("it is our own"),
    }
}

/// Why `token` is not let in, if it is not.
fn rejection(
    store: &dyn Store,
    token: &AnyToken,
    clock: impl Fn() -> Timestamp + Send + Sync + 'static,
) -> Option<Reason> {
    let request = Request {
        token,
        required: &Required::default(),
    };
    let mut verifier = Verifier::default();
    let verified = verifier.verify_one(store, request, &clock).unwrap();
    match verified.verdict {
        Verdict::Valid(_) => None,
        Verdict::Rejected(reason, _) => Some(reason),
    }
}

fn change(db: &Path, to: &str) {
    let sql = Connection::open(db).unwrap();
    sql.execute(&format!("UPDATE keys SET {to}"), []).unwrap();
}

#[test]
fn a_key_that_is_stopped_while_its_token_is_hashed_is_not_let_in() {
    let stops = [
        ("name = 'another'", None),
        ("disabled_at = 1, disabled_by = 'x'", Some(Reason::Disabled)),
        ("expires_at = 1", Some(Reason::Expired)),
        ("grace_from = 1, usable_until = 1", Some(Reason::PhasedOut)),
        ("deleted_at = 1, hash = NULL", Some(Reason::Unknown)),
    ];
    for (stop, reason) in stops {
        let world = World::quick();
        let token = token(&world);
        let store = world.opened();
        let store = &*store;
        let (db, now) = (world.db(), world.now());
        let stopping = || change(&db, stop);
        let store = Between::new(store, &stopping);
        assert_eq!(rejection(&store, &token, move || now), reason, "{stop}");
    }
}

#[test]
fn a_key_whose_end_is_set_to_that_moment_is_not_let_in_by_an_earlier_time() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

    let world = World::quick();
    let token = token(&world);
    let store = world.opened();
    let store = &*store;
    let millis = Arc::new(AtomicI64::new(world.now().millis()));
    let clock = {
        let millis = Arc::clone(&millis);
        move || Timestamp::from_millis(millis.load(SeqCst)).unwrap()
    };
    let db = world.db();
    // Half a minute passes, and the end is set to then.
    let stopping = || {
        let end = millis.fetch_add(30_000, SeqCst) + 30_000;
        change(&db, &format!("expires_at = {end}"));
    };
    let store = Between::new(store, &stopping);
    assert_eq!(rejection(&store, &token, clock), Some(Reason::Expired));
}

#[test]
fn another_file_in_the_store_s_place_is_looked_at_where_no_lock_shows_it() {
    let world = World::quick();
    let token = token(&world);
    let (quiet, other) = (world.path("quiet.db"), world.path("other.db"));
    // Copies without a write-ahead log, which are opened as ones that nobody changes.
    for copy in [&quiet, &other] {
        fs::copy(world.db(), copy).unwrap();
    }
    change(&other, "disabled_at = 1, disabled_by = 'x'");
    let address = Address::of_file(&world.path("none.db")).unwrap();
    let restoration = store::prepare_restore(&address, &quiet, &alice()).unwrap();
    let store = restoration.copy();
    let now = world.now();
    let swapped = || fs::rename(&other, &quiet).unwrap_or_default();
    let store = Between::new(store, &swapped);
    let reason = rejection(&store, &token, move || now);
    assert_eq!(reason, Some(Reason::Disabled));
}

#[test]
fn stream_runs_again_where_it_failed_and_never_visits_twice() {
    for (changes_before_the_scan, expected_runs) in [(true, 2), (false, 1)] {
        let world = World::quick();
        drop(token(&world));
        // A copy without a write-ahead log, which is opened as one that nobody changes.
        let quiet = world.path("quiet.db");
        fs::copy(world.db(), &quiet).unwrap();
        let address = Address::of_file(&world.path("none.db")).unwrap();
        let restoration = store::prepare_restore(&address, &quiet, &alice()).unwrap();
        let change = || {
            let file = fs::File::options().write(true).open(&quiet).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        };
        let (mut runs, mut visited) = (0, 0);
        let streamed = store::stream(restoration.copy(), |moment| {
            runs += 1;
            if changes_before_the_scan {
                change();
            }
            let skipped = moment.scan(&Filter::all(world.now()), &mut |_| {
                visited += 1;
                Ok(ControlFlow::Continue(()))
            })?;
            change();
            skipped.none()
        });
        assert_eq!(streamed, Ok(()));
        assert_eq!((runs, visited), (expected_runs, 1));
    }
}

#[test]
fn verify_matches_again_where_the_hash_was_replaced_meanwhile() {
    let world = World::quick();
    let (mine, other) = (token(&world), token(&world));
    let hash = |token: &AnyToken| {
        let id = id(token);
        world.query(&format!("SELECT hash FROM keys WHERE id = '{id}'"))
    };
    let others = hash(&other);
    let digest = data_encoding::BASE64_NOPAD.encode(&Sha256::digest(mine.secret()));
    let renewed = format!("$sha256${digest}");
    let (db, now, id) = (world.db(), world.now(), id(&mine));
    for (new, expected) in [(renewed, None), (others, Some(Reason::Unknown))] {
        let store = world.opened();
        let store = &*store;
        let replacing = || change(&db, &format!("hash = '{new}' WHERE id = '{id}'"));
        let store = Between::new(store, &replacing);
        assert_eq!(rejection(&store, &mine, move || now), expected);
    }
}

/// What came of each request: the word of the rejection, `valid`, or that of the error.
fn words(judged: Vec<Result<Verified>>) -> Vec<&'static str> {
    let word = |judged: Result<Verified>| match judged.map(|verified| verified.verdict) {
        Ok(Verdict::Valid(_)) => "valid",
        Ok(Verdict::Rejected(reason, _)) => reason.word(),
        Err(error) => error.kind.word(),
    };
    judged.into_iter().map(word).collect()
}

fn requiring(scope: &str) -> Required {
    Required {
        scopes: vec![scope.to_owned()],
        projects: Vec::new(),
        address: None,
    }
}

#[test]
fn judge_holds_each_request_to_what_it_requires_and_an_unknown_scope_spoils_no_other() {
    let world = World::quick();
    let (token, off) = (token(&world), token(&world));
    world.run(&format!("disable {}", id(&off)));
    let store = world.opened();
    let (nothing, held) = (Required::default(), requiring("inference"));
    let (lacking, unknown) = (requiring("project"), requiring("inferense"));
    let requests = [
        (&token, &held),
        (&token, &lacking),
        (&token, &unknown),
        (&off, &nothing),
        (&off, &unknown),
        (&token, &nothing),
    ];
    let requests = requests.map(|(token, required)| Request { token, required });
    let now = world.now();
    let clock = move || now;
    let mut verifier = Verifier::default();
    let looked = Verifier::look(&*store, &requests).unwrap();
    assert!(looked.check(&held).is_ok() && looked.check(&unknown).is_err());
    let compared = requests.iter().enumerate();
    let compared = compared.map(|(index, request)| {
        let matched = verifier.compare(request.token, looked.phc(index, request.token));
        matched.unwrap()
    });
    let matches: Vec<Match> = compared.collect();
    let judged = verifier.judge(&*store, &requests, looked, matches, &clock);
    assert_eq!(
        words(judged.unwrap()),
        ["valid", "scope", "usage", "disabled", "usage", "valid"]
    );
    let refused = verifier.verify(&*store, &requests, &clock).map(drop);
    assert!(refused.unwrap_err().message.contains("'inferense'"));
}

#[test]
fn judge_takes_a_match_that_is_known_for_the_hash_and_sees_what_changed_since() {
    let world = World::quick();
    let (mine, other) = (token(&world), token(&world));
    let required = requiring("inference");
    let request = |token| Request {
        token,
        required: &required,
    };
    let requests = [request(&mine), request(&other)];
    let store = world.opened();
    let now = world.now();
    let clock = move || now;
    let mut verifier = Verifier::default();
    let first = Verifier::look(&*store, &requests).unwrap();
    let kept = [0, 1].map(|index| {
        verifier.compare(
            requests[index].token,
            first.phc(index, requests[index].token),
        )
    });
    let kept = kept.map(Result::unwrap);
    // Nothing is compared from here on but a hash that is replaced.
    for (change_to, expected) in [
        ("name = id", ["valid", "valid"]),
        ("disabled_at = 1, disabled_by = 'x'", ["disabled"; 2]),
        ("deleted_at = 1, hash = NULL", ["unknown"; 2]),
    ] {
        let looked = Verifier::look(&*store, &requests).unwrap();
        change(&world.db(), change_to);
        let judged = verifier.judge(&*store, &requests, looked, kept.to_vec(), &clock);
        assert_eq!(words(judged.unwrap()), expected, "{change_to}");
    }
}

#[test]
fn judge_refuses_a_required_scope_that_was_removed_since_the_look() {
    let world = World::quick();
    world.line("scope add old").user("carol").run().code(0);
    let token = token(&world);
    let required = requiring("old");
    let request = Request {
        token: &token,
        required: &required,
    };
    let store = world.opened();
    let removing = || {
        let remove = world.line("scope remove old").user("carol");
        remove.run().code(0);
    };
    let store = Between::new(&*store, &removing);
    let now = world.now();
    let refused = Verifier::default().verify_one(&store, request, &move || now);
    let error = refused.map(drop).unwrap_err();
    assert_eq!(error.kind.word(), "usage");
}
