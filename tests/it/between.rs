//! What others change while a token is hashed: between the two looks that verification takes at the
//! store.

use crate::harness::World;
use keyctl::env::{Actor, Env};
use keyctl::error::Result;
use keyctl::store::{Job, Look, Store};
use keyctl::token::Token;
use keyctl::verify::{Reason, Required, Verdict, Verifier};
use keyctl::when::Timestamp;
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::fs;
use std::path::Path;

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

    fn is_current(&self) -> Result<bool> {
        self.store.is_current()
    }

    fn write(&mut self, _: Job<'_>) -> Result<()> {
        unreachable!("nothing is written: {}", self.store.name())
    }

    fn write_if_free(&mut self, _: Job<'_>) -> Result<()> {
        unreachable!("nothing is written: {}", self.store.name())
    }
}

fn token(world: &World) -> Token {
    let token = world.create("--scope inference");
    Token::parse(token.as_bytes()).unwrap()
}

/// Why `token` is not let in, if it is not.
fn rejection(
    store: &dyn Store,
    token: &Token,
    clock: impl Fn() -> Timestamp + Send + Sync + 'static,
) -> Option<Reason> {
    let required = Required::default();
    let mut verifier = Verifier::new(&required);
    let verified = verifier.verify_one(store, token, &clock).unwrap();
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
    let (_, examined) = World::examine(&quiet).unwrap();
    let examined = examined.unwrap();
    let store = examined.store();
    let now = world.now();
    let swapped = || fs::rename(&other, &quiet).unwrap_or_default();
    let store = Between::new(store, &swapped);
    let reason = rejection(&store, &token, move || now);
    assert_eq!(reason, Some(Reason::Disabled));
}

#[test]
fn verify_matches_again_where_the_hash_was_replaced_meanwhile() {
    let world = World::quick();
    let (mine, other) = (token(&world), token(&world));
    let hash = |token: &Token| {
        let id = token.id();
        world.query(&format!("SELECT hash FROM keys WHERE id = '{id}'"))
    };
    let others = hash(&other);
    let digest = data_encoding::BASE64_NOPAD.encode(&Sha256::digest(mine.secret()));
    let renewed = format!("$sha256${digest}");
    let (db, now, id) = (world.db(), world.now(), mine.id());
    for (new, expected) in [(renewed, None), (others, Some(Reason::Unknown))] {
        let store = world.opened();
        let store = &*store;
        let replacing = || change(&db, &format!("hash = '{new}' WHERE id = '{id}'"));
        let store = Between::new(store, &replacing);
        assert_eq!(rejection(&store, &mine, move || now), expected);
    }
}
