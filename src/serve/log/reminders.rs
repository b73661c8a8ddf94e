//! Reminders of who still uses the token of a phased-out key.

use crate::id::KeyId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Time between two reminders of a key and client.
const INTERVAL: Duration = Duration::from_secs(60);

/// Pairs of key and client that are remembered.
const MAX: usize = 4096;

/// Time between two searches for pairs that can be forgotten, since each looks at all of them.
const SWEEP: Duration = Duration::from_secs(1);

/// Answer to the question whether to remind of a key and client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reminder {
    /// Remind now: there was none within a minute.
    Due,
    /// There was one within a minute.
    Given,
    /// Too many others were given within a minute to know of this one.
    Unknown,
}

/// Reminders given within a minute, of at most 4096 pairs of key and client.
#[derive(Default)]
pub struct Reminders {
    given: HashMap<(KeyId, Option<IpAddr>), Instant>,
    swept: Option<Instant>,
}

impl Reminders {
    /// Decides on a reminder of `key` and `client`, and remembers one that is due.
    pub fn remind(&mut self, key: KeyId, client: Option<IpAddr>, now: Instant) -> Reminder {
        let is_recent = |at: Instant, within| now.saturating_duration_since(at) < within;
        if self.given.len() >= MAX && !self.swept.is_some_and(|at| is_recent(at, SWEEP)) {
            self.given.retain(|_, at| is_recent(*at, INTERVAL));
            self.swept = Some(now);
        }
        let has_room = self.given.len() < MAX;
        match self.given.entry((key, client)) {
            Entry::Occupied(entry) if is_recent(*entry.get(), INTERVAL) => Reminder::Given,
            Entry::Occupied(mut entry) => {
                entry.insert(now);
                Reminder::Due
            }
            Entry::Vacant(entry) if has_room => {
                entry.insert(now);
                Reminder::Due
            }
            Entry::Vacant(_) => Reminder::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn key(text: &str) -> KeyId {
        text.parse().unwrap()
    }

    fn client(number: usize) -> Option<IpAddr> {
        Some(Ipv4Addr::from(u32::try_from(number).unwrap()).into())
    }

    #[test]
    fn remind_is_due_once_a_minute_for_each_key_and_client() {
        let mut reminders = Reminders::default();
        let (a, b) = (key("aaaaaaaaaaaa"), key("bbbbbbbbbbbb"));
        let start = Instant::now();
        for (key, client) in [(a, None), (a, client(1)), (a, client(2)), (b, client(1))] {
            assert_eq!(reminders.remind(key, client, start), Reminder::Due);
            let later = start + INTERVAL - Duration::from_nanos(1);
            assert_eq!(reminders.remind(key, client, later), Reminder::Given);
            // A refused reminder does not put off the next one.
            let later = start + INTERVAL;
            assert_eq!(reminders.remind(key, client, later), Reminder::Due);
            assert_eq!(reminders.remind(key, client, later), Reminder::Given);
        }
    }

    #[test]
    fn remind_keeps_no_more_than_its_maximum_and_forgets_after_a_minute() {
        let mut reminders = Reminders::default();
        let (key, start) = (key("aaaaaaaaaaaa"), Instant::now());
        for number in 0..MAX {
            assert_eq!(reminders.remind(key, client(number), start), Reminder::Due);
        }
        let mut remind = |number, at| {
            let reminder = reminders.remind(key, client(number), at);
            assert!(reminders.given.len() <= MAX);
            reminder
        };
        assert_eq!(remind(MAX, start), Reminder::Unknown);
        assert_eq!(remind(0, start + INTERVAL - SWEEP), Reminder::Given);
        assert_eq!(remind(MAX, start + INTERVAL - SWEEP), Reminder::Unknown);
        assert_eq!(remind(MAX, start + INTERVAL), Reminder::Due);
        assert_eq!(remind(MAX + 1, start + INTERVAL), Reminder::Due);
        assert_eq!(reminders.given.len(), 2);
    }
}
