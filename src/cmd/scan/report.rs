//! Report of a scan.

use super::findings::{Findings, Found};
use crate::cmd::Cx;
use crate::error::Result;
use crate::hint::{Hint, run};
use crate::key::State;
use crate::output::{Finding, ListFormat, buffered, write_findings};
use crate::scan::Tally;

/// Report of a scan.
pub struct Report<'a> {
    /// Result.
    pub findings: &'a Findings,
    /// Extent of the search.
    pub tally: Tally,
    /// Output format.
    pub format: ListFormat,
}

impl Report<'_> {
    /// Prints what was found, and a summary on standard error.
    pub fn print(&self, cx: &mut Cx<'_>) -> Result<()> {
        let (found, now) = (&self.findings.found, self.findings.now);
        let style = cx.style();
        let lines = found.iter().flat_map(lines);
        let left_out = buffered(&mut *cx.env.stdout, |out| {
            write_findings(lines, self.format, out, style, now)
        })?;
        for found in found.iter().filter(|found| found.more > 0) {
            if let Some(id) = found.id {
                cx.notice(format_args!("{id} is in {} more places", found.more));
            }
        }
        if let Some(error) = &self.findings.stale {
            cx.notice(format_args!(
                "warning: {error}; keys are shown as they were when they were found"
            ));
        }
        for id in &self.findings.damaged {
            cx.notice(format_args!(
                "{id} is damaged: whether one of its tokens was found is unknown"
            ));
            cx.notice_hint(
                run!("doctor")
                    .in_quotes()
                    .and(" says what is wrong with it"),
            );
        }
        cx.status(self.summary());
        cx.note_left_out(&left_out.unwrap_or_default());
        if self.findings.strangers > 0 {
            cx.hint(self.strangers());
        }
        if let Some(advice) = self.advice() {
            cx.hint(advice);
        }
        Ok(())
    }

    fn summary(&self) -> String {
        let found = &self.findings.found;
        let of_keys = found.iter().filter(|found| found.key.is_some()).count();
        let usable = self.usable().count();
        let unknown = found.len() - of_keys;
        let tokens = match of_keys {
            0 => "no token of this store".to_owned(),
            1 => format!(
                "1 token of this store, {}",
                if usable == 1 {
                    "which works"
                } else {
                    "which no longer works"
                }
            ),
            count => format!("{count} tokens of this store, {usable} of which work"),
        };
        let unknown = match unknown {
            0 => String::new(),
            count => format!(", {count} unknown"),
        };
        let places: u64 = found
            .iter()
            .map(|found| found.places.len() as u64 + found.more)
            .sum();
        let places = match places {
            0 => String::new(),
            1 => ", in 1 place".to_owned(),
            count => format!(", in {count} places"),
        };
        let files = match self.tally.files {
            1 => "1 file".to_owned(),
            files => format!("{files} files"),
        };
        format!(
            "{tokens}{unknown}{places}; searched {files}, {}",
            size(self.tally.bytes)
        )
    }

    /// Keys that still work.
    fn usable(&self) -> impl Iterator<Item = &Found> {
        let works = |found: &&Found| {
            let key = found.key.as_ref();
            key.is_some_and(|key| key.is_usable(self.findings.now))
        };
        self.findings.found.iter().filter(works)
    }

    fn strangers(&self) -> Hint {
        Hint::from(match self.findings.strangers {
            1 => "1 place holds a token that is not of this store; --unknown lists it".to_owned(),
            count => format!(
                "{count} places hold tokens that are not of this store; --unknown lists them"
            ),
        })
    }

    /// Advice to stop the keys that still work, or to replace them. A disabled key cannot be rotated, so it is one or the other.
    fn advice(&self) -> Option<Hint> {
        let mut usable = self.usable().filter_map(|found| found.key.as_ref());
        let first = usable.next()?;
        Some(match usable.next() {
            None if first.state(self.findings.now) == State::PhasedOut => {
                Hint::from("to stop it: ").and(run!("disable {}", first.id))
            }
            None => Hint::from("to stop it: ")
                .and(run!("disable {}", first.id))
                .and("; to replace it at once: ")
                .and(run!("rotate {} --grace 0s", first.id)),
            Some(_) => Hint::from("to stop them, pipe the output of --format ids into ")
                .and(run!("disable -").in_quotes())
                .and("; to replace one at once: ")
                .and(run!("rotate KEY --grace 0s")),
        })
    }
}

/// Lines of a list about one token: one for each place.
fn lines(found: &Found) -> impl Iterator<Item = Finding<'_>> {
    let places = found.places.iter();
    places.filter_map(|place| {
        Some(Finding {
            id: found.id?,
            key: found.key.as_ref(),
            place,
        })
    })
}

/// Text for a number of bytes: in the largest decimal unit of which it has one.
fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let tenths = bytes / (unit / 10);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} bytes"),
    }
}
