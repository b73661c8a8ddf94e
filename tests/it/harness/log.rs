//! The log of a store, read by what the documentation says of it and not by the program's own code.

use super::{Setup, id_of};
use keyctl::event::{Entry, Head};
use sha2::{Digest, Sha256};

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub seq: i64,
    pub at: i64,
    pub actor: String,
    pub action: String,
    pub key_id: Option<String>,
    pub detail: String,
    pub hash: Vec<u8>,
}

impl Event {
    /// The detail, read as JSON.
    pub fn detail(&self) -> serde_json::Value {
        serde_json::from_str(&self.detail).unwrap()
    }

    /// Hash of the event behind one whose hash is `previous`.
    fn link(&self, previous: &[u8]) -> Vec<u8> {
        let mut bytes = previous.to_vec();
        let numbers = [self.seq.to_be_bytes(), self.at.to_be_bytes()];
        let fields = [
            Some(&numbers[0][..]),
            Some(&numbers[1][..]),
            Some(self.actor.as_bytes()),
            Some(self.action.as_bytes()),
            self.key_id.as_deref().map(str::as_bytes),
            Some(self.detail.as_bytes()),
        ];
        for field in fields {
            let length = field.map_or(u64::MAX, |field| field.len() as u64);
            bytes.extend(length.to_be_bytes());
            bytes.extend(field.unwrap_or_default());
        }
        Sha256::digest(&bytes).to_vec()
    }
}

impl From<Entry> for Event {
    fn from(entry: Entry) -> Self {
        Event {
            seq: entry.seq,
            at: entry.at,
            actor: entry.actor,
            action: entry.action,
            key_id: entry.key_id,
            detail: entry.detail,
            hash: entry.hash.to_vec(),
        }
    }
}

/// The log is whole: its lines are numbered from 1, each is chained to the one before, and `head` is
/// the last one's.
#[track_caller]
pub fn check_chain(events: &[Event], head: Head) {
    let mut previous = vec![0; 32];
    for (event, seq) in events.iter().zip(1..) {
        assert_eq!(event.seq, seq, "a gap in the log");
        assert_eq!(event.hash, event.link(&previous), "not chained: {event:?}");
        previous.clone_from(&event.hash);
    }
    let head = (head.seq, head.hash.to_vec());
    assert_eq!(head, (events.len() as i64, previous), "another head");
}

/// Gives a store of carol's a log of seven lines, an hour apart. Returns the IDs of the key that is
/// left and of the one that is gone.
pub fn story(world: &Setup) -> (String, String) {
    world.hash_fast();
    world.advance("1h");
    let web = id_of(&world.create("--scope inference --name web --label team=search"));
    world.advance("1h");
    world.run("edit web --name site --add-scope project -m renamed");
    world.advance("1h");
    let line = "create --scope inference --name gone --expires 5d";
    let ran = world.line(line).user("bob").run().code(0);
    let gone = id_of(ran.stdout.trim_end());
    world.advance("1h");
    let line = "policy set max-expiry 100d";
    world.line(line).user("carol").run().code(0);
    world.advance("1h");
    world.line("delete gone --yes").user("bob").run().code(0);
    world.advance("1h");
    world
        .line("purge --owner bob --yes")
        .user("bob")
        .run()
        .code(0);
    let actions = [
        "init", "create", "edit", "create", "policy", "delete", "purge",
    ];
    assert_eq!(world.log(), actions);
    (web, gone)
}
