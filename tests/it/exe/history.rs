//! Questions about what was done, each answered by one command.

use super::harness::{Site, run};
use crate::harness::{Ran, id_of};
use serde_json::Value;
use std::process::Command;

/// The actions that a `log --format jsonl` shows, in order.
#[track_caller]
fn actions(ran: &Ran) -> String {
    let actions = ran.stdout.lines().map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["action"].as_str().unwrap().to_owned()
    });
    actions.collect::<Vec<_>>().join(" ")
}

/// The date of today, or of some days before, in UTC.
fn date(days_ago: u32) -> String {
    let mut command = Command::new("date");
    let date = command.args(["-u", "+%F", "-d", &format!("{days_ago} days ago")]);
    let output = date.output().unwrap();
    Ran::from(output).code(0).stdout.trim_end().to_owned()
}

/// The user who runs the tests, as the program knows them.
fn user(site: &Site) -> String {
    let admins = site.run("admin list --format json").stdout;
    let admins: Value = serde_json::from_str(&admins).unwrap();
    admins[0]
        .as_str()
        .or(admins[0]["user"].as_str())
        .unwrap()
        .to_owned()
}

#[test]
fn who_made_a_key_is_the_first_line_of_its_log_through_every_rotation() {
    let site = Site::new();
    site.run("create --scope inference --name ci");
    site.run("rotate ci");
    let rotated = site.run("rotate ci --format json").stdout;
    let user = user(&site);
    let log = site.run("log --key ci --format lines");
    let first = log.stdout.lines().next().unwrap();
    assert!(
        first.contains(&format!("create by {user}, key ")),
        "{first}"
    );
    assert!(first.contains(", name ci, "), "{first}");
    assert!(
        log.stderr
            .starts_with("5 events of 3 keys that replaced one another"),
        "{log:#?}"
    );
    let id = serde_json::from_str::<Value>(&rotated).unwrap()["id"].clone();
    let own = site.run(&format!(
        "log --key {} --only --format jsonl",
        id.as_str().unwrap()
    ));
    assert_eq!(actions(&own), "create");
}

#[test]
fn who_changed_the_scopes_and_why_is_in_show_and_in_the_log() {
    let site = Site::new();
    site.run("create --scope inference --name ci");
    site.run("edit ci --add-scope project -m training");
    let user = user(&site);
    let shown = site.run("show ci").stdout;
    assert!(
        shown.contains(&format!(
            " edit by {user}: training\n    scopes: inference → inference,project\n"
        )),
        "{shown}"
    );
    site.run("rotate ci");
    let log = site.run("log --key ci --action edit --format json").stdout;
    let log: Value = serde_json::from_str(&log).unwrap();
    assert_eq!(log.as_array().unwrap().len(), 1);
    assert_eq!(log[0]["key_name"], "ci");
    assert_eq!(log[0]["detail"]["reason"], "training");
}

#[test]
fn what_happened_on_a_day_is_what_since_and_until_of_it_show() {
    let site = Site::new();
    let first_day = date(0);
    site.run("create --scope inference --name ci");
    site.run("disable ci");
    let last_day = date(0);
    let log = |since: &str, until: &str| {
        site.run(&format!(
            "log --since {since} --until {until} --format jsonl"
        ))
    };
    assert_eq!(actions(&log(&first_day, &last_day)), "init create disable");
    // The test may run at midnight.
    assert_eq!(actions(&log("yesterday", "today")), "init create disable");
    // Before midnight on the day before.
    assert_eq!(actions(&log(&date(30), &date(2))), "");
    let csv = site.run(&format!("log --since {first_day} --format csv"));
    assert_eq!(csv.stdout.lines().count(), 4);
    run(&mut site.cmd(&format!("log --since {first_day} --until {}", date(2))))
        .fails(2, "--since ");
}

#[test]
fn who_was_refused_is_what_the_action_refuse_shows() {
    let site = Site::new();
    site.run("create --scope inference --name ci");
    run(&mut site.cmd("create --scope inference --expires 9y")).code(4);
    let log = site.run("log --action refuse,reuse --format lines");
    let user = user(&site);
    assert!(
        log.stdout.contains(&format!(" refuse by {user}, ")),
        "{log:#?}"
    );
    assert!(log.stdout.contains("command=create"), "{log:#?}");
    assert_eq!(log.stdout.lines().count(), 1);
}

#[test]
fn the_history_of_a_purged_key_is_found_by_its_name() {
    let site = Site::new();
    let id = id_of(
        site.run("create --scope inference --name ci")
            .stdout
            .trim_end(),
    );
    site.run("rotate ci");
    site.run("delete ci --yes");
    site.run("purge --yes");
    assert!(site.ids().is_empty());
    let log = site.run("log --key ci --format jsonl");
    assert_eq!(actions(&log), "create rotate create delete purge purge");
    assert!(log.stdout.starts_with("{\"seq\":2,"), "{log:#?}");
    assert!(
        log.stdout
            .contains(&format!("\"key_id\":\"{id}\",\"key_name\":\"ci\""))
    );
    // Another key that had the name: which one is meant has to be said.
    site.run("create --scope inference --name ci");
    site.run("delete ci --yes");
    let several = run(&mut site.cmd("log --key ci"));
    several.fails(3, "'ci' was the name of more than one key\n");
}
