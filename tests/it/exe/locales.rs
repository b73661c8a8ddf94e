//! Where and in which language the program runs changes nothing: times are UTC, text is UTF-8.

use super::harness::{Site, run};

/// `text` without what stands in brackets: how far away a time is changes while a test runs.
fn without_distances(text: &str) -> String {
    let mut rest = text;
    let mut left = String::new();
    while let Some((before, distance)) = rest.split_once('(') {
        left.push_str(before);
        rest = distance.split_once(')').map_or("", |(_, after)| after);
    }
    // A column is as wide as the distances in it.
    (left + rest)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

const NAME: &str = "größe-検索-🔑-שלום";

/// A store with a key whose name is not of one script, used once.
fn site() -> Site {
    let site = Site::new();
    let line = format!("create --scope inference --name {NAME} --owner bob -m förmlich");
    let token = site.run(&line).stdout;
    assert_eq!(site.verify(token), 0);
    site
}

#[test]
fn no_time_zone_and_no_language_changes_what_is_shown() {
    let site = site();
    for line in [
        "list",
        "list --format lines",
        "list --format csv",
        "list --format json",
        &format!("show {NAME}"),
        "log",
        "log --format jsonl",
    ] {
        let shown = |variables: &[(&str, &str)]| {
            let ran = run(site.cmd(line).envs(variables.iter().copied())).code(0);
            without_distances(&(ran.stdout + &ran.stderr))
        };
        let plain = shown(&[]);
        assert!(plain.contains(NAME), "{plain}");
        for zone in [
            "America/New_York",
            "Asia/Kolkata",
            "XYZ+11:30",
            ":/nowhere",
            "",
        ] {
            assert_eq!(shown(&[("TZ", zone)]), plain, "{zone}");
        }
        for language in [
            "C",
            "POSIX",
            "C.UTF-8",
            "ar_EG.UTF-8",
            "de_DE.ISO-8859-1",
            "?",
        ] {
            let variables = [("LC_ALL", language), ("LANG", language), ("LANGUAGE", "de")];
            assert_eq!(shown(&variables), plain, "{language}");
        }
    }
}

#[test]
fn a_day_ends_in_utc_wherever_it_is_said() {
    let site = Site::new();
    site.run("init");
    site.run("policy set max-expiry never");
    for (zone, name) in [
        ("Pacific/Kiritimati", "east"),
        ("Pacific/Pago_Pago", "west"),
        ("UTC", "here"),
    ] {
        let line = format!("create --scope inference --name {name} --expires 9999-01-01");
        run(site.cmd(&line).env("TZ", zone)).code(0);
        let record = site.record(name);
        assert!(
            record.contains("\"expires_at\":\"9999-01-02T00:00:00Z\""),
            "{zone}: {record}"
        );
    }
}
