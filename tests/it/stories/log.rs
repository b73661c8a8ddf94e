//! `keyctl log`: what is in it, how it is filtered, and how tampering with it is found.

use super::World;
use crate::harness::{Ran, id_of, log, user};
use data_encoding::HEXLOWER;
use keyctl::env::Actor;
use keyctl::event::{Action, Event};
use keyctl::namespace::Namespace;
use serde_json::{Value, json};

/// A store with the log of [`log::story`].
struct Story {
    world: World,
    web: String,
    gone: String,
}

fn story() -> Story {
    let world = World::quick();
    let (web, gone) = log::story(&world);
    Story { world, web, gone }
}

/// A store of carol's where a hash costs nothing, though policy can be set in it.
fn lawful() -> World {
    let world = World::quick();
    world.hash_fast();
    world
}

#[track_caller]
fn seqs(world: &World, filter: &str) -> Vec<i64> {
    let ran = world.run(&format!("log --format json {filter}"));
    let lines = ran.json();
    let lines = lines.as_array().unwrap().iter();
    lines.map(|line| line["seq"].as_i64().unwrap()).collect()
}

fn head(world: &World) -> String {
    world.run("log --head").stdout.trim_end().to_owned()
}

#[test]
fn log_of_several_pages_has_one_header_and_columns_that_line_up() {
    let world = World::quick();
    let carol = user("carol");
    let events = (2..=1200).map(|seq| {
        // A later page has a longer action and longer numbers.
        let action = match seq < 1100 {
            true => Action::Edit,
            false => Action::MemberRemove,
        };
        Event::new(world.now(), &carol, action, None)
    });
    world.append(&carol, events);
    let log = || world.line("log --color never");
    for command in [log(), log().terminal(120)] {
        let table = command.run().code(0).stdout;
        let mut lines = table.lines();
        let actor = lines.next().unwrap().find("ACTOR").unwrap();
        assert_eq!(lines.clone().count(), 1200, "{table}");
        for line in lines {
            assert_eq!(line.find("carol"), Some(actor), "{line}");
        }
    }
}

#[test]
fn it_is_shown_to_people_oldest_first() {
    let Story { world, web, gone } = story();
    let ran = world.run("log").stderr("7 events\n");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let titles: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(
        titles,
        ["SEQ", "AT", "ACTOR", "ACTION", "KEY", "NAME", "DETAIL"]
    );
    let words = |line: usize| lines[line].split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        words(1),
        "1 2026-11-22T00:00:00Z (6h ago) carol init administrator=carol"
    );
    assert!(words(2).starts_with(&format!(
        "2 2026-11-22T01:00:00Z (5h ago) alice create {web} site expires_at="
    )));
    assert!(words(2).contains(" name=web owner=alice scopes=[\"inference\"]"));
    assert!(words(3).contains(" reason=renamed"));
    assert!(words(7).starts_with(&format!(
        "7 2026-11-22T06:00:00Z (now) bob purge {gone} gone name=gone"
    )));
    assert_eq!(lines.len(), 8);
    world.run("log --actor nobody").stdout("").stderr(
        "no events\nhint: the log has no event by 'nobody'; 'keyctl log' shows who did what\n",
    );
    world
        .run("log --actor crol")
        .stderr("no events\nhint: the log has no event by 'crol'; did you mean 'carol'?\n");
    // Who has done something else is no typo.
    world
        .run("log --actor bob --action edit")
        .stderr("no events\n");
    world.run("log --key 0123456789ab").stderr(
        "no events\nhint: the log has no key 0123456789ab; 'keyctl list --state all' shows every key\n",
    );
    world.run("log --limit 1").says("1 event\n");
}

