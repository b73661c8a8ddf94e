//! `docs/metrics`: the units, the rules and the dashboard for `keyctl metrics`. No systemd, Prometheus or Grafana
//! runs here: their own tools read the files, and each expression in them must find series that keyctl writes.

use super::systemd::{finds_nothing_wrong, installed, makes_no_forbidden_call, setting};
use super::{block, blocks, doc, is_here, page, yaml};
use crate::exe::harness::{Site, mode, run, run_with};
use crate::harness::exposition::{Exposition, has_promtool};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const SERVICE: &str = "metrics/keyctl-metrics.service";
const BACKUP: &str = "metrics/backup.sh";

#[track_caller]
fn read(path: impl AsRef<Path>) -> Exposition {
    Exposition::read(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The service's command with this program, this site's store and a file in it.
fn command(site: &Site) -> String {
    let line = setting(SERVICE, "ExecStart");
    let (program, db) = ("/usr/local/bin/keyctl ", "/srv/keyctl/keyctl.db");
    let directory = "/run/keyctl-metrics/";
    assert!(line.starts_with(program) && line.contains(db) && line.contains(directory));
    line.replace(program, "keyctl ")
        .replace(db, site.db().to_str().unwrap())
        .replace(directory, "")
}

/// A site with a key that stops soon, one in its grace, and a backup that was told of.
fn site() -> Site {
    let site = Site::cheap();
    site.run("create --scope inference --name soon --expires 5d");
    site.run("create --scope project --name web");
    site.run("rotate web --grace 1d");
    fs::create_dir(site.path("backups")).unwrap();
    run(site.recipe("sh", BACKUP).args(["backups", "backup.prom"])).code(0);
    site
}

/// All series that this page speaks of: those of `keyctl metrics` and of the script.
fn written() -> Exposition {
    let site = site();
    let mut all = Exposition::read(&site.run("metrics").stdout).unwrap();
    all.0.append(&mut read(site.path("backup.prom")).0);
    all
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let site = Site::new();
    let set_up = blocks(&page("metrics"), "sh").swap_remove(0);
    if installed(&site, "metrics", &set_up, &["local/bin/keyctl"]) {
        finds_nothing_wrong(&site, &["keyctl-metrics.timer", "keyctl-metrics.service"]);
    }
    if is_here("systemd-analyze", &["--version"]) {
        let when = setting("metrics/keyctl-metrics.timer", "OnCalendar");
        let mut calendar = site.clean("systemd-analyze");
        let ran = run(calendar.args(["calendar", &when])).code(0);
        assert!(ran.stdout.contains("Normalized form: *-*-* *:00/5:00\n"));
    }
}

#[test]
fn the_service_writes_the_file_where_the_link_leads_and_makes_no_forbidden_call() {
    let site = site();
    let line = command(&site);
    run(&mut site.sh(&line)).code(0).stdout("").stderr("");
    assert!(
        read(site.path("keyctl.prom"))
            .value("keyctl_damaged_keys")
            .is_some()
    );
    let mut again = site.clean("keyctl");
    again.args(line.split(' ').skip(1));
    makes_no_forbidden_call(SERVICE, &again, 0);

    let directory = setting(SERVICE, "RuntimeDirectory");
    let file = format!("/run/{directory}/keyctl.prom");
    assert!(setting(SERVICE, "ExecStart").ends_with(&format!(" --output {file}")));
    assert!(page("metrics").contains(&format!("\nln -s {file} /var/lib/")));
    // Else the file would go when the service has ended, or the collector could not come to it.
    assert_eq!(setting(SERVICE, "RuntimeDirectoryPreserve"), "yes");
    assert_eq!(setting(SERVICE, "RuntimeDirectoryMode"), "0755");
}

#[test]
fn the_line_for_cron_writes_the_file() {
    let site = site();
    let line = block("metrics", "crontab");
    let line = line.strip_prefix("*/5 * * * * keys ").unwrap();
    let line = line
        .replace("/srv/keyctl/keyctl.db", "keyctl.db")
        .replace("/var/lib/prometheus/node-exporter/", "");
    run(&mut site.sh(&line)).code(0).stdout("").stderr("");
    assert_eq!(mode(site.path("keyctl.prom")), 0o644);
}

#[test]
fn files_of_two_stores_have_no_series_in_common() {
    let site = Site::cheap();
    let script = &blocks(&page("metrics"), "sh")[1];
    run(&mut site.sh("cp keyctl.db test.db && cp keyctl.db production.db")).code(0);
    run(&mut site.sh(&format!("set -e\n{script}"))).code(0);
    let (test, production) = (
        read(site.path("test.keyctl.prom")),
        read(site.path("production.keyctl.prom")),
    );
    for (name, metric) in &test.0 {
        let other = &production.0[name];
        assert_eq!((&metric.help, &metric.kind), (&other.help, &other.kind));
        let both = metric
            .series
            .keys()
            .find(|labels| other.series.contains_key(*labels));
        assert_eq!(both, None, "{name}");
    }
}

#[test]
fn the_backup_script_tells_of_a_backup_that_was_made_and_of_no_other() {
    let site = site();
    let series = "keyctl_last_backup_timestamp_seconds";
    let told = || read(site.path("backup.prom")).value(series).unwrap();
    let made = fs::read_dir(site.path("backups")).unwrap().count();
    assert_eq!(made, 1);
    assert!(told() > 1.7e9);
    assert_eq!(mode(site.path("backup.prom")), 0o644);
    assert!(!site.path("backup.prom.new").exists());
    // A time that no run could write.
    let text = fs::read_to_string(site.path("backup.prom")).unwrap();
    let (head, _) = text.trim_end().rsplit_once(' ').unwrap();
    fs::write(site.path("backup.prom"), format!("{head} 1\n")).unwrap();
    run(site.recipe("sh", BACKUP).args(["missing", "backup.prom"])).code(5);
    assert!((told() - 1.0).abs() < 0.5);
    fs::remove_dir_all(site.path("backups")).unwrap();
    fs::create_dir(site.path("backups")).unwrap();
    run(site.recipe("sh", BACKUP).args(["backups", "backup.prom"])).code(0);
    assert!(told() > 1.7e9);
    run(site.recipe("sh", BACKUP).arg("backups"))
        .code(64)
        .says("usage: ");
    // As the page runs it.
    let line = blocks(&page("metrics"), "sh").pop().unwrap();
    let [script, directory, file] =
        <[&str; 3]>::try_from(line.split_whitespace().collect::<Vec<_>>()).unwrap();
    assert!(script == "./backup.sh" && directory.starts_with('/') && file.ends_with(".prom"));
}

#[test]
fn prometheus_finds_nothing_wrong_with_the_rules_and_their_tests_pass() {
    if !has_promtool() {
        return;
    }
    let site = Site::new();
    let script = &blocks(&page("metrics"), "sh")[2];
    let ran = run(&mut site.beside("metrics", &format!("set -e\n{script}"))).code(0);
    assert!(ran.stdout.contains("rules found"), "{ran:?}");
    let (Some(rules), Some(tests)) = (
        yaml(&doc("metrics/alerts.yml")),
        yaml(&doc("metrics/alerts_test.yml")),
    ) else {
        return;
    };
    let names = |value: &Value, name: &str| -> BTreeSet<String> {
        let found = strings(value).into_iter();
        let found = found.filter(|(key, _)| key == name);
        found.map(|(_, value)| value).collect()
    };
    let fired: Vec<Value> = tests["tests"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|test| test["alert_rule_test"].as_array().unwrap().clone())
        .filter(|test| test["exp_alerts"].is_array())
        .collect();
    assert_eq!(
        names(&rules, "alert"),
        names(&Value::from(fired), "alertname")
    );
}

#[test]
fn every_expression_of_the_rules_finds_series_that_are_written() {
    let Some(rules) = yaml(&doc("metrics/alerts.yml")) else {
        return;
    };
    let found: Vec<(String, String)> = strings(&rules)
        .into_iter()
        .filter(|(key, _)| key == "expr")
        .collect();
    assert!(found.len() >= 10, "{found:?}");
    let written = written();
    for (_, expression) in found {
        // The collector's own.
        if !expression.contains("node_textfile_mtime_seconds") {
            finds_series(&written, &expression);
        }
    }
}

#[test]
fn every_expression_of_the_dashboard_is_valid_and_finds_series_that_are_written() {
    let text = fs::read_to_string(doc("metrics/dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let found = strings(&dashboard);
    let of = |name: &str| -> Vec<&str> {
        let of = found.iter().filter(|(key, _)| key == name);
        of.map(|(_, value)| &**value).collect()
    };
    let expressions = of("expr");
    assert!(expressions.len() >= 8, "{expressions:?}");
    let written = written();
    for expression in expressions.iter().copied().chain(of("definition")) {
        finds_series(&written, expression);
    }
    // Panels are where they do not cover each other, and each has a number of its own.
    let panels = dashboard["panels"].as_array().unwrap();
    let numbers: BTreeSet<i64> = panels
        .iter()
        .map(|panel| panel["id"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers.len(), panels.len());
    let mut cells = BTreeSet::new();
    for panel in panels {
        let at = |name: &str| panel["gridPos"][name].as_i64().unwrap();
        assert!(at("x") + at("w") <= 24, "{panel}");
        for (x, y) in (0..at("w")).flat_map(|x| (0..at("h")).map(move |y| (x, y))) {
            assert!(cells.insert((at("x") + x, at("y") + y)), "{panel}");
        }
    }
    if has_promtool() {
        let rule = |(number, expression): (usize, &&str)| {
            let expression = serde_json::to_string(expression).unwrap();
            format!("      - {{record: 'a:b{number}', expr: {expression}}}\n")
        };
        let rules: String = expressions.iter().enumerate().map(rule).collect();
        let site = Site::new();
        let mut check = site.clean("promtool");
        check.args(["check", "rules", "/dev/stdin"]);
        let rules = format!("groups:\n  - name: all\n    rules:\n{rules}");
        run_with(&mut check, rules).code(0);
    }
}

#[test]
fn the_page_has_a_line_for_each_metric_with_its_labels() {
    let page = page("metrics");
    let mut rows: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(metric, _)| metric)
        .collect();
    rows.sort_unstable();
    let site = site();
    let all = Exposition::read(&site.run("metrics").stdout).unwrap();
    let written: Vec<String> = all
        .0
        .iter()
        .map(|(name, metric)| {
            let labels = metric.series.keys().next().unwrap();
            let labels: Vec<&str> = labels.iter().map(|(label, _)| &**label).collect();
            match labels.is_empty() {
                true => name.clone(),
                false => format!("{name}{{{}}}", labels.join(",")),
            }
        })
        .collect();
    assert_eq!(rows, written);
}

/// All texts in `value`, each with the name of the field that it is in.
fn strings(value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    match value {
        Value::Array(items) => found.extend(items.iter().flat_map(strings)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) => found.push((name.clone(), text.to_owned())),
                    None => found.extend(strings(value)),
                }
            }
        }
        _ => {}
    }
    found
}

/// Each metric in `expression` is one that is written, with each label and value that is asked for.
#[track_caller]
fn finds_series(written: &Exposition, expression: &str) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts: Vec<usize> = expression
        .match_indices("keyctl_")
        .map(|(at, _)| at)
        .collect();
    assert!(!starts.is_empty(), "{expression}");
    for start in starts {
        let rest = &expression[start..];
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let metric = written.0.get(name);
        let metric = metric.unwrap_or_else(|| panic!("no {name}: {expression}"));
        let has = |label: &str, wanted: &str| {
            let mut labels = metric.series.keys().flatten();
            labels.any(|(name, value)| name == label && (wanted.is_empty() || value == wanted))
        };
        let (by, _) = expression[..start]
            .rsplit_once("by (")
            .map_or(("", ""), |(_, by)| by.split_once(')').unwrap());
        for label in by.split(", ").filter(|label| !label.is_empty()) {
            assert!(has(label, ""), "{label}: {expression}");
        }
        let Some((matchers, _)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'))
        else {
            continue;
        };
        for matcher in matchers.split(',') {
            let (label, value) = matcher.split_once('=').unwrap();
            let value = value.trim_start_matches('~').trim_matches('"');
            // What Prometheus adds, and a choice of the dashboard.
            if (label, value) == ("instance", "$instance") {
                continue;
            }
            for value in value.split('|') {
                assert!(has(label, value), "{label}={value}: {expression}");
            }
        }
    }
}
