//! Both sides of every deadline, and clocks that jump.

use super::World;
use crate::harness::{Cmd, START, id_of};
use chrono::DateTime;
use keyctl::when::Timestamp;
use serde_json::{Value, json};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A world whose clock shows `instant`, with no limit to a key's life.
fn world_at(instant: &str) -> World {
    let world = World::quick();
    world.policy("max-expiry", "never");
    set_clock(&world, instant);
    world
}

fn set_clock(world: &World, instant: &str) {
    let at = DateTime::parse_from_rfc3339(instant).unwrap();
    set_millis(world, at.timestamp_millis());
}

fn set_millis(world: &World, millis: i64) {
    world.advance_millis(millis - world.now().millis());
}

/// Creates a key for inference that expires as it says, and returns what its record says.
#[track_caller]
fn expiry(world: &World, when: &str) -> Value {
    let token = world.create(&format!("--scope inference --expires {when}"));
    world.record(&id_of(&token))["expires_at"].clone()
}

/// What verify says to `token`, without leaving a trace.
fn verdict(world: &World, token: &str) -> String {
    let ran = world
        .line("verify --no-touch --format json")
        .stdin(token)
        .run();
    match ran.json() {
        told if told["valid"] == true => "valid".to_owned(),
        told => told["reason"].as_str().unwrap().to_owned(),
    }
}

fn ids(world: &World, line: &str) -> Vec<String> {
    let ran = world.run(&format!("{line} --format ids"));
    ran.stdout.lines().map(str::to_owned).collect()
}

fn count(world: &World, action: &str) -> usize {
    let events = world.events().into_iter();
    events.filter(|event| event.action == action).count()
}

/// A purge of alice's keys.
fn purge<'w>(world: &'w World, rest: &str) -> Cmd<'w> {
    world.line(&format!("purge --owner alice --yes {rest}"))
}

#[test]
fn a_leap_day_is_a_day_and_a_year_is_365_of_them() {
    let world = world_at("2028-02-29T12:00:00Z");
    assert_eq!(expiry(&world, "1y"), "2029-02-28T12:00:00Z");
    assert_eq!(expiry(&world, "4y"), "2032-02-28T12:00:00Z");
    assert_eq!(expiry(&world, "2028-02-29"), "2028-03-01T00:00:00Z");
    assert_eq!(expiry(&world, "2032-02-28"), "2032-02-29T00:00:00Z");
    assert_eq!(expiry(&world, "2400-02-29"), "2400-03-01T00:00:00Z");
    assert_eq!(expiry(&world, "2100-02-28"), "2100-03-01T00:00:00Z");
    for date in ["2029-02-29", "2100-02-29", "2028-02-30"] {
        world
            .line(&format!("create --scope inference --expires {date}"))
            .run()
            .fails(2, &format!("there is no date '{date}'"));
        world
            .line(&format!("log --since {date}"))
            .run()
            .fails(2, &format!("there is no date '{date}'"));
    }
    set_clock(&world, "2028-03-01T00:00:00Z");
    world.create("--scope inference --name march");
    let since = |date: &str| {
        let ran = world.run(&format!(
            "log --action create --since {date} --format jsonl"
        ));
        ran.stdout.lines().count()
    };
    assert_eq!(
        (
            since("2028-02-28"),
            since("2028-02-29"),
            since("2028-03-01")
        ),
        (7, 7, 1)
    );
}

