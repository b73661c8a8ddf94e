//! What must hold of any bytes, whoever sends them. Fuzzing (`fuzz/`) and the tests run the same
//! functions; a function that panics has found a fault.

use keyctl::called::Called;
use keyctl::error::{Error, FailureKind, escape, is_unprintable, quote};
use keyctl::event::Head;
use keyctl::hash::{Memory, Stored};
use keyctl::id::KeyId;
use keyctl::name;
use keyctl::output::json;
use keyctl::scope;
use keyctl::token::{PRESENTED_MAX, Prefix, Redacted, Token, in_line, trim};
use keyctl::when::{Since, Span, Timestamp, When};
use std::str::FromStr;

const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What is read as a token is one, to the last character; and nothing that carries one is shown.
pub fn token(bytes: &[u8]) {
    let presented = &bytes[..bytes.len().min(PRESENTED_MAX)];
    let trimmed = trim(presented);
    assert!(trimmed.len() <= presented.len());
    assert!(trimmed.trim_ascii() == trimmed, "an outer blank is left");
    if let Some(token) = in_line(bytes) {
        let is_there = bytes
            .windows(token.expose().len())
            .any(|part| part == token.expose());
        assert!(is_there, "a token was read that is not there");
    }
    if let Some(token) = Token::parse(trimmed) {
        assert!(token.expose() == trimmed, "another token was read");
        let (head, tail) = trimmed.split_at(trimmed.len() - 49);
        let prefix = head.len() - KeyId::LEN - 2;
        assert!(head[prefix] == b'_' && head.ends_with(b"_"));
        assert!(head[prefix + 1..head.len() - 1] == *token.id().as_str().as_bytes());
        assert!(token.secret() == &tail[..43]);
        assert!(tail.iter().all(|byte| BASE62.contains(byte)));
        assert!(checksum(&trimmed[..trimmed.len() - 6]) == tail[43..]);
        let text = std::str::from_utf8(&head[..prefix]).unwrap();
        assert!((1..=24).contains(&text.len()) && text.parse::<Prefix>().is_ok());
        let shown = Redacted::find(trimmed).unwrap().to_string();
        assert!(!shown.contains(std::str::from_utf8(&tail[..16]).unwrap()));
    }
    if let Some(shown) = Redacted::find(bytes) {
        assert!(
            shown.to_string().chars().count()
                <= "the token __…".chars().count() + Prefix::MAX + KeyId::LEN
        );
        assert!(!shown.to_string().chars().any(is_unprintable));
    }
}

/// The checksum, computed bit by bit: CRC-32 with the reversed polynomial 0xEDB88320, in base62.
pub fn checksum(body: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for &byte in body {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
        }
    }
    let mut rest = u64::from(!crc);
    let mut digits = Vec::new();
    for _ in 0..6 {
        digits.insert(0, BASE62[(rest % 62) as usize]);
        rest /= 62;
    }
    digits
}

/// Times and durations, said at a time that the first eight bytes give: what is read lies where it
/// may, and reads back as it prints.
pub fn phrase(bytes: &[u8]) {
    let (now, phrase) = bytes.split_at(bytes.len().min(8));
    let mut millis = [0; 8];
    millis[..now.len()].copy_from_slice(now);
    let millis = i64::from_le_bytes(millis);
    let range = Timestamp::MIN.millis()..=Timestamp::MAX.millis();
    let Some(now) = Timestamp::from_millis(millis) else {
        assert!(!range.contains(&millis));
        return;
    };
    let phrase = text(phrase);
    if let Some(span) = read::<Span>(&phrase) {
        assert!((0..=Timestamp::MAX.millis()).contains(&span.millis()));
        assert_eq!(span.to_string().parse(), Ok(span));
        assert!(now.before(span) <= now);
        assert!(now.after(span).is_none_or(|after| after >= now));
    }
    if let Some(since) = read::<Since>(&phrase) {
        let at = since.resolve(now);
        assert!(range.contains(&at.millis()));
        assert!(!matches!(since, Since::Ago(_)) || at <= now);
    }
    let Some(when) = read::<When>(&phrase) else {
        return;
    };
    match when.resolve(now) {
        Ok(None) => assert_eq!(phrase, "never"),
        Ok(Some(at)) => {
            assert!(at > now && range.contains(&at.millis()));
            let whole = at.millis() - at.millis().rem_euclid(1000);
            let whole = Timestamp::from_millis(whole).unwrap();
            assert_eq!(at.to_string().parse(), Ok(When::At(whole)));
            assert!(at.relative_to(now).starts_with("in ") || at.since(now).millis() < 1000);
        }
        Err(error) => refused(&error),
    }
}