#[test]
fn json_has_the_columns_in_order_and_the_hash_in_hex() {
    let Story { world, .. } = story();
    let jsonl = world.run("log --format jsonl").stderr("").stdout;
    let first = &world.events()[0];
    assert_eq!(
        jsonl.lines().next().unwrap(),
        format!(
            "{{\"seq\":1,\"at\":\"2026-11-22T00:00:00Z\",\"actor\":\"carol\",\"action\":\"init\",\"key_id\":null,\
             \"key_name\":null,\"detail\":{},\"hash\":\"{}\"}}",
            first.detail,
            HEXLOWER.encode(&first.hash)
        )
    );
    let lines: Vec<Value> = jsonl
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (line, event) in lines.iter().zip(world.events()) {
        assert_eq!(line["key_id"], json!(event.key_id));
        assert_eq!(line["key_name"].is_null(), event.key_id.is_none());
        assert_eq!(line["hash"], json!(HEXLOWER.encode(&event.hash)));
        assert_eq!(line["detail"], event.detail());
    }
    assert_eq!(lines.len(), 7);
    let array = world.run("log --format json").stderr("");
    assert_eq!(array.json(), Value::Array(lines));
    assert_eq!(array.stdout.lines().count(), 1);
    world.run("log --actor nobody --format json").stdout("[]\n");
    world.run("log --actor nobody --format jsonl").stdout("");
}

#[test]
fn every_filter_narrows_it() {
    let Story { world, .. } = story();
    for (filter, expected) in [
        ("", &[1, 2, 3, 4, 5, 6, 7][..]),
        ("--actor alice", &[2, 3]),
        ("--actor bob", &[4, 6, 7]),
        ("--actor ali", &[]),
        ("--action create", &[2, 4]),
        ("--action policy", &[5]),
        ("--action reuse", &[]),
        ("--action create,policy", &[2, 4, 5]),
        ("--action create --action policy,purge", &[2, 4, 5, 7]),
        ("--action create --actor bob", &[4]),
        ("--since 2h", &[5, 6, 7]),
        ("--since 119m", &[6, 7]),
        ("--since 2026-11-22", &[1, 2, 3, 4, 5, 6, 7]),
        ("--since 2026-11-22T03:00:00Z", &[4, 5, 6, 7]),
        ("--since 2026-11-22T03:00:01Z", &[5, 6, 7]),
        ("--since 2h --actor bob", &[6, 7]),
        ("--until 2026-11-21", &[]),
        ("--until 2026-11-22", &[1, 2, 3, 4, 5, 6, 7]),
        ("--until 2026-11-22T02:59:59Z", &[1, 2, 3]),
        ("--until 2026-11-22T03:00:00Z", &[1, 2, 3, 4]),
        ("--until 2h", &[1, 2, 3, 4, 5]),
        ("--since 4h --until 3h", &[3, 4]),
        (
            "--since 2026-11-22 --until 2026-11-22 --actor bob",
            &[4, 6, 7],
        ),
        ("--until 2h --limit 2", &[4, 5]),
        ("--limit 2", &[6, 7]),
        ("--limit 1 --action create", &[4]),
        ("--limit 100", &[1, 2, 3, 4, 5, 6, 7]),
    ] {
        assert_eq!(seqs(&world, filter), expected, "{filter}");
    }
}

#[test]
fn what_was_done_to_a_key_is_found_by_its_name_and_its_id() {
    let Story { world, web, .. } = story();
    for key in ["site", "alice/site", &web, &web[..6]] {
        assert_eq!(seqs(&world, &format!("--key {key}")), [2, 3], "{key}");
    }
    assert_eq!(seqs(&world, &format!("--key {web} --action edit")), [3]);
    assert!(seqs(&world, "--key 000000000000").is_empty());
}