#[test]
fn the_last_millisecond_of_the_year_9999_can_be_meant_and_none_behind_it() {
    let world = world_at("2026-11-22T00:00:00Z");
    let last = "9999-12-31T23:59:59Z";
    for when in [
        "9999-12-31T23:59:59.999Z",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T22:59:59.999-01:00",
    ] {
        assert_eq!(expiry(&world, when), last);
        let newest = world.keys().pop().unwrap();
        assert_eq!(newest.expires_at, Some(Timestamp::MAX));
    }
    assert_eq!(expiry(&world, "9999-12-30"), "9999-12-31T00:00:00Z");
    for (when, message) in [
        ("9999-12-31", "'9999-12-31' ends after the year 9999"),
        (
            "9999-12-31T23:59:59.999-00:01",
            "'9999-12-31T23:59:59.999-00:01' is not an RFC 3339 instant",
        ),
        (
            "9999-12-31T23:59:60Z",
            "'9999-12-31T23:59:60Z' is not an RFC 3339 instant",
        ),
        (
            "10000-01-01T00:00:00Z",
            "'10000-01-01T00:00:00Z' is not an RFC 3339 instant",
        ),
        ("10000-01-01", "'10000-01-01' is not a time"),
        ("1000000y", "the duration '1000000y' is too long"),
        ("8000y", "2920000d from now is after the year 9999"),
    ] {
        world
            .line(&format!("create --scope inference --expires {when}"))
            .run()
            .fails(2, message);
    }

    set_millis(&world, Timestamp::MAX.millis() - SECOND);
    assert_eq!(expiry(&world, "1s"), last);
    world
        .line("create --scope inference --expires 2s")
        .run()
        .fails(2, "2s from now is after the year 9999");
}

#[test]
fn a_life_or_a_grace_that_nobody_gave_ends_with_the_year_9999() {
    let world = world_at("2026-11-22T00:00:00Z");
    let token = world.create("--scope inference --name ci --expires 9999-12-30");
    world.advance("30d");
    world.run("rotate ci");
    assert_eq!(world.verify(&token, ""), 1);
    assert_eq!(world.record("ci")["expires_at"], "9999-12-31T23:59:59Z");

    world.policy("default-grace", "90d");
    set_clock(&world, "9999-12-01T00:00:00Z");
    let token = world.create("--scope inference --name late");
    assert_eq!(world.record("late")["expires_at"], "9999-12-31T23:59:59Z");
    world.run("rotate late");
    let old = world.record(&id_of(&token));
    assert_eq!(old["usable_until"], "9999-12-31T23:59:59Z");
    world.run(&format!("edit {} --grace 80d", id_of(&token)));
    assert_eq!(verdict(&world, &token), "valid");

    // There is no later time: what ends is over, and what never ends is not.
    let never = world.create("--scope inference --expires never");
    set_millis(&world, Timestamp::MAX.millis());
    assert_eq!(verdict(&world, &token), "phased-out");
    assert_eq!(verdict(&world, &never), "valid");
    let born_late = world.create("--scope inference");
    assert_eq!(verdict(&world, &born_late), "expired");
    world.check_chain();
}

#[test]
fn a_clock_before_1970_or_in_the_year_0_is_a_clock() {
    for (instant, name, end) in [
        (
            "1969-12-31T23:59:59.999Z",
            "kc-apikey-alice-19691231T235959Z",
            "1970-01-30T23:59:59Z",
        ),
        (
            "0000-01-01T00:00:01Z",
            "kc-apikey-alice-00000101T000001Z",
            "0000-01-31T00:00:01Z",
        ),
    ] {
        let world = world_at(instant);
        let token = world.create("--scope inference --expires 30d");
        let record = world.record(&id_of(&token));
        assert_eq!(
            (&record["name"], &record["expires_at"]),
            (&json!(name), &json!(end))
        );
        assert_eq!(world.verify(&token, ""), 0);
        assert_eq!(world.record(name)["last_used_at"], world.now().to_string());
        let new = world.run(&format!("rotate {name} --grace 1h")).stdout;
        assert_eq!(world.verify(&token, ""), 0);
        world.advance("1h");
        assert_eq!(world.verify(&token, ""), 1);
        assert_eq!(world.verify(&new, ""), 0);
        assert_eq!(count(&world, "reuse"), 1);
        // Longer ago than there is time.
        assert_eq!(ids(&world, "list --older-than 3000y").len(), 0);
        assert_eq!(ids(&world, "list --unused-for 3000y").len(), 0);
        purge(&world, "--older-than 3000y")
            .run()
            .code(0)
            .stderr("nothing to purge\n");
        let since = world.run("log --since 3000y --action create --format jsonl");
        assert_eq!(since.stdout.lines().count(), 2);
        purge(&world, "").run().code(0).stderr("purged 1 key\n");
        world.run("log --check");
        world.check_chain();
    }
}

