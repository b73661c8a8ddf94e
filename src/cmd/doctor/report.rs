//! What a doctor has to say.

use crate::output::json;
use serde::Serialize;
use std::fmt;
use std::io;

/// The code of what is wrong with the store's content.
pub const DAMAGE: &str = "damage";

/// How many places of damage people are shown.
const PLACES_MAX: usize = 5;

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The word that a script goes by.
    pub code: &'static str,
    /// What is so; one line, no full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// All that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What is to be mended.
    pub findings: Vec<Remark>,
    /// What is only to be known.
    pub notes: Vec<Remark>,
}

impl Report {
    /// Adds what is to be mended.
    pub fn finding<'a>(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<Option<&'a str>>,
    ) {
        self.findings
            .push(remark(code, message.into(), hint.into()));
    }

    /// Adds what is only to be known.
    pub fn note<'a>(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<Option<&'a str>>,
    ) {
        self.notes.push(remark(code, message.into(), hint.into()));
    }

    /// The same with each hint as `tell` puts it.
    #[must_use]
    pub fn told(mut self, tell: impl Fn(&str) -> String) -> Self {
        for remark in self.findings.iter_mut().chain(&mut self.notes) {
            remark.hint = remark.hint.as_deref().map(&tell);
        }
        self
    }

    /// The report for people.
    pub fn text(&self) -> String {
        let lines = |title: &str, remarks: &[&Remark]| -> String {
            remarks
                .iter()
                .map(|remark| format!("{title}: {}\n{}", remark.message, hint(remark)))
                .collect()
        };
        let (damage, others): (Vec<&Remark>, Vec<&Remark>) = self
            .findings
            .iter()
            .partition(|finding| finding.code == DAMAGE);
        let damage = match damage[..] {
            [_, _, ..] => in_places(&damage),
            _ => lines("finding", &damage),
        };
        let notes: Vec<&Remark> = self.notes.iter().collect();
        damage + &lines("finding", &others) + &lines("note", &notes)
    }

    /// The report for programs: one JSON object on a line.
    pub fn json(&self) -> io::Result<Vec<u8>> {
        json::line(self)
    }
}

/// How much there is: `2 findings, 1 note`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |count: usize, one: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {one}s"),
        };
        if self.findings.is_empty() && self.notes.is_empty() {
            return f.write_str("nothing found");
        }
        let damage = self.findings.iter().filter(|it| it.code == DAMAGE).count();
        write!(
            f,
            "{}, {}",
            count(self.findings.len() - damage.saturating_sub(1), "finding"),
            count(self.notes.len(), "note")
        )
    }
}

/// Damage in several places, as the one finding that it is for whoever has to act on it.
fn in_places(damage: &[&Remark]) -> String {
    // The store ends a long list with this.
    let is_cut = damage.last().is_some_and(|last| last.message == "and more");
    let (count, or_more) = match is_cut {
        true => (damage.len() - 1, " or more"),
        false => (damage.len(), ""),
    };
    let mut text = format!("finding: the store is damaged ({count} places{or_more})\n");
    for place in damage.iter().take(PLACES_MAX.min(count)) {
        text.push_str(&format!("  {}\n", place.message));
    }
    if count > PLACES_MAX {
        let more = count - PLACES_MAX;
        text.push_str(&format!("  and {more} more (--format json has them)\n"));
    }
    text + &damage.iter().copied().map(hint).collect::<String>()
}

fn hint(remark: &Remark) -> String {
    let hint = remark.hint.as_ref();
    hint.map_or_else(String::new, |hint| format!("  hint: {hint}\n"))
}

fn remark(code: &'static str, message: String, hint: Option<&str>) -> Remark {
    Remark {
        code,
        message,
        hint: hint.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_in_several_places_is_one_finding_for_people_and_each_for_programs() {
        let mut report = Report::default();
        report.finding("log", "the log is broken", "compare it");
        for place in 1..=7 {
            let hint = (place == 7).then_some("restore a backup");
            report.finding(DAMAGE, format!("page {place}"), hint);
        }
        assert_eq!(
            report.text(),
            "finding: the store is damaged (7 places)\n  page 1\n  page 2\n  page 3\n  page 4\n  page 5\n  \
             and 2 more (--format json has them)\n  hint: restore a backup\n\
             finding: the log is broken\n  hint: compare it\n"
        );
        assert_eq!(report.to_string(), "2 findings, 0 notes");
        let json = String::from_utf8(report.json().unwrap()).unwrap();
        assert_eq!(json.matches("\"damage\"").count(), 7);
        report.findings.truncate(2);
        assert!(report.text().starts_with("finding: page 1\n"));
    }
}
