//! A small store, and what must hold of it whatever bytes are put into its file: nothing panics,
//! what fails says so, and no token is let in that was never issued.

use super::properties::checksum;
use keyctl::called::Called;
use keyctl::env::{Actor, Random};
use keyctl::error::{Error, FailureKind, Result, is_unprintable};
use keyctl::event::{Action, Event};
use keyctl::hash::{Cost, Memory, Recipe, Scheme};
use keyctl::id::KeyId;
use keyctl::key::{Key, Kind};
use keyctl::namespace::Namespace;
use keyctl::project::{Member, Role};
use keyctl::scope::Scope;
use keyctl::store::{
    self, Address, DAMAGE, Filter, Founder, LogFilter, Mode, Read, Remarks, Store,
};
use keyctl::token::{AnyToken, Prefix, Token};
use keyctl::verify::{Request, Required, Verdict, Verifier};
use keyctl::when::{Span, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// So few bytes turn no key into another: the IDs here differ in more.
const SLIGHT: usize = 4;

/// How much of a hash no message shows.
const PIECE: usize = 16;

thread_local! {
    static ORIGINAL: Original = Original::new();
}

/// Puts the edits that `bytes` spell into the file of a store, and lets everything meet it.
pub fn store(bytes: &[u8]) {
    ORIGINAL.with(|original| {
        let (file, changed) = original.edited(bytes);
        original.meet(&file, changed);
    });
}

/// What verification says to a token that was issued and is usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Met {
    /// It is let in.
    Valid,
    /// It is not.
    Rejected,
    /// The store failed.
    Failed,
}

/// A store as it was before anybody laid hands on it.
pub struct Original {
    dir: TempDir,
    file: Vec<u8>,
    usable: Token,
    /// Tokens that were issued.
    issued: Vec<Token>,
    /// Tokens that never were, one with the ID of a key.
    forged: Vec<Token>,
    /// Tokens with the ID of one key and the secret of another.
    swapped: Vec<Token>,
    /// Every piece of a hash that is long enough to know it by.
    pieces: Vec<String>,
}

