//! Remarks as text for people, and as JSON.

use crate::called::Called;
use crate::output::json;
use crate::store::{DAMAGE, Remark, Remarks};
use serde::Serialize;
use std::fmt;
use std::io;

/// Most places of damage in the text.
const PLACES_MAX: usize = 5;

/// Report that prints remarks.
pub struct Report<'a>(pub &'a Remarks);

impl Report<'_> {
    /// Returns the report as text.
    pub fn text(&self, called: &Called) -> String {
        let lines = |title: &str, remarks: &[&Remark]| -> String {
            remarks
                .iter()
                .map(|remark| format!("{title}: {}\n{}", remark.message, hint(remark, called)))
                .collect()
        };
        let (damage, others): (Vec<&Remark>, Vec<&Remark>) = self
            .0
            .findings
            .iter()
            .partition(|finding| finding.code == DAMAGE);
        let damage = match damage[..] {
            [_, _, ..] => in_places(&damage, called),
            _ => lines("finding", &damage),
        };
        let notes: Vec<&Remark> = self.0.notes.iter().collect();
        damage + &lines("finding", &others) + &lines("note", &notes)
    }

    /// Returns the report as JSON: one object on a line.
    pub fn json(&self, called: &Called) -> io::Result<Vec<u8>> {
        let all = |remarks: &[Remark]| {
            remarks
                .iter()
                .map(|remark| fields(remark, called))
                .collect()
        };
        json::line(&ReportInJson {
            findings: all(&self.0.findings),
            notes: all(&self.0.notes),
        })
    }
}

/// Fields of the report in JSON.
#[derive(Serialize)]
struct ReportInJson {
    findings: Vec<FindingFields>,
    notes: Vec<FindingFields>,
}

/// Fields of a remark in JSON.
#[derive(Serialize)]
struct FindingFields {
    code: &'static str,
    message: String,
    hint: Option<String>,
}

fn fields(remark: &Remark, called: &Called) -> FindingFields {
    FindingFields {
        code: remark.code,
        message: remark.message.clone(),
        hint: remark.hint.as_ref().map(|hint| called.advice(hint)),
    }
}

/// Writes the numbers: `2 findings, 1 note`.
impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |count: usize, one: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {one}s"),
        };
        if self.0.findings.is_empty() && self.0.notes.is_empty() {
            return f.write_str("nothing found");
        }
        let damage = self
            .0
            .findings
            .iter()
            .filter(|it| it.code == DAMAGE)
            .count();
        write!(
            f,
            "{}, {}",
            count(self.0.findings.len() - damage.saturating_sub(1), "finding"),
            count(self.0.notes.len(), "note")
        )
    }
}

/// Describes damage in several places as one finding.
fn in_places(damage: &[&Remark], called: &Called) -> String {
    // The last line of a list that the store has cut.
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
    text + &damage
        .iter()
        .map(|place| hint(place, called))
        .collect::<String>()
}

fn hint(remark: &Remark, called: &Called) -> String {
    let hint = remark.hint.as_ref();
    hint.map_or_else(String::new, |hint| {
        format!("  hint: {}\n", called.advice(hint))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hint::Hint;

    #[test]
    fn damage_in_several_places_is_one_finding_for_people_and_each_for_programs() {
        let called = Called::by(&[]);
        let mut remarks = Remarks::default();
        remarks.finding("log", "the log is broken", "compare it");
        for place in 1..=7 {
            let hint = (place == 7).then(|| Hint::from("restore a backup"));
            remarks.finding(DAMAGE, format!("page {place}"), hint);
        }
        assert_eq!(
            Report(&remarks).text(&called),
            "finding: the store is damaged (7 places)\n  page 1\n  page 2\n  page 3\n  page 4\n  page 5\n  \
             and 2 more (--format json has them)\n  hint: restore a backup\n\
             finding: the log is broken\n  hint: compare it\n"
        );
        assert_eq!(Report(&remarks).to_string(), "2 findings, 0 notes");
        let json = String::from_utf8(Report(&remarks).json(&called).unwrap()).unwrap();
        assert_eq!(json.matches("\"damage\"").count(), 7);
        remarks.findings.truncate(2);
        assert!(
            Report(&remarks)
                .text(&called)
                .starts_with("finding: page 1\n")
        );
    }
}