#[test]
fn a_date_ends_with_its_last_millisecond() {
    let world = World::quick();
    let token = world.create("--scope inference --expires 2026-11-30");
    set_clock(&world, "2026-11-30T23:59:59.999Z");
    assert_eq!(verdict(&world, &token), "valid");
    world.advance_millis(1);
    assert_eq!(verdict(&world, &token), "expired");
}

#[test]
fn an_instant_is_past_from_its_own_millisecond_on() {
    let world = World::quick();
    world.create("--scope inference --name ci");
    for command in ["create --scope inference", "rotate ci", "edit ci"] {
        world
            .line(&format!("{command} --expires 2026-11-22T00:00:00.000Z"))
            .run()
            .fails(2, "'2026-11-22T00:00:00.000Z' is already past");
        world.run(&format!("{command} --expires 2026-11-22T00:00:00.001Z"));
    }
}

#[test]
fn the_longest_life_is_counted_from_creation_to_the_millisecond() {
    let world = World::quick();
    world.policy("max-expiry", "30d");
    world.advance_millis(1);
    world.create("--scope inference --name ci");
    world.advance("10d");
    let edit = |when: &str| world.line(&format!("edit ci --expires {when}")).run();
    edit("2026-12-22T00:00:00.001Z").code(0);
    edit("2026-12-22T00:00:00.002Z").fails(4, "expiry 2026-12-22T00:00:00Z is later");
    edit("20d").code(0);
    edit("1728001s").fails(4, "expiry 2026-12-22T00:00:01Z is later");
    let before = world.rows();
    edit("never").fails(4, "policy does not allow a key that never expires");
    assert_eq!(world.rows(), before);
}

#[test]
fn what_stops_within_a_time_stops_by_its_last_millisecond() {
    let world = World::quick();
    let expires = id_of(&world.create("--scope inference --name a --expires 1d"));
    let rotated = id_of(&world.create("--scope inference --name b"));
    world.run("rotate b --grace 1d");
    let stops = |within: &str| ids(&world, &format!("list --expiring-within {within}"));
    assert_eq!(stops("86400s"), [expires.clone(), rotated.clone()]);
    assert!(stops("86399s").is_empty());
    world.advance_millis(SECOND - 1);
    assert!(stops("86399s").is_empty());
    world.advance_millis(1);
    assert_eq!(stops("86399s"), [expires, rotated]);
    // What has stopped does not stop any more.
    set_millis(&world, START + DAY - 1);
    assert_eq!(stops("1s").len(), 2);
    world.advance_millis(1);
    assert!(stops("1s").is_empty());
}

#[test]
fn an_age_is_reached_with_its_last_millisecond() {
    let world = World::quick();
    let token = world.create("--scope inference");
    let id = id_of(&token);
    world.advance_millis(DAY - 1);
    assert!(ids(&world, "list --older-than 1d").is_empty());
    assert!(ids(&world, "list --unused-for 1d").is_empty());
    world.advance_millis(1);
    assert_eq!(ids(&world, "list --older-than 1d"), [id.as_str()]);
    assert_eq!(ids(&world, "list --unused-for 1d"), [id.as_str()]);
    assert_eq!(world.verify(&token, ""), 0);
    world.advance_millis(DAY - 1);
    assert!(ids(&world, "list --unused-for 1d").is_empty());
    world.advance_millis(1);
    assert_eq!(ids(&world, "list --unused-for 1d"), [id.as_str()]);
}