#[test]
fn log_until_shows_the_whole_day_or_second_that_it_names() {
    let world = World::own();
    world.advance("23h");
    world.advance_millis(59 * 60_000 + 59_999);
    world.append_by("late", Action::Edit, None);
    world.advance_millis(1);
    world.append_by("next-day", Action::Edit, None);
    let actors = |filter: &str| {
        let lines = world.run(&format!("log --format json {filter}")).json();
        let lines = lines.as_array().unwrap().iter();
        let actors = lines.map(|line| line["actor"].as_str().unwrap().to_owned());
        actors.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(actors("--until 2026-11-22"), "alice late");
    assert_eq!(actors("--until 2026-11-22T23:59:59Z"), "alice late");
    assert_eq!(actors("--until 2026-11-22T23:59:59.998Z"), "alice");
    assert_eq!(actors("--since 2026-11-23 --until 2026-11-23"), "next-day");
    assert_eq!(actors("--since today --until today"), "next-day");
    assert_eq!(actors("--since yesterday"), "alice late next-day");
    assert_eq!(actors("--since yesterday --until yesterday"), "alice late");
    world.advance("24h");
    assert_eq!(actors("--since yesterday --until yesterday"), "next-day");
    assert_eq!(actors("--since today"), "");
}

#[test]
fn log_refuses_a_since_that_is_later_than_its_until() {
    let Story { world, .. } = story();
    world
        .line("log --since 2026-11-22T05:00:00Z --until 2026-11-22T04:00:00Z")
        .run()
        .fails(
            2,
            "--since 2026-11-22T05:00:00Z is later than --until 2026-11-22T04:00:00Z\n\
             hint: give the earlier time to --since\n",
        );
    world
        .line("log --since 1h --until 2h")
        .run()
        .fails(2, "--since 2026-11-22T05:00:00Z is later");
    assert_eq!(seqs(&world, "--since 1h --until 1h"), [6]);
}

#[test]
fn log_csv_has_the_fields_of_json_with_cells_quoted_as_those_of_list() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name ci"));
    let odd = "=a, \"b\"";
    world.cmd(["edit", "ci", "--name", odd]).run().code(0);
    world.append_by("a\u{1b}b", Action::Edit, None);
    let csv = world.run("log --format csv").stderr("").stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let titles: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let json = world.run("log --format jsonl").stdout;
    let lines: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), lines.len());
    let first = json.lines().next().unwrap();
    let places: Vec<_> = titles
        .iter()
        .map(|title| first.find(&format!("\"{title}\":")))
        .collect();
    assert!(
        places.is_sorted() && places.iter().all(Option::is_some),
        "{titles:?}"
    );
    for (row, line) in rows.iter().zip(&lines) {
        assert_eq!(titles.len(), line.as_object().unwrap().len());
        for (title, cell) in titles.iter().zip(row) {
            let expected = match &line[title] {
                Value::Null => String::new(),
                Value::String(text) => text.replace('\u{1b}', "\\u{1b}"),
                value => value.to_string(),
            };
            assert_eq!(cell, expected, "{title}");
        }
    }
    assert_eq!((&rows[2][4], &rows[2][5]), (&*id, odd));
    assert!(csv.contains(",\"=a, \"\"b\"\"\","), "{csv}");
    let none = world
        .run("log --format csv --actor nobody")
        .stderr("")
        .stdout;
    assert_eq!(none, "seq,at,actor,action,key_id,key_name,detail,hash\n");
}

