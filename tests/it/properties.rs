//! What must hold of every token, time and name, not only of those somebody thought of.

use keyctl::env::Random;
use keyctl::error::Result;
use keyctl::id::KeyId;
use keyctl::name;
use keyctl::token::{PRESENTED_MAX, Prefix, Redacted, Token, shown_id, trim};
use keyctl::when::{Span, Timestamp, When};
use proptest::prelude::*;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

struct Seeded(ChaCha8Rng);

impl Random for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn prefix() -> impl Strategy<Value = Prefix> {
    "[a-z][a-z0-9]{0,6}(_[a-z0-9]{1,7}){0,2}".prop_map(|text| text.parse().unwrap())
}

/// The text of a new token: a token itself cannot be shown by a test that fails.
fn token() -> impl Strategy<Value = String> {
    (prefix(), any::<u64>()).prop_map(|(prefix, seed)| {
        let mut random = Seeded(ChaCha8Rng::seed_from_u64(seed));
        let id = KeyId::generate(&mut random).unwrap();
        let token = Token::generate(&prefix, id, &mut random).unwrap();
        String::from_utf8(token.expose().to_vec()).unwrap()
    })
}

/// Any bytes, and often bytes that tokens are made of.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..600),
        "[a-z0-9_A-Z]{0,120}".prop_map(String::into_bytes),
        "[a-z]{1,3}_[0-9a-hjkmnp-tv-z]{12}_[0-9A-Za-z]{49}".prop_map(String::into_bytes),
    ]
}