/// Names of every sort: what is taken can be printed, and is no longer than it may be; what is new is in
/// NFC, and each character of it shows.
pub fn names(bytes: &[u8]) {
    let given = text(bytes);
    let text = name::nfc(&given);
    let taken = |result: keyctl::error::Result<String>, max: usize| match result {
        Ok(name) => {
            assert!(name == text || name == given);
            assert!(name.chars().count() <= max);
            assert!(!name.chars().any(is_unprintable));
            true
        }
        Err(error) => {
            refused(&error);
            false
        }
    };
    for new in [name::key_name(&given), name::owner(&given)] {
        assert!(new.is_err() || name::is_plain_to_see(&text));
    }
    if taken(name::key_name(&given), 128) {
        assert!(KeyId::from_str(&text).is_err() && Redacted::find(text.as_bytes()).is_none());
    }
    for word in [
        taken(name::key_name(&given), 128),
        taken(name::owner(&given), 64),
        taken(name::project(&given), 64),
    ] {
        let shaped = !text.is_empty()
            && !text.starts_with('-')
            && !text.contains('/')
            && text.trim() == text;
        assert!(shaped || !word);
    }
    taken(name::description(&given), 256);
    taken(name::reason(&given), 1024);
    if taken(scope::name(&given), 64) {
        assert!(text.starts_with(|c: char| c.is_ascii_lowercase()));
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ":._-".contains(c);
        assert!(text.chars().all(legal));
    }
    match name::label(&given) {
        Ok((key, value)) => {
            let (given_key, given_value) = given.split_once('=').unwrap();
            assert_eq!((&*key, &*value), (given_key, &*name::nfc(given_value)));
            assert!(name::is_plain_to_see(&value));
            assert_eq!(name::label_key(&key), Ok(key));
            assert!(value.chars().count() <= 256 && !value.chars().any(is_unprintable));
        }
        Err(error) => refused(&error),
    }
    read::<Prefix>(&given);
    read::<KeyId>(&given);
}

/// A stored hash: one that costs more than any may is never run, and one that is cheap runs.
pub fn hash(bytes: &[u8]) {
    let Ok(phc) = std::str::from_utf8(bytes) else {
        return;
    };
    let Some(stored) = Stored::parse(phc) else {
        return;
    };
    let mut parts = phc.split('$');
    assert_eq!(parts.next(), Some(""));
    let name = parts.next().unwrap();
    if name == "sha256" {
        assert_eq!(parts.next().map(str::len), Some(43));
    } else {
        assert_eq!(name, "argon2id");
        assert_eq!(parts.next(), Some("v=19"));
        let cost = |part: Option<&str>, name: &str| -> u64 {
            part.unwrap().strip_prefix(name).unwrap().parse().unwrap()
        };
        let mut costs = parts.next().unwrap().split(',');
        let memory = cost(costs.next(), "m=");
        let passes = cost(costs.next(), "t=");
        let lanes = cost(costs.next(), "p=");
        assert_eq!(costs.next(), None);
        assert!(memory <= 1 << 20 && (1..=100).contains(&passes) && (1..=4).contains(&lanes));
        assert!(memory * passes <= 4 << 20);
        if memory > 64 {
            return;
        }
    }
    match stored.matches(b"the secret of nobody", &mut Memory::default()) {
        Ok(matches) => assert!(!matches),
        Err(error) => assert_eq!(error.kind, FailureKind::Io),
    }
}

/// What is shown to people and programs has nothing in it that a terminal would obey, and no part
/// that might be a secret.
pub fn output(bytes: &[u8]) {
    let text = text(bytes);
    assert!(!escape(&text).chars().any(is_unprintable));
    let quoted = quote(&text);
    assert!(!quoted.chars().any(is_unprintable));
    // Cut at 64 characters, of which each may be written as ten.
    assert!(quoted.chars().count() <= 64 * 10 + 3);
    for run in quoted.split(|c: char| !c.is_ascii_alphanumeric()) {
        let upper = run.bytes().any(|byte| byte.is_ascii_uppercase());
        let lower = run.bytes().any(|byte| byte.is_ascii_lowercase());
        assert!(run.len() < 32 || !(upper && lower), "a secret is shown");
    }
    let json = String::from_utf8(json::bytes(&text).unwrap()).unwrap();
    assert!(!json.chars().any(is_unprintable));
    assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
}

/// The head of a log, as it was kept elsewhere.
pub fn head(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(head) = read::<Head>(&text) {
        assert!(head.seq >= 0);
        assert_eq!(head.to_string().parse(), Ok(head));
        assert!(text.ends_with(head.to_string().split_once(':').unwrap().1));
    }
}

/// Bytes as the text that an argument is: what is no UTF-8 is refused before anybody reads it.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn read<T: FromStr<Err = Error>>(text: &str) -> Option<T> {
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            refused(&error);
            None
        }
    }
}

/// A value that is refused is so in words that a terminal can show.
fn refused(error: &Error) {
    assert_eq!(error.kind, FailureKind::Usage);
    let hint = error.hint.as_ref();
    let hint = hint.map_or_else(String::new, |hint| Called::by(&[]).advice(hint));
    assert!(
        !error
            .message
            .chars()
            .chain(hint.chars())
            .any(is_unprintable)
    );
}
