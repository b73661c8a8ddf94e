//! Check of the log: a walk along its chain of hashes.
//!
//! The chain finds edited lines. A log that was rewritten as a whole is found only with a head that
//! was kept outside the store.

use super::{Entry, GENESIS, Link};
use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use data_encoding::HEXLOWER;
use std::fmt;
use std::str::FromStr;

/// Line number and hash of the last event, written `SEQ:HEX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Line number, from 1; 0 for an empty log.
    pub seq: i64,
    /// Hash of that line.
    pub hash: Link,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, HEXLOWER.encode(&self.hash))
    }
}

impl FromStr for Head {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let read = || {
            let (seq, hash) = text.split_once(':')?;
            let hash = HEXLOWER.decode(hash.as_bytes()).ok()?;
            Some(Head {
                seq: seq.parse().ok().filter(|&seq| seq >= 0)?,
                hash: hash.try_into().ok()?,
            })
        };
        read().ok_or_else(|| {
            Error::usage(format!("{} is not the head of a log", quote(text))).hint(
                Hint::from("give the output of ")
                    .and(run!("log --head").in_quotes())
                    .and(": SEQ:HEX"),
            )
        })
    }
}

/// Flaw of a log, with the number of the first line where it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// This line was altered, or replaced by another one.
    Altered(i64),
    /// This line is missing.
    Missing(i64),
    /// This line comes after the head that the store keeps.
    Added(i64),
    /// This line has a valid hash, but not that of the head that was kept outside the store: the
    /// chain was rewritten.
    Rewritten(i64),
    /// The store's head is gone: lines from this number on may be missing.
    Endless(i64),
}

impl Flaw {
    /// Returns the line number.
    pub fn line(self) -> i64 {
        match self {
            Flaw::Altered(line)
            | Flaw::Missing(line)
            | Flaw::Added(line)
            | Flaw::Rewritten(line)
            | Flaw::Endless(line) => line,
        }
    }

    /// Returns the word for this flaw in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Flaw::Altered(_) => "altered",
            Flaw::Missing(_) => "missing",
            Flaw::Added(_) => "added",
            Flaw::Rewritten(_) => "rewritten",
            Flaw::Endless(_) => "endless",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Altered(line) => write!(f, "line {line} was changed"),
            Flaw::Missing(line) => write!(f, "line {line} is missing"),
            Flaw::Added(line) => write!(f, "line {line} was added by something other than keyctl"),
            Flaw::Rewritten(line) => write!(
                f,
                "line {line} does not have the hash that was kept: the log was rewritten"
            ),
            Flaw::Endless(line) => write!(
                f,
                "its head is gone, which names the last line: lines from {line} on may be missing"
            ),
        }
    }
}

/// Walk along a log, line by line.
pub struct Chain {
    last: Head,
    kept: Option<Head>,
}

impl Chain {
    /// Starts a walk. The line with the number of `kept` must have its hash.
    pub fn new(kept: Option<Head>) -> Self {
        Chain {
            last: Head {
                seq: 0,
                hash: GENESIS,
            },
            kept,
        }
    }

    /// Checks the next line.
    pub fn step(&mut self, entry: &Entry) -> std::result::Result<(), Flaw> {
        let expected = self.last.seq + 1;
        if entry.seq > expected {
            return Err(Flaw::Missing(expected));
        }
        if entry.seq < expected || entry.link(&self.last.hash) != entry.hash {
            return Err(Flaw::Altered(entry.seq));
        }
        self.last = Head {
            seq: entry.seq,
            hash: entry.hash,
        };
        match self.kept {
            Some(kept) if kept.seq == entry.seq && kept.hash != entry.hash => {
                Err(Flaw::Rewritten(entry.seq))
            }
            _ => Ok(()),
        }
    }