#[test]
fn a_key_is_dead_from_the_millisecond_at_which_it_stops() {
    let world = World::quick();
    world.create("--scope inference --name expired --expires 1h");
    world.create("--scope inference --name rotated");
    world.run("rotate rotated --grace 1h");
    let dead = |rest: &str| ids(&world, &format!("purge --owner alice --dry-run {rest}")).len();
    world.advance_millis(HOUR - 1);
    assert_eq!((dead(""), dead("--older-than 0s")), (0, 0));
    world.advance_millis(1);
    assert_eq!((dead(""), dead("--older-than 0s")), (2, 2));
    world.advance_millis(HOUR - 1);
    assert_eq!(dead("--older-than 1h"), 0);
    world.advance_millis(1);
    assert_eq!(dead("--older-than 1h"), 2);
    // A clock set back: what is not over is not dead.
    world.advance_millis(-HOUR - 1);
    purge(&world, "").run().code(0).stderr("nothing to purge\n");
}

#[test]
fn a_deleted_key_is_as_old_as_its_deletion_to_the_millisecond() {
    let world = World::quick();
    world.create("--scope inference --name ci --expires 1h");
    world.advance("2h");
    world.run("delete ci --yes");
    let dead = |rest: &str| ids(&world, &format!("purge --owner alice --dry-run {rest}")).len();
    assert_eq!((dead(""), dead("--older-than 1s")), (1, 0));
    world.advance_millis(SECOND - 1);
    assert_eq!(dead("--older-than 1s"), 0);
    world.advance_millis(1);
    assert_eq!(dead("--older-than 1s"), 1);
}

#[test]
fn the_end_of_a_grace_can_be_moved_until_its_last_millisecond() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    let id = id_of(&token);
    world.run("rotate ci --grace 1h");
    world.advance_millis(HOUR - 1);
    world.run(&format!("edit {id} --grace 1h"));
    world.advance_millis(HOUR - 1);
    assert_eq!(verdict(&world, &token), "valid");
    world.advance_millis(1);
    assert_eq!(verdict(&world, &token), "phased-out");
    world
        .line(&format!("edit {id} --grace 1h"))
        .run()
        .fails(4, &format!("{id} ('ci') cannot be given more grace"));
}

#[test]
fn a_grace_that_is_disabled_ends_there_and_one_that_was_over_ended_where_it_did() {
    for (at, end) in [
        (HOUR - 1, HOUR - 1),
        (HOUR, HOUR),
        (HOUR + 1, HOUR),
        (HOUR + DAY, HOUR),
    ] {
        let world = World::quick();
        let token = world.create("--scope inference --name ci");
        let id = id_of(&token);
        world.run("rotate ci --grace 1h");
        world.advance_millis(at);
        world.run(&format!("disable {id}"));
        world.run(&format!("enable {id}"));
        let until = world.key(&id).usable_until.unwrap();
        assert_eq!(until.millis() - START, end);
        // Whatever the clock says from then on.
        for millis in [end - 1, 0, -DAY] {
            set_millis(&world, START + millis);
            assert_eq!(verdict(&world, &token), "phased-out", "{at} {millis}");
        }
    }
}

#[test]
fn a_name_may_mean_the_old_key_until_the_last_millisecond_of_its_grace() {
    let world = World::quick();
    world.create("--scope inference --name ci");
    world.run("rotate ci --grace 1h");
    world.advance_millis(HOUR - 1);
    let before = world.rows();
    for line in ["disable ci", "delete ci --yes"] {
        world.line(line).run().code(3).stdout("");
    }
    assert_eq!(world.rows(), before);
    world.advance_millis(1);
    world.run("disable ci");
    world.run("delete ci --yes");
}