#[test]
fn log_names_keys_as_they_are_now_and_purged_ones_as_they_were_last() {
    let world = World::quick();
    world.create("--scope inference --name first");
    let id = id_of(&world.create("--scope inference --name other"));
    world.run("edit first --name second");
    let names = || {
        let lines = world.run("log --format json").json();
        let lines = lines.as_array().unwrap().iter().skip(1);
        let names = lines.map(|line| line["key_name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(), "second other second");
    world.run("delete second --yes");
    world.run("purge --owner alice --yes");
    assert_eq!(names(), "second other second second second");
    let line = world.run(&format!("log --key {id} --format lines")).stdout;
    assert!(
        line.contains(&format!(", key {id}, name other, ")),
        "{line}"
    );
    // A name with a comma does not read as several values.
    let odd = "x, action purge";
    world.cmd(["edit", "other", "--name", odd]).run().code(0);
    let line = world.run("log --limit 1 --format lines").stdout;
    assert!(line.contains(&format!(", name '{odd}', ")), "{line}");
}

#[test]
fn log_of_a_key_has_the_events_of_what_it_replaced_and_of_what_replaced_it() {
    let world = World::quick();
    let first = id_of(&world.create("--scope inference --name ci"));
    world.create("--scope inference --name other");
    world.run("edit ci --add-scope project -m training");
    let rotate = || id_of(world.run("rotate ci").stdout.trim_end());
    let second = rotate();
    let third = rotate();
    world.run(&format!("delete {first} --yes"));
    world.run("purge --owner alice --yes");
    assert_eq!(world.keys().len(), 2);
    let all = [2, 4, 5, 6, 7, 8, 9, 10, 11];
    for key in ["ci", "alice/ci", &first, &second, &third] {
        assert_eq!(seqs(&world, &format!("--key {key}")), all, "{key}");
    }
    for (key, own) in [
        ("ci", &[8][..]),
        (&first, &[2, 4, 5, 9, 10]),
        (&second, &[6, 7, 11]),
    ] {
        assert_eq!(seqs(&world, &format!("--key {key} --only")), own, "{key}");
    }
    assert_eq!(seqs(&world, "--key ci --action edit"), [4]);
    assert_eq!(seqs(&world, "--key ci --limit 2"), [10, 11]);
    world
        .run("log --key ci")
        .stderr("9 events of 3 keys that replaced one another; --only shows only this key's\n");
    world.run("log --key ci --only").stderr("1 event\n");
    world.run("log --key other").stderr("1 event\n");
}

#[test]
fn log_finds_a_deleted_a_purged_and_a_renamed_key_by_the_name_that_it_had() {
    let Story { world, web, gone } = story();
    for key in ["gone", "bob/gone"] {
        assert_eq!(seqs(&world, &format!("--key {key}")), [4, 6, 7], "{key}");
        assert_eq!(seqs(&world, &format!("--key {key} --only")), [4, 6, 7]);
    }
    world.run("log --key gone").stderr(&format!(
        "3 events\n'gone' was the name of {gone}: 'gone' of bob, purged\n"
    ));
    assert_eq!(seqs(&world, "--key web"), [2, 3]);
    world.run("log --key alice/web").says(&format!(
        "'alice/web' was the name of {web}: 'site' of alice, active\n"
    ));
    world.run("delete site --yes");
    assert_eq!(seqs(&world, "--key site"), [2, 3, 8]);
    world
        .run("log --key site")
        .says("'site' of alice, deleted\n");
    for key in ["alice/gone", "bob/web", "gon", "inference"] {
        world
            .line(&format!("log --key {key}"))
            .run()
            .fails(3, &format!("there is no key '{key}'\n"));
    }
    // A key that has the name now goes first.
    world.create("--scope inference --name gone");
    assert_eq!(seqs(&world, "--key gone"), [9]);
}

#[test]
fn log_of_a_name_names_the_earlier_keys_that_had_it() {
    let world = World::own();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let line = "--scope inference --name daily --expires 1d --replace-expired";
        ids.push(id_of(&world.create(line)));
        world.advance("2d");
    }
    world.create("--scope inference --owner bob --name daily");
    let [first, second, third] = &ids[..] else {
        panic!("three keys");
    };
    world.run("log --key alice/daily --only").stderr(&format!(
        "1 event\nearlier keys of that name: {second}, {first}\nhint: for the events of one: keyctl log --key {second}\n"
    ));
    world.run(&format!("log --key {third}")).stderr("1 event\n");
    // A predecessor has its events in the log already.
    world.run("rotate bob/daily");
    world
        .run("log --key bob/daily")
        .stderr("3 events of 2 keys that replaced one another; --only shows only this key's\n");
}

#[test]
fn log_of_a_name_that_stood_for_several_keys_names_them_the_newest_first() {
    let world = World::quick();
    let first = id_of(&world.create("--scope inference --name job"));
    world.run("delete job --yes");
    world.run("purge --owner alice --yes");
    let bob = |line: &str| world.line(line).user("bob").run().code(0).stdout;
    let second = id_of(bob("create --scope inference --name job").trim_end());
    let rotated = id_of(bob("rotate job").trim_end());
    bob("delete job --yes");
    // A phased-out key goes before those that are gone.
    assert_eq!(seqs(&world, "--key job"), [5, 6, 7, 8]);
    bob(&format!("delete {second} --yes"));
    world.line("log --key job").run().fails(
        3,
        &format!(
            "'job' was the name of more than one key\n\
             \x20 {rotated}  job  of bob, deleted\n\
             \x20 {first}  job  of alice, purged\n\
             hint: the newest is first; give the ID: keyctl log --key {rotated}\n"
        ),
    );
    // The keys of one lineage have the same log.
    assert_eq!(seqs(&world, "--key bob/job"), [5, 6, 7, 8, 9]);
    let apart = world.line("log --key bob/job --only --format json").run();
    let apart = apart.code(3).stderr;
    let error: Value = serde_json::from_str(&apart).unwrap();
    let candidates = error["error"]["candidates"].as_array().unwrap().iter();
    let candidates: Vec<_> = candidates
        .map(|key| (key["id"].as_str().unwrap(), key["state"].as_str().unwrap()))
        .collect();
    assert_eq!(candidates, [(&*rotated, "deleted"), (&*second, "deleted")]);
}

#[test]
fn a_purged_key_is_found_by_its_id() {
    let Story { world, gone, .. } = story();
    world.line(&format!("show {gone}")).run().code(3);
    assert_eq!(seqs(&world, &format!("--key {gone}")), [4, 6, 7]);
}

#[test]
fn the_detail_says_what_was_made_and_what_was_changed_and_why() {
    let Story { world, .. } = story();
    let events = world.events();
    let create = events[1].detail();
    assert_eq!(create["name"], "web");
    assert_eq!(create["owner"], "alice");
    assert_eq!(create["scopes"], json!(["inference"]));
    assert_eq!(create["labels"], json!({"team": "search"}));
    assert_eq!(create["expires_at"], "2027-11-22T01:00:00Z");
    assert_eq!(create["uid"], 4_000_001);
    let edit = events[2].detail();
    assert_eq!(edit["reason"], "renamed");
    assert_eq!(edit["name"], json!({"old": "web", "new": "site"}));
    assert_eq!(
        edit["scopes"],
        json!({"old": ["inference"], "new": ["inference", "project"]})
    );
    assert_eq!(edit.get("expires_at"), None);
    let policy = events[4].detail();
    assert_eq!(policy["old"], "365d");
    assert_eq!(policy["new"], "100d");
    assert_eq!(policy.get("reason"), None);
}

#[test]
fn the_detail_has_the_login_uid_where_somebody_logged_in() {
    let world = World::own();
    let mut actor = Actor {
        name: "root".to_owned(),
        uid: 0,
        login_uid: Some(1000),
        namespace: Namespace::default(),
    };
    let event = |actor: &Actor| Event::new(world.now(), actor, Action::Edit, None).detail_text();
    assert_eq!(event(&actor), "{\"login_uid\":1000,\"uid\":0}");
    actor.login_uid = None;
    assert_eq!(event(&actor), "{\"uid\":0}");
}

#[test]
fn a_reason_is_kept_with_every_kind_of_change() {
    let world = lawful();
    let carol = |line: &str| {
        let ran = world.line(&format!("{line} -m why")).user("carol").run();
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
        for event in world.events().iter().skip(1) {
            assert_eq!(event.detail()["reason"], "why", "{line}: {event:?}");
        }
    };
    for line in [
        "create --scope inference --name web",
        "edit web --name site",
        "rotate site",
        "disable site",
        "enable site",
        "delete site --yes",
        "purge --owner carol --yes",
        "policy set max-expiry 100d",
        "policy unset max-expiry",
        "scope add a",
        "scope remove a",
        "member add p alice --role owner",
        "member remove p alice",
        "admin add alice",
        "admin remove alice",
    ] {
        carol(line);
    }
    assert!(world.events().len() > 15);
    world.check_chain();
}

#[test]
fn what_cannot_be_a_filter_is_a_usage_error() {
    let Story { world, .. } = story();
    for line in [
        "log --action nosuch",
        "log --since soon",
        "log --limit many",
        "log --until soon",
        "log --only",
        "log --action create,nosuch",
        "log --check --format csv",
        "log --head --format csv",
        "log --check --until 1h",
        "log --check --limit 1",
        "log --check --actor alice",
        "log --head --key site",
        "log --check --head",
        "log --head 1:00",
        "log --check --head 1",
        "log --check --head 1:00",
    ] {
        world.line(line).run().code(2).stdout("");
    }
}

#[test]
fn it_stays_quiet_when_its_reader_goes_away() {
    let Story { world, .. } = story();
    for format in ["table", "lines", "json", "jsonl", "csv"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = world.real(&format!("log --quiet --format {format}"));
        let output = command.stdout(writer).output().unwrap();
        Ran::from(output).code(0).stderr("");
    }
}

#[test]
fn a_log_as_it_was_written_is_whole() {
    let Story { world, .. } = story();
    let head = head(&world);
    world
        .run("log --check")
        .stdout(&format!("the log is intact: 7 lines, head {head}\n"))
        .stderr("");
    let ran = world.run("log --check --format json");
    assert_eq!(ran.json(), json!({"whole": true, "lines": 7, "head": head}));
    let ran = Ran::from(world.real("log --check").output().unwrap());
    ran.code(0)
        .stdout(&format!("the log is intact: 7 lines, head {head}\n"));
}

#[test]
fn a_head_that_was_kept_goes_on_being_right() {
    let world = World::quick();
    let mut kept = vec![head(&world)];
    world.create("--scope inference --name web");
    for name in ["a", "b", "c"] {
        kept.push(head(&world));
        world.run(&format!("edit {} --name {name}", world.keys()[0].id));
    }
    kept.push(head(&world));
    for head in kept {
        world.run(&format!("log --check --head {head}"));
    }
}

#[test]
fn the_head_is_the_last_line_and_its_hash() {
    let Story { world, .. } = story();
    let last = world.events().pop().unwrap();
    let expected = format!("7:{}", HEXLOWER.encode(&last.hash));
    world
        .run("log --head")
        .stdout(&format!("{expected}\n"))
        .stderr("");
    let ran = world.run("log --head --format json");
    assert_eq!(ran.json(), json!({"head": expected}));
}

#[test]
fn purge_removes_no_line() {
    let Story { world, web, .. } = story();
    let before = world.events();
    world.run("purge --owner alice --all --yes");
    assert_eq!(world.keys(), []);
    let after = world.events();
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after.last().unwrap().key_id.as_deref(), Some(&web[..]));
    world.run("log --check");
}

#[test]
fn verifications_are_not_logged() {
    let world = World::own();
    let token = world.create("--scope inference --name web");
    let before = world.events();
    assert_eq!(world.verify(&token, "--scope inference"), 0);
    assert_eq!(world.verify(&token, "--scope project"), 6);
    assert_eq!(world.verify("kc_nothing", ""), 1);
    let other = world.create("--scope inference");
    world.run(&format!("delete {} --yes", id_of(&other)));
    assert_eq!(world.verify(&other, ""), 1);
    let since = &world.events()[before.len()..];
    let actions: Vec<&str> = since.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["create", "delete"]);
}