    /// Ends the walk: compares the last line with the store's `head`, and returns that.
    pub fn finish(self, head: Option<Head>) -> std::result::Result<Head, Flaw> {
        let last = self.last;
        let Some(head) = head else {
            return Err(Flaw::Endless(last.seq + 1));
        };
        if head.seq > last.seq {
            return Err(Flaw::Missing(last.seq + 1));
        }
        if head.seq < last.seq {
            return Err(Flaw::Added(head.seq + 1));
        }
        if head.hash != last.hash {
            return Err(Flaw::Altered(last.seq));
        }
        match self.kept {
            Some(kept) if kept.seq > last.seq => Err(Flaw::Missing(last.seq + 1)),
            Some(kept) if kept.seq == 0 && kept.hash != GENESIS => Err(Flaw::Rewritten(0)),
            _ => Ok(last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(count: i64) -> (Vec<Entry>, Head) {
        let mut entries = Vec::new();
        let mut hash = GENESIS;
        for seq in 1..=count {
            let mut entry = Entry {
                seq,
                at: seq * 1000,
                actor: "alice".to_owned(),
                action: "edit".to_owned(),
                key_id: None,
                detail: "{}".to_owned(),
                hash: GENESIS,
            };
            hash = entry.link(&hash);
            entry.hash = hash;
            entries.push(entry);
        }
        (entries, Head { seq: count, hash })
    }

    fn walk(entries: &[Entry], head: Head, kept: Option<Head>) -> std::result::Result<Head, Flaw> {
        let mut chain = Chain::new(kept);
        for entry in entries {
            chain.step(entry)?;
        }
        chain.finish(Some(head))
    }

    #[test]
    fn a_log_as_it_was_written_is_whole() {
        for count in [0, 1, 5] {
            let (entries, head) = log(count);
            assert_eq!(walk(&entries, head, None), Ok(head));
            assert_eq!(walk(&entries, head, Some(head)), Ok(head));
        }
    }

    #[test]
    fn the_first_line_that_is_wrong_is_named() {
        let (entries, head) = log(5);
        let mut altered = entries.clone();
        altered[2].detail = "{\"x\":1}".to_owned();
        assert_eq!(walk(&altered, head, None), Err(Flaw::Altered(3)));
        let mut removed = entries.clone();
        removed.remove(2);
        assert_eq!(walk(&removed, head, None), Err(Flaw::Missing(3)));
        assert_eq!(walk(&entries[..4], head, None), Err(Flaw::Missing(5)));
        let mut swapped = entries.clone();
        swapped.swap(1, 2);
        (swapped[1].seq, swapped[2].seq) = (2, 3);
        assert_eq!(walk(&swapped, head, None), Err(Flaw::Altered(2)));
        let (longer, _) = log(6);
        assert_eq!(walk(&longer, head, None), Err(Flaw::Added(6)));
    }

    #[test]
    fn a_line_whose_number_was_taken_is_altered_even_if_it_is_chained() {
        let (mut entries, head) = log(5);
        let mut again = entries[4].clone();
        again.hash = again.link(&head.hash);
        let head = Head {
            seq: 5,
            hash: again.hash,
        };
        entries.push(again);
        assert_eq!(walk(&entries, head, None), Err(Flaw::Altered(5)));
    }

    #[test]
    fn a_chain_written_anew_needs_a_head_kept_elsewhere() {
        let (_, kept) = log(3);
        let (mut forged, _) = log(5);
        let mut hash = GENESIS;
        for entry in &mut forged {
            entry.actor = "mallory".to_owned();
            hash = entry.link(&hash);
            entry.hash = hash;
        }
        let head = Head { seq: 5, hash };
        assert_eq!(walk(&forged, head, None), Ok(head));
        assert_eq!(walk(&forged, head, Some(kept)), Err(Flaw::Rewritten(3)));
        let (short, short_head) = log(2);
        assert_eq!(walk(&short, short_head, Some(kept)), Err(Flaw::Missing(3)));
        // An empty log has only one valid head.
        let kept = Head { seq: 0, ..kept };
        assert_eq!(walk(&forged, head, Some(kept)), Err(Flaw::Rewritten(0)));
    }

    #[test]
    fn a_log_whose_head_is_gone_is_not_taken_for_whole() {
        for count in [0, 3] {
            let (entries, _) = log(count);
            let mut chain = Chain::new(None);
            for entry in &entries {
                chain.step(entry).unwrap();
            }
            assert_eq!(chain.finish(None), Err(Flaw::Endless(count + 1)));
        }
    }

    #[test]
    fn a_head_reads_back() {
        let (_, head) = log(3);
        assert_eq!(head.to_string().parse(), Ok(head));
        for bad in [
            "",
            "3",
            "3:",
            "-1:00",
            "x:00",
            &format!("{head}0"),
            &head.to_string().to_uppercase()[..],
        ] {
            assert!(bad.parse::<Head>().is_err(), "{bad:?} was accepted");
        }
    }
}
