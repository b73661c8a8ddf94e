//! The text format of Prometheus, version 0.0.4, read by what its documentation says, and by `promtool`
//! where that is.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details>

use crate::exe::harness::{run_with, skipped};
use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// Labels of a series: names and values.
pub type Labels = Vec<(String, String)>;

/// A metric: its help, its type and its series.
#[derive(Debug, Default, PartialEq)]
pub struct Metric {
    pub help: String,
    pub kind: String,
    /// Values by the labels, which are sorted by their names.
    pub series: BTreeMap<Labels, f64>,
}

/// The metrics of a text, by name.
#[derive(Debug, Default, PartialEq)]
pub struct Exposition(pub BTreeMap<String, Metric>);

impl Exposition {
    /// Reads `text`, which must be of the format, with help and type before the series of each metric, and as a
    /// textfile collector takes it: without times, and each series once.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut all = Exposition::default();
        let (mut helped, mut current) = (String::new(), String::new());
        let text = match text.strip_suffix('\n') {
            Some(text) => text,
            None if text.is_empty() => return Ok(all),
            None => return Err("no line feed at the end".to_owned()),
        };
        for line in text.split('\n') {
            let wrong = |what: &str| format!("{what}: {line:?}");
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').ok_or(wrong("no help"))?;
                let help = unescaped(help, "\\").ok_or(wrong("a wrong escape"))?;
                if !is_name(name, true) || help.is_empty() {
                    return Err(wrong("no name or no help"));
                }
                let metric = Metric {
                    help,
                    ..Metric::default()
                };
                if all.0.insert(name.to_owned(), metric).is_some() {
                    return Err(wrong("a second help"));
                }
                helped = name.to_owned();
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').ok_or(wrong("no type"))?;
                if name != helped || !["gauge", "counter"].contains(&kind) {
                    return Err(wrong("no help before, or no such type"));
                }
                let metric = all.0.get_mut(name).unwrap();
                if !metric.kind.is_empty() {
                    return Err(wrong("a second type"));
                }
                metric.kind = kind.to_owned();
                current = name.to_owned();
            } else {
                let (name, labels, value) = sample(line).ok_or(wrong("no sample"))?;
                if name != current {
                    return Err(wrong("not below its own help and type"));
                }
                let series = &mut all.0.get_mut(name).unwrap().series;
                if series.insert(labels, value).is_some() {
                    return Err(wrong("a second time"));
                }
            }
        }
        let odd = all.0.iter().find(|(name, metric)| {
            metric.series.is_empty() || (metric.kind == "counter") != name.ends_with("_total")
        });
        match odd {
            Some((name, _)) => Err(format!("{name}: no series, or a name of another type")),
            None => Ok(all),
        }
    }

    /// The value of a series, written as in the text with its labels sorted; `None` if there is none.
    pub fn value(&self, series: &str) -> Option<f64> {
        let line = format!("{series} 0");
        let (name, labels, _) = sample(&line).unwrap();
        self.0.get(name)?.series.get(&labels).copied()
    }

    /// All series whose value is not 0, as they would be written.
    pub fn others_than_zero(&self) -> Vec<String> {
        let series = self.0.iter().flat_map(|(name, metric)| {
            let series = metric.series.iter().filter(|(_, value)| **value != 0.0);
            series.map(move |(labels, value)| (name, labels, value))
        });
        let written = series.map(|(name, labels, value)| {
            let labels = labels.iter().map(|(key, word)| format!("{key}={word:?}"));
            let labels = labels.collect::<Vec<_>>().join(",");
            match labels.is_empty() {
                true => format!("{name} {value}"),
                false => format!("{name}{{{labels}}} {value}"),
            }
        });
        written.collect()
    }
}

/// Has Prometheus' own tool check `text`, if it is here.
#[track_caller]
pub fn check_with_promtool(text: &str) {
    let mut promtool = Command::new("promtool");
    promtool
        .args(["check", "metrics"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if has_promtool() {
        run_with(&mut promtool, text).code(0).stdout("").stderr("");
    }
}

/// Whether `promtool` is here; says so if not.
pub fn has_promtool() -> bool {
    let ran = Command::new("promtool").arg("--version").output();
    let is_here = ran.is_ok_and(|output| output.status.success());
    if !is_here {
        skipped("needs promtool");
    }
    is_here
}

/// Reads `NAME VALUE` or `NAME{LABEL="VALUE",…} VALUE`.
fn sample(line: &str) -> Option<(&str, Labels, f64)> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"")?;
            let end = closing_quote(after)?;
            let value = unescaped(&after[..end], "\\\"")?;
            if !is_name(label, false) || label.starts_with("__") {
                return None;
            }
            labels.push((label.to_owned(), value));
            rest = &after[end + 1..];
            rest = match rest.strip_prefix(',') {
                Some(rest) if !rest.starts_with('}') => rest,
                Some(_) => return None,
                None if rest.starts_with('}') => rest,
                None => return None,
            };
        }
        rest = rest.strip_prefix('}')?;
    }
    labels.sort();
    let is_double = labels.windows(2).any(|pair| pair[0].0 == pair[1].0);
    let value: f64 = rest.strip_prefix(' ')?.parse().ok()?;
    (is_name(name, true) && !is_double).then_some((name, labels, value))
}

/// Whether `name` is one of a metric, or of a label, which has no colons.
fn is_name(name: &str, with_colons: bool) -> bool {
    let is_in = |c: char| c.is_ascii_alphanumeric() || c == '_' || (with_colons && c == ':');
    !name.is_empty() && name.chars().all(is_in) && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// `text` without escapes: of a line feed, and of each character in `escaped`.
fn unescaped(text: &str, escaped: &str) -> Option<String> {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                c if escaped.contains(c) => c,
                _ => return None,
            },
            c => c,
        });
    }
    Some(plain)
}

#[test]
fn read_refuses_what_prometheus_does() {
    let good = "# HELP a A \\\\ thing.\n# TYPE a gauge\na{x=\"1,\\\"}\\n\",y=\"\"} 1e3\na -1\n";
    let all = Exposition::read(good).unwrap();
    assert_eq!(all.0["a"].help, "A \\ thing.");
    assert_eq!(all.value("a{y=\"\",x=\"1,\\\"}\\n\"}"), Some(1000.0));
    assert_eq!(all.value("a"), Some(-1.0));
    assert_eq!(all.value("b"), None);
    let head = "# HELP a A.\n# TYPE a gauge\n";
    for wrong in [
        "a 1",
        "a",
        "a 1 2\n",
        "\na 1\n",
        "b 1\n",
        "a{} 1\n# HELP a A.\n",
        "a 1\na 2\n",
        "a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n",
        "a{x=\"1\",x=\"2\"} 1\n",
        "a{x=\"\\t\"} 1\n",
        "a{x=\"1\" 1\n",
        "a{x=1} 1\n",
        "a{1=\"1\"} 1\n",
        "a{__x=\"1\"} 1\n",
        "a{x=\"1\",} 1\n",
        "a one\n",
        "a 1\n# HELP b B.\n# TYPE b counter\nb 1\n",
        "a 1\n# HELP b B.\n# TYPE b gauge\n",
        "a 1\n# TYPE b gauge\nb 1\n",
    ] {
        let read = Exposition::read(&format!("{head}{wrong}"));
        assert!(read.is_err(), "{wrong:?}: {read:?}");
    }
}
