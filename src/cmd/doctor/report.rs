//! Remarks as text for people, and as JSON.

use crate::called::Called;
use crate::output::json;
use crate::store::{Address, DAMAGE, Remark, Remarks};
use serde::Serialize;
use std::io;

/// Most places of damage in the text.
const PLACES_MAX: usize = 5;

/// Returns the remarks as text.
pub fn text(remarks: &Remarks, called: &Called) -> String {
    let lines = |title: &str, remarks: &[&Remark]| -> String {
        let line = |remark: &&Remark| {
            let hint = hint(remark, called);
            format!("{title}: {}\n{hint}", remark.message)
        };
        remarks.iter().map(line).collect()
    };
    let is_damage = |finding: &&Remark| finding.code == DAMAGE;
    let (damage, others): (Vec<_>, Vec<_>) = remarks.findings.iter().partition(is_damage);
    let damage = match damage[..] {
        [_, _, ..] => in_places(&damage, called),
        _ => lines("finding", &damage),
    };
    let notes: Vec<&Remark> = remarks.notes.iter().collect();
    damage + &lines("finding", &others) + &lines("note", &notes)
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
    let hints = damage.iter().map(|place| hint(place, called));
    text + &hints.collect::<String>()
}

fn hint(remark: &Remark, called: &Called) -> String {
    let hint = remark.hint.as_ref();
    hint.map_or_else(String::new, |hint| {
        format!("  hint: {}\n", called.advice(hint))
    })
}

/// Remarks in JSON.
#[derive(Serialize)]
struct RemarksInJson<'a> {
    findings: Vec<RemarkInJson<'a>>,
    notes: Vec<RemarkInJson<'a>>,
    store: String,
}

/// Remark in JSON.
#[derive(Serialize)]
struct RemarkInJson<'a> {
    code: &'a str,
    message: &'a str,
    hint: Option<String>,
}

/// Returns the remarks as JSON: one object on a line.
pub fn json<'a>(remarks: &'a Remarks, store: &Address, called: &Called) -> io::Result<Vec<u8>> {
    let fields = |remark: &'a Remark| RemarkInJson {
        code: remark.code,
        message: &remark.message,
        hint: remark.hint.as_ref().map(|hint| called.advice(hint)),
    };
    json::line(&RemarksInJson {
        findings: remarks.findings.iter().map(fields).collect(),
        notes: remarks.notes.iter().map(fields).collect(),
        store: store.to_string(),
    })
}

/// Returns the numbers of findings and notes: `2 findings, 1 note`. Damage in several places is one finding.
pub fn summary(remarks: &Remarks) -> String {
    let count = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    };
    let damage = remarks.findings.iter();
    let damage = damage.filter(|finding| finding.code == DAMAGE).count();
    match (remarks.findings.len(), remarks.notes.len()) {
        (0, 0) => "nothing found".to_owned(),
        (findings, notes) => format!(
            "{}, {}",
            count(findings - damage.saturating_sub(1), "finding"),
            count(notes, "note")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hint::Hint;
    use std::path::Path;

    #[test]
    fn damage_in_several_places_is_one_finding_for_people_and_each_for_programs() {
        let called = Called::by(&[]);
        let store = Address::of_file(Path::new("/k.db")).unwrap();
        let mut remarks = Remarks::default();
        remarks.finding("log", "the log is broken", "compare it");
        for place in 1..=7 {
            let hint = (place == 7).then(|| Hint::from("restore a backup"));
            remarks.finding(DAMAGE, format!("page {place}"), hint);
        }
        assert_eq!(
            text(&remarks, &called),
            "finding: the store is damaged (7 places)\n  page 1\n  page 2\n  page 3\n  page 4\n  page 5\n  \
             and 2 more (--format json has them)\n  hint: restore a backup\n\
             finding: the log is broken\n  hint: compare it\n"
        );
        assert_eq!(summary(&remarks), "2 findings, 0 notes");
        let line = String::from_utf8(json(&remarks, &store, &called).unwrap()).unwrap();
        assert_eq!(line.matches("\"damage\"").count(), 7);
        remarks.findings.truncate(2);
        assert!(text(&remarks, &called).starts_with("finding: page 1\n"));
    }
}