#[test]
fn the_right_secret_of_a_key_that_works_no_longer_is_logged_once_a_minute() {
    let world = World::quick();
    let off = world.create("--scope inference --name off");
    world.run("disable off");
    let late = world.create("--scope inference --name late --expires 1h");
    let old = world.create("--scope inference --name old");
    world.run("rotate old");
    world.advance("2h");
    let reused = || {
        let events = world.events().into_iter();
        let reused = events.filter(|event| event.action == "reuse");
        reused.filter_map(|event| event.key_id).collect::<Vec<_>>()
    };
    let tokens = [&off, &late, &old];
    for token in tokens {
        assert_eq!(world.verify(token, "--no-touch"), 1);
    }
    assert!(reused().is_empty());
    for _ in 0..2 {
        for token in tokens {
            assert_eq!(world.verify(token, ""), 1);
        }
    }
    assert_eq!(reused(), tokens.map(|token| id_of(token)));
    world.advance("1m");
    assert_eq!(world.verify(&off, ""), 1);
    assert_eq!(reused().len(), 4);
    assert_eq!(seqs(&world, "--action reuse --key off").len(), 2);
    world.check_chain();
}

#[test]
fn the_key_may_come_on_stdin_as_its_token() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    let log = world.line("log --key - --format json").stdin(&token).run();
    assert_eq!(log.json()[0]["action"], "create");
}