/// Whole seconds, which is what RFC 3339 here has, from the year 0 to 9999.
fn instant() -> impl Strategy<Value = Timestamp> {
    (Timestamp::MIN.millis() / 1000..=Timestamp::MAX.millis() / 1000)
        .prop_map(|seconds| Timestamp::from_millis(seconds * 1000).unwrap())
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn a_generated_token_reads_back(prefix in prefix(), seed in any::<u64>()) {
        let mut random = Seeded(ChaCha8Rng::seed_from_u64(seed));
        let id = KeyId::generate(&mut random).unwrap();
        let token = Token::generate(&prefix, id, &mut random).unwrap();
        let text = std::str::from_utf8(token.expose()).unwrap();
        let head = format!("{prefix}_{id}_");
        prop_assert!(text.starts_with(&head), "{text}");
        prop_assert_eq!(text.len(), head.len() + 49);
        prop_assert!(text[head.len()..].bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let read = Token::parse(token.expose()).unwrap();
        prop_assert_eq!(read.id(), id);
        prop_assert_eq!(read.secret(), &text.as_bytes()[head.len()..head.len() + 43]);
        prop_assert_eq!(read.expose(), token.expose());
    }

    #[test]
    fn a_token_with_one_character_changed_is_none(
        token in token(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut text = token.into_bytes();
        let at = at.index(text.len());
        prop_assume!(text[at] != byte);
        text[at] = byte;
        prop_assert!(Token::parse(&text).is_none());
    }

    #[test]
    fn a_token_cut_short_is_none(token in token(), len in any::<prop::sample::Index>()) {
        let text = token.as_bytes();
        let len = len.index(text.len());
        prop_assert!(Token::parse(&text[..len]).is_none());
        prop_assert!(Token::parse(&text[text.len() - len..]).is_none());
    }

    #[test]
    fn a_token_with_something_put_in_is_none(
        token in token(),
        at in any::<prop::sample::Index>(),
        more in prop::collection::vec(any::<u8>(), 1..4),
    ) {
        let mut text = token.into_bytes();
        let at = at.index(text.len() + 1);
        text.splice(at..at, more);
        prop_assert!(Token::parse(&text).is_none());
    }

    #[test]
    fn two_characters_swapped_are_noticed(token in token(), at in any::<prop::sample::Index>()) {
        let mut text = token.into_bytes();
        let at = at.index(text.len() - 1);
        prop_assume!(text[at] != text[at + 1]);
        text.swap(at, at + 1);
        prop_assert!(Token::parse(&text).is_none());
    }

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in bytes()) {
        drop(Token::parse(&bytes));
        drop(Redacted::find(&bytes));
        let trimmed = trim(&bytes);
        prop_assert!(trimmed.len() <= bytes.len());
        if let Ok(text) = std::str::from_utf8(&bytes) {
            drop(text.parse::<Prefix>());
            drop(text.parse::<When>());
            drop(name::key_name(text));
            drop(name::label(text));
        }
    }

    #[test]
    fn what_is_wrapped_around_a_token_is_dropped(
        token in token(),
        before in "\u{feff}?[ \t\r\n]{0,3}\u{feff}?((?i:Bearer) [ \t]{0,2})?\u{feff}?",
        after in "[ \t]{0,2}(\r?\n)?",
    ) {
        let mut text = before.into_bytes();
        text.extend_from_slice(token.as_bytes());
        text.extend_from_slice(after.as_bytes());
        prop_assert_eq!(trim(&text), token.as_bytes());
        prop_assert!(text.len() <= PRESENTED_MAX);
    }

    #[test]
    fn a_token_is_seen_wherever_it_stands(
        token in token(),
        before in prop_oneof![bytes(), "\\PC{0,40}".prop_map(String::into_bytes)],
        after in bytes(),
    ) {
        let mut text = before;
        text.extend_from_slice(token.as_bytes());
        text.extend(after);
        let shown = Redacted::find(&text).map(|shown| shown.to_string());
        prop_assert!(shown.is_some());
        // Nothing of the secret is in what is shown.
        let secret = &token[token.len() - 49..token.len() - 41];
        prop_assert!(!shown.unwrap().contains(secret));
    }

    #[test]
    fn a_token_alone_is_shown_by_its_prefix_and_id(token in token()) {
        let (head, _) = token.rsplit_once('_').unwrap();
        let shown = Redacted::find(token.as_bytes()).unwrap().to_string();
        prop_assert_eq!(shown, format!("the token {head}_…"));
    }

    #[test]
    fn a_token_as_it_is_shown_reads_back_to_its_id(token in token(), end in "_(…|\\.\\.\\.)?|") {
        let (head, _) = token.rsplit_once('_').unwrap();
        let (_, id) = head.rsplit_once('_').unwrap();
        let id: KeyId = id.parse().unwrap();
        prop_assert_eq!(shown_id(&format!("{head}{end}")), Some(id));
        prop_assert_eq!(shown_id(&token), None);
        prop_assert_eq!(shown_id(&format!("{head}{end}x")), None);
        prop_assert_eq!(shown_id(&format!("_{head}{end}")), None);
    }

    #[test]
    fn a_prefix_is_lower_case_words(text in "[a-c1_]{0,10}|[a-z0-9_]{20,27}") {
        let words = text.split('_').all(|word| !word.is_empty());
        let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
        prop_assert_eq!(text.parse::<Prefix>().is_ok(), words && starts && text.len() <= 24);
    }
}

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn an_instant_reads_back(at in instant()) {
        let text = at.to_string();
        prop_assert_eq!(text.len(), 20);
        prop_assert_eq!(text.parse(), Ok(When::At(at)));
    }

    #[test]
    fn an_instant_is_the_same_with_another_offset(
        at in instant(),
        minutes in -1439_i64..=1439,
    ) {
        let Some(local) = Timestamp::from_millis(at.millis() + minutes * 60_000) else {
            return Ok(());
        };
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
        let text = local.to_string().replace('Z', &format!("{sign}{hours:02}:{rest:02}"));
        prop_assert_eq!(text.parse(), Ok(When::At(at)));
    }

    #[test]
    fn a_date_lasts_until_the_next_midnight(year in 0_i64..=9999, month in 1_i64..=14, day in 0_i64..=33) {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        let exists = (1..=days).contains(&day);
        let last = (year, month, day) == (9999, 12, 31);
        let read = format!("{year:04}-{month:02}-{day:02}").parse::<When>();
        if !exists || last {
            prop_assert_eq!(read.unwrap_err().kind.exit_code(), 2);
            return Ok(());
        }
        let Ok(When::At(end)) = read else {
            panic!("{read:?}");
        };
        let next = match (day == days, month == 12) {
            (true, true) => (year + 1, 1, 1),
            (true, false) => (year, month + 1, 1),
            _ => (year, month, day + 1),
        };
        prop_assert_eq!(end.to_string(), format!("{:04}-{:02}-{:02}T00:00:00Z", next.0, next.1, next.2));
    }

    #[test]
    fn a_duration_is_so_many_of_its_unit(count in 0_i64..=100_000, unit in 0_usize..8) {
        const UNITS: [(&str, i64); 8] = [
            ("s", 1),
            ("m", 60),
            ("h", 3_600),
            ("d", 86_400),
            ("w", 604_800),
            ("month", 2_592_000),
            ("months", 2_592_000),
            ("y", 31_536_000),
        ];
        let (unit, seconds) = UNITS[unit];
        let text = format!("{count}{unit}");
        let millis = count * seconds * 1000;
        if millis > Timestamp::MAX.millis() {
            prop_assert!(text.parse::<Span>().is_err());
            return Ok(());
        }
        let span = text.parse::<Span>().unwrap();
        prop_assert_eq!(span.millis(), millis);
        prop_assert_eq!(span.to_string().parse(), Ok(span));
        match text.parse::<When>() {
            Ok(when) => prop_assert_eq!(when, When::After(span)),
            Err(error) => prop_assert_eq!((count, error.kind.exit_code()), (0, 2)),
        }
    }

    #[test]
    fn no_string_makes_when_panic_and_none_lies_in_the_past(
        text in prop_oneof![
            "\\PC{0,30}",
            "[0-9]{0,20}[a-z]{0,7}",
            "[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))?",
            "[1-9][0-9]{0,11}(s|m|h|d|w|month|months|y)",
        ],
        now in instant(),
    ) {
        drop(text.parse::<Span>());
        match text.parse::<When>() {
            Ok(when) => match when.resolve(now) {
                Ok(Some(at)) => prop_assert!(at > now, "{at} is not after {now}"),
                Ok(None) => prop_assert_eq!(text, "never"),
                Err(error) => prop_assert_eq!(error.kind.exit_code(), 2),
            },
            Err(error) => prop_assert_eq!(error.kind.exit_code(), 2),
        }
    }

    #[test]
    fn a_distance_is_told_without_overflow(
        at in Timestamp::MIN.millis()..=Timestamp::MAX.millis(),
        now in Timestamp::MIN.millis()..=Timestamp::MAX.millis(),
    ) {
        let (at, now) = (Timestamp::from_millis(at).unwrap(), Timestamp::from_millis(now).unwrap());
        let told = at.relative_to(now);
        prop_assert_eq!(told.ends_with(" ago"), at < now && told != "now");
        prop_assert_eq!(told.starts_with("in "), at > now && told != "now");
        prop_assert!(at.since(now).millis() >= 0);
        prop_assert!(at.before(now.since(at)) <= at);
    }
}

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn a_name_that_is_taken_can_be_printed_and_mistaken_for_nothing(
        text in prop_oneof![
            any::<String>(),
            "[ -~]{0,8}",
            "[0-9a-z]{12}",
            "[\u{200b}-\u{2070} a]{1,5}",
            "x{120,135}",
        ],
    ) {
        let given = text;
        let text = name::nfc(&given);
        let blank = text.trim() != text;
        let bad = |c: char| {
            c.is_control()
                || c == '/'
                || "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}"
                    .contains(c)
        };
        let is_id = text.len() == 12
            && text.chars().all(|c| "0123456789abcdefghjkmnpqrstvwxyz".contains(c));
        let is_id = is_id || shown_id(&text).is_some();
        let count = text.chars().count();
        let fits = (1..=128).contains(&count)
            && !text.chars().any(bad)
            && !text.starts_with('-')
            && !blank
            && !is_id
            && name::is_plain_to_see(&text);
        match name::key_name(&given) {
            Ok(name) => {
                prop_assert!(fits, "{text:?} was accepted");
                prop_assert_eq!(name, text);
            }
            Err(error) => {
                prop_assert!(!fits, "{text:?} was refused");
                prop_assert_eq!(error.kind.exit_code(), 2);
                prop_assert!(!error.message.chars().any(char::is_control));
            }
        }
    }

    #[test]
    fn a_token_is_no_name(token in token()) {
        let error = name::key_name(&token).unwrap_err();
        prop_assert_eq!(error.kind.exit_code(), 2);
    }

    #[test]
    fn a_label_reads_back(key in "[A-Za-z0-9._/-]{1,64}", value in "[ -~]{0,256}") {
        prop_assert_eq!(name::label(&format!("{key}={value}")), Ok((key, value)));
    }
}
