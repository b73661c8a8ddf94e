//! The chain of the log: the server's hash of an event is the library's.

use super::fixture::Wall;
use ::postgres::Client;
use keyctl::event::{Action, Entry, GENESIS, Link};
use proptest::prelude::*;
use std::cell::RefCell;

/// Appends an event as Ada, and returns it as it is stored.
fn append(client: &mut Client, action: &str, key_id: Option<&str>, detail: &str) -> Entry {
    let appended = client
        .query_one(
            "SELECT keyctl.append(keyctl.clock(), $1, $2, $3)",
            &[&action, &key_id, &detail],
        )
        .unwrap();
    entry(client, appended.get(0))
}

/// The event with this number.
fn entry(client: &mut Client, seq: i64) -> Entry {
    let sql = "SELECT at, actor, action, key_id, detail, hash FROM keyctl.events WHERE seq = $1";
    let row = client.query_one(sql, &[&seq]).unwrap();
    Entry {
        seq,
        at: row.get(0),
        actor: row.get(1),
        action: row.get(2),
        key_id: row.get(3),
        detail: row.get(4),
        hash: row.get::<_, &[u8]>(5).try_into().unwrap(),
    }
}

/// Appends an event behind `last`, and requires the hash of the library. Returns it.
fn check(
    client: &mut Client,
    last: &Link,
    action: &str,
    key_id: Option<&str>,
    detail: &str,
) -> Link {
    let entry = append(client, action, key_id, detail);
    assert_eq!(
        (&*entry.action, entry.key_id.as_deref(), &*entry.detail),
        (action, key_id, detail)
    );
    assert_eq!(entry.actor, "ada");
    assert_eq!(entry.link(last), entry.hash, "{entry:?}");
    entry.hash
}

/// Number and hash of the last event.
fn head(client: &mut Client) -> (i64, Link) {
    let sql = "SELECT seq, hash FROM keyctl.event_head";
    let head = client.query_one(sql, &[]).unwrap();
    (head.get(0), head.get::<_, &[u8]>(1).try_into().unwrap())
}

#[test]
fn the_first_event_is_linked_to_zero_bytes() {
    let Some(wall) = Wall::new() else { return };
    let mut client = wall.database.connect("ada").unwrap();
    let first = entry(&mut client, 1);
    assert_eq!(first.action, Action::Init.word());
    assert_eq!(first.link(&GENESIS), first.hash);
}

#[test]
fn each_action_has_the_hash_of_the_library() {
    let Some(wall) = Wall::new() else { return };
    let mut client = wall.database.connect("ada").unwrap();
    let mut last = head(&mut client).1;
    for action in Action::ALL.map(Action::word) {
        for key_id in [None, Some("000000000001"), Some("")] {
            for detail in [
                "",
                "{}",
                "{\"name\":\"größe \u{1f511}\\n\"}",
                &"ü".repeat(50_000),
            ] {
                last = check(&mut client, &last, action, key_id, detail);
            }
        }
    }
    let events = 12 * Action::ALL.len() as i64;
    assert_eq!(head(&mut client), (1 + events, last));
}

#[test]
fn any_text_has_the_hash_of_the_library() {
    let Some(wall) = Wall::new() else { return };
    let client = RefCell::new(wall.database.connect("ada").unwrap());
    let last = RefCell::new(head(&mut client.borrow_mut()).1);
    // All characters but NUL, which the server refuses.
    let text =
        || proptest::collection::vec(any::<char>().prop_filter("NUL", |c| *c != '\0'), 0..60);
    let texts = (text(), proptest::option::of(text()), text(), 1..2000_usize);
    let config = ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |((action, key_id, detail, times) in texts)| {
        let word = |chars: &[char]| chars.iter().collect::<String>();
        let (action, key_id) = (word(&action), key_id.as_deref().map(word));
        let detail = word(&detail).repeat(times);
        let mut last = last.borrow_mut();
        *last = check(&mut client.borrow_mut(), &last, &action, key_id.as_deref(), &detail);
    });
}

#[test]
fn a_nul_is_refused() {
    let Some(wall) = Wall::new() else { return };
    let mut client = wall.database.connect("ada").unwrap();
    for (action, key_id, detail) in [
        ("a\0", None, ""),
        ("a", Some("\0"), ""),
        ("a", None, "{\"a\":\"\0\"}"),
    ] {
        let sql = "SELECT keyctl.append(keyctl.clock(), $1, $2, $3)";
        let error = client
            .query_one(sql, &[&action, &key_id, &detail])
            .unwrap_err();
        assert_eq!(error.code().unwrap().code(), "22021");
    }
    let last = head(&mut client).1;
    check(&mut client, &last, "edit", None, "{}");
}