impl Original {
    /// A store in pages as small as there are, so that a few bytes matter: keys in every state,
    /// scopes that imply another, a label, a member, a log.
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory).unwrap()
        } else {
            tempfile::tempdir().unwrap()
        };
        let mut random = Counting(1);
        let mut tokens: Vec<Token> = (0..10).map(|_| new_token(&mut random)).collect();
        let mut forged = tokens.split_off(8);
        forged.push(joined(&tokens[0], &forged[0]));
        let swapped = vec![
            joined(&tokens[0], &tokens[1]),
            joined(&tokens[1], &tokens[0]),
        ];
        let hashes = fill(&dir.path().join("keyctl.db"), &tokens, &mut random).unwrap();
        let file = compact(&dir.path().join("keyctl.db"));
        let usable = joined(&tokens[0], &tokens[0]);
        Original {
            dir,
            file,
            usable,
            issued: tokens,
            forged,
            swapped,
            pieces: hashes.iter().flat_map(|hash| pieces(hash)).collect(),
        }
    }

    /// The file.
    pub fn file(&self) -> &[u8] {
        &self.file
    }

    /// The file with the edits that `bytes` spell, and how many of its bytes they touch. An edit
    /// is what is done and how often, the place as three bytes, and what that takes.
    fn edited(&self, bytes: &[u8]) -> (Vec<u8>, usize) {
        let mut file = self.file.clone();
        let mut changed = 0;
        let mut rest = bytes.iter().copied();
        while let (Some(what), Some(a), Some(b), Some(c)) =
            (rest.next(), rest.next(), rest.next(), rest.next())
        {
            if file.is_empty() {
                break;
            }
            let at = |a, b, c| u32::from_le_bytes([a, b, c, 0]) as usize % file.len();
            let place = at(a, b, c);
            let many = usize::from(what >> 2) + 1;
            match what & 3 {
                0 => {
                    for (byte, new) in file[place..].iter_mut().zip(rest.by_ref().take(many)) {
                        *byte = new;
                        changed += 1;
                    }
                }
                1 => {
                    file[place] ^= 1 << (many & 7);
                    changed += 1;
                }
                2 => {
                    let from = at(
                        rest.next().unwrap_or(0),
                        rest.next().unwrap_or(0),
                        rest.next().unwrap_or(0),
                    );
                    let many = many * 8;
                    let piece = file[from..].iter().copied().take(many).collect::<Vec<_>>();
                    let end = (place + piece.len()).min(file.len());
                    changed += end - place;
                    file[place..end].copy_from_slice(&piece[..end - place]);
                }
                _ => file.truncate(place),
            }
        }
        (file, changed)
    }

    /// Puts `file` in the store's place, in which `changed` bytes are others, and lets everything
    /// that reads meet it, and one that writes. Returns what is said to a token that is usable.
    pub fn meet(&self, file: &[u8], changed: usize) -> Met {
        let path = self.dir.path().join("keyctl.db");
        for beside in ["keyctl.db-wal", "keyctl.db-shm", "keyctl.db-journal"] {
            drop(fs::remove_file(self.dir.path().join(beside)));
        }
        fs::write(&path, file).unwrap();
        let address = Address::of_file(&path).unwrap();
        let store = match store::open(&address, Mode::Read) {
            Ok(store) => store,
            Err(error) => {
                self.told(&error);
                return Met::Failed;
            }
        };
        let swapped = self.swapped.iter().filter(|_| changed <= SLIGHT);
        for token in self.forged.iter().chain(swapped) {
            let met = self.verified(&*store, token);
            assert!(met != Met::Valid, "a token that was never issued is valid");
        }
        for token in &self.issued {
            self.verified(&*store, token);
        }
        let met = self.verified(&*store, &self.usable);
        self.expect(store::read(&*store, |store| {
            self.read(store);
            Ok(())
        }));
        drop(store);
        let mut remarks = Remarks::default();
        let examined = store::examine(&address, &actor(), &|_| None, &mut remarks, &mut |_, _| {
            Ok(())
        });
        self.expect(examined);
        for damage in remarks.findings.iter().filter(|it| it.code == DAMAGE) {
            self.in_words(&damage.message);
        }
        self.write(&address);
        met
    }

    fn verified(&self, store: &dyn Store, token: &Token) -> Met {
        let presented = AnyToken::parse(token.expose()).unwrap();
        let request = Request {
            token: &presented,
            required: &Required::default(),
        };
        match Verifier::default().verify_one(store, request, &now) {
            Ok(verified) => match verified.verdict {
                Verdict::Valid(key) => {
                    assert!(key.id == token.id(), "another key was let in");
                    Met::Valid
                }
                Verdict::Rejected(..) => Met::Rejected,
            },
            Err(error) => {
                self.told(&error);
                Met::Failed
            }
        }
    }

    fn read(&self, store: &dyn Read) {
        let now = now();
        self.expect(store.find(&Filter::all(now)));
        self.expect(store.find(&Filter {
            owner: Some("alice".to_owned()),
            project: Some("search".to_owned()),
            scopes: vec!["inference".to_owned()],
            labels: vec![("team".to_owned(), Some("search".to_owned()))],
            sort: store::Sort::Name,
            ..Filter::all(now)
        }));
        for token in &self.issued {
            if let Some(Some(key)) = self.expect(store.get(token.id())) {
                assert!(key.id == token.id(), "another key was found");
            }
        }
        self.expect(store.find_events(&LogFilter::default()));
        self.expect(store.find_events(&LogFilter {
            keys: vec![self.usable.id()],
            limit: Some(2),
            ..LogFilter::default()
        }));
        self.expect(store.check_log(None));
        self.expect(store.head());
        self.expect(store.policy());
        self.expect(store.scopes());
        self.expect(store.members(None, None));
        self.expect(store.projects(9));
        self.expect(store.role("search", "alice"));
        self.expect(store.administrators(None));
        self.expect(store.is_appointed("alice"));
        self.expect(store.users_of_scope("inference", 9));
        self.expect(store.live_names(None, 9));
        for (owner, name) in self
            .expect(store.live_names(Some("alice"), 9))
            .unwrap_or_default()
        {
            if let Some(Some(key)) = self.expect(store.live_key(&owner, &name)) {
                assert!(
                    key.owner == owner && key.name == name,
                    "another key was found"
                );
            }
        }
        self.expect(store.event_at(i64::MAX));
        self.expect(store.access(&actor()));
    }

    fn write(&self, address: &Address) {
        let written = store::open(address, Mode::Write).and_then(|mut store| {
            let id = self.usable.id();
            store::write(&mut *store, |tx| {
                tx.touch(id, now())?;
                if let Some(mut key) = tx.get(id)? {
                    key.deleted_at = Some(now());
                    tx.update(&key)?;
                }
                tx.append(&Event::new(now(), &actor(), Action::Delete, Some(id)))
            })
        });
        self.expect(written);
    }

    fn expect<T>(&self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.told(&error)).ok()
    }

    /// A failure is one of the store, in words that a terminal can show, without a hash.
    fn told(&self, error: &Error) {
        assert_eq!(
            error.kind.exit_code(),
            FailureKind::Damaged.exit_code(),
            "{error}"
        );
        self.in_words(&error.to_string());
        let hint = error.hint.as_ref();
        self.in_words(&hint.map_or_else(String::new, |hint| Called::by(&[]).advice(hint)));
    }

    fn in_words(&self, text: &str) {
        assert!(!text.chars().any(is_unprintable), "{text:?}");
        assert!(
            !self.pieces.iter().any(|piece| text.contains(piece)),
            "{text:?}"
        );
    }
}