#[test]
fn a_key_rotated_in_its_last_millisecond_works_for_that_one_more() {
    for (at, works) in [(HOUR - 1, true), (HOUR, false)] {
        let world = World::quick();
        let token = world.create("--scope inference --name ci --expires 1h");
        world.advance_millis(at);
        world.run("rotate ci --grace 1h");
        let told = if works { "valid" } else { "phased-out" };
        assert_eq!(verdict(&world, &token), told);
        // One that was over before it began stays over.
        world.advance_millis(-MINUTE);
        assert_eq!(verdict(&world, &token), told);
    }
}

#[test]
fn a_clock_set_back_revives_what_only_the_clock_had_ended() {
    let world = World::quick();
    let expired = world.create("--scope inference --name expired --expires 1h");
    let run_out = world.create("--scope inference --name a");
    let ended = world.create("--scope inference --name b");
    let deleted = world.create("--scope inference --name c --expires 1h");
    world.run("rotate a --grace 1h");
    world.run("rotate b --grace 1h");
    world.advance("30m");
    world.run(&format!("edit {} --grace 0s", id_of(&ended)));
    world.run("delete c --yes");
    world.advance("2h");
    let told = || [&expired, &run_out, &ended, &deleted].map(|token| verdict(&world, token));
    assert_eq!(told(), ["expired", "phased-out", "phased-out", "unknown"]);
    set_millis(&world, START + 10 * MINUTE);
    assert_eq!(told(), ["valid", "valid", "phased-out", "unknown"]);
    assert_eq!(world.record(&id_of(&run_out))["state"], "phased-out");
}

#[test]
fn what_is_kept_to_once_a_minute_is_so_while_the_clock_is_set_back_a_little() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    world.run("disable ci");
    let step = |millis: i64| {
        world.advance_millis(millis);
        assert_eq!(world.verify(&token, ""), 1);
        world.line("admin add alice").run().code(4);
        (count(&world, "reuse"), count(&world, "refuse"))
    };
    assert_eq!(step(HOUR), (1, 1));
    // By another's clock, or by one that was put right.
    assert_eq!(step(-1), (1, 1));
    assert_eq!(step(2 - MINUTE), (1, 1));
    // One that lies in a far future says nothing of the present.
    assert_eq!(step(-1), (2, 2));
    assert_eq!(step(-DAY), (3, 3));
    assert_eq!(step(1), (3, 3));
    world.check_chain();
}

#[test]
fn the_log_is_in_the_order_of_what_happened_and_hides_no_line_that_lies_ahead() {
    let world = World::quick();
    world.create("--scope inference --name a");
    world.advance_millis(-DAY);
    world.create("--scope inference --name b");
    let names = |line: &str| -> Vec<Value> {
        let told = world
            .run(&format!("log --action create {line} --format json"))
            .json();
        let events = told.as_array().unwrap().iter();
        events
            .map(|event| event["detail"]["name"].clone())
            .collect()
    };
    assert_eq!(names(""), ["a", "b"]);
    assert_eq!(names("--since 0s"), ["a", "b"]);
    assert_eq!(names("--since 2026-11-21T00:00:00.001Z"), ["a"]);
    assert_eq!(names("--limit 1"), ["b"]);
    world.advance_millis(DAY);
    assert_eq!(names("--since 23h"), ["a"]);
    assert_eq!(names("--since 24h"), ["a", "b"]);
    world.run("log --check");
}

#[test]
fn a_second_that_comes_twice_gives_two_names() {
    let world = World::quick();
    let name = |millis: i64| {
        world.advance_millis(millis);
        let token = world.create("--scope inference");
        world.record(&id_of(&token))["name"].clone()
    };
    assert_eq!(name(999), "kc-apikey-alice-20261122T000000Z");
    assert_eq!(name(1), "kc-apikey-alice-20261122T000001Z");
    assert_eq!(name(-1), "kc-apikey-alice-20261122T000000Z-2");
    assert_eq!(name(-999), "kc-apikey-alice-20261122T000000Z-3");
    assert_eq!(name(-1), "kc-apikey-alice-20261121T235959Z");
}