/// The pieces of what a PHC string ends with, the hash itself.
fn pieces(hash: &str) -> impl Iterator<Item = String> {
    let (_, hash) = hash.rsplit_once('$').unwrap();
    (0..=hash.len() - PIECE).map(|at| hash[at..at + PIECE].to_owned())
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_305_600_000).unwrap()
}

fn actor() -> Actor {
    Actor {
        name: "alice".to_owned(),
        uid: 4_000_001,
        login_uid: None,
        namespace: Namespace::default(),
    }
}

/// Makes the store, with a key for each of `tokens`, and returns their hashes.
fn fill(path: &Path, tokens: &[Token], random: &mut Counting) -> Result<Vec<String>> {
    let founder = Founder {
        actor: &actor(),
        now: now().before(Span::days(30)),
        reason: None,
        group: None,
        usual: None,
    };
    let mut store = store::open(&Address::of_file(path)?, Mode::Ensure(&founder))?;
    let slow = Scheme::Argon2id(Cost {
        memory_kib: 8,
        iterations: 1,
    });
    let mut hashes = Vec::new();
    store::write(&mut *store, |tx| {
        tx.set_policy("hash", Some("sha256"))?;
        tx.add_scope(
            "train",
            &Scope {
                description: "train".to_owned(),
                implies: BTreeSet::from(["inference".to_owned()]),
            },
        )?;
        tx.set_member(&Member {
            project: "search".to_owned(),
            user: "alice".to_owned(),
            role: Role::Owner,
        })?;
        for (index, token) in tokens.iter().enumerate() {
            let scheme = if index == 6 { slow } else { Scheme::Sha256 };
            let recipe = Recipe::draw(scheme, random)?;
            let hash = recipe.hash(token.secret(), &mut Memory::default())?;
            let mut key = key(token.id(), index, tokens[0].id());
            tx.insert(&key, &hash)?;
            if index == 7 {
                // Its hash is wiped.
                key.deleted_at = Some(now());
                tx.update(&key)?;
            }
            tx.append(&Event::new(now(), &actor(), Action::Create, Some(key.id)))?;
            hashes.push(hash);
        }
        Ok(())
    })?;
    Ok(hashes)
}

/// A key in the state that its place says.
fn key(id: KeyId, index: usize, other: KeyId) -> Key {
    let past = now().before(Span::days(1));
    let later = now().after(Span::days(1));
    let at = |place| (index == place).then_some(past);
    Key {
        id,
        name: format!("key-{index}"),
        owner: "alice".to_owned(),
        kind: if index == 6 { Kind::Legacy } else { Kind::Api },
        scopes: BTreeSet::from(["train".to_owned()]),
        labels: BTreeMap::from([("team".to_owned(), "search".to_owned())]),
        allow_from: (index > 0)
            .then(|| "10.0.0.0/8".parse().unwrap())
            .into_iter()
            .collect(),
        created_at: now().before(Span::days(20)),
        created_by: "alice".to_owned(),
        expires_at: at(2).or(later),
        first_used_at: at(0),
        last_used_at: at(0),
        grace_from: at(3).or(at(4)),
        usable_until: at(3).or(later.filter(|_| index == 4)),
        disabled_at: at(5),
        disabled_by: (index == 5).then(|| "alice".to_owned()),
        deleted_at: None,
        replaces: None,
        replaced_by: (index == 3).then_some(other),
        imported: false,
    }
}

/// The file in the smallest pages that SQLite has, with nothing beside it.
fn compact(path: &Path) -> Vec<u8> {
    let sql = rusqlite::Connection::open(path).unwrap();
    sql.execute_batch(
        "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM; PRAGMA journal_mode = WAL; \
         PRAGMA wal_checkpoint(TRUNCATE)",
    )
    .unwrap();
    drop(sql);
    fs::read(path).unwrap()
}

fn new_token(random: &mut Counting) -> Token {
    let id = KeyId::generate(random).unwrap();
    Token::generate(&Prefix::default(), id, random).unwrap()
}

/// A token with the ID of `id` and the secret of `secret`.
fn joined(id: &Token, secret: &Token) -> Token {
    let mut text = format!("kc_{}_", id.id()).into_bytes();
    text.extend_from_slice(secret.secret());
    text.extend(checksum(&text));
    Token::parse(&text).unwrap()
}

/// The same bytes every time: splitmix64.
struct Counting(u64);

impl Random for Counting {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        for byte in bytes {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z >> 56) as u8;
        }
        Ok(())
    }
}
