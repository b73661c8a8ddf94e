//! `keyctl list`

use super::World;
use crate::harness::{Cmd, Ran, id_of};
use keyctl::key::Key;
use keyctl::when::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A list, with the rest of its command line.
fn list<'w>(world: &'w World, line: &str) -> Cmd<'w> {
    world.cmd(["list"].into_iter().chain(line.split_whitespace()))
}

/// The names of the keys that are listed, in order.
#[track_caller]
fn names(world: &World, line: &str) -> Vec<String> {
    let ran = list(world, &format!("{line} --format json")).run().code(0);
    let listed = ran.json();
    let keys = listed.as_array().unwrap().iter();
    keys.map(|key| key["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Sets what no command could set.
fn set(world: &World, name: &str, change: impl FnOnce(&mut Key)) {
    let keys = world.keys();
    let key = keys.iter().find(|key| key.name == name).unwrap();
    world.alter(key.id.as_str(), change);
}

/// A world with a key in each state, named after it, made in this order. The key `grace` is
/// phased-out and still works; its successor and that of `phased-out` are renamed.
fn one_of_each() -> World {
    let world = World::own();
    for name in ["deleted", "phased-out", "grace", "disabled", "active"] {
        world.create(&format!("--scope inference --name {name}"));
    }
    world.create("--scope inference --name expired --expires 1s");
    world.run("delete deleted --yes");
    world.run("disable disabled");
    for (name, grace) in [("phased-out", "0s"), ("grace", "1h")] {
        let rotated = world.run(&format!("rotate {name} --grace {grace}"));
        let successor = id_of(rotated.stdout.trim_end());
        world.run(&format!("edit {successor} --name next-{name}"));
    }
    world.advance("1s");
    world
}

/// Without the sequences that colour a terminal.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = escape.split_once('m').unwrap().1;
    }
    plain + rest
}

#[test]
fn a_store_without_keys_lists_none_in_every_form() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference"));
    world.run(&format!("delete {id} --yes"));
    let form = |form: &str| list(&world, &format!("--format {form}")).run().code(0);
    list(&world, "")
        .run()
        .code(0)
        .stdout("")
        .stderr("no keys\n");
    form("json").stdout("[]\n").stderr("");
    form("jsonl").stdout("").stderr("");
    form("lines").stdout("").stderr("no keys\n");
    form("ids").stdout("").stderr("");
    form("csv").stderr("").stdout(
        "id,name,owner,kind,state,usable,scopes,labels,allow_from,imported,created_at,created_by,expires_at,\
         first_used_at,last_used_at,usable_until,disabled_at,deleted_at,replaces,replaced_by\n",
    );
}

#[test]
fn the_table_shows_what_an_operator_asks_first() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference,project --name ci --expires 90d"));
    let table = format!(
        "ID            NAME  OWNER  STATE       SCOPES             EXPIRES               LAST USED\n\
         {id}  ci    alice  active      inference project  2027-02-20 (in 90d)   no use recorded\n"
    );
    list(&world, "")
        .run()
        .code(0)
        .stdout(&table)
        .stderr("1 key\n");
    list(&world, "--quiet")
        .run()
        .code(0)
        .stdout(&table)
        .stderr("");
    // The alias is the same command.
    world.run("ls").stdout(&table).stderr("1 key\n");
}

#[test]
fn the_table_tells_when_a_rotated_key_stops_or_stopped() {
    let world = one_of_each();
    let table = list(&world, "--state phased-out").run().code(0).stdout;
    let line = |name: &str| {
        let found = table
            .lines()
            .find(|line| line.contains(&format!("  {name} ")));
        found.unwrap_or_else(|| panic!("{name} is not in\n{table}"))
    };
    assert!(
        line("grace").contains("works until 2026-11-22T01:00Z (in 60m)"),
        "{table}"
    );
    assert!(
        line("phased-out").contains("stopped 2026-11-22T00:00Z (1s ago)"),
        "{table}"
    );
}

#[test]
fn deleted_keys_are_listed_only_when_they_are_asked_for() {
    let world = one_of_each();
    let all = [
        "deleted",
        "phased-out",
        "grace",
        "disabled",
        "active",
        "expired",
        "next-phased-out",
        "next-grace",
    ];
    assert_eq!(names(&world, ""), all[1..]);
    assert_eq!(names(&world, "--state all"), all);
    assert_eq!(names(&world, "--state deleted"), ["deleted"]);
}

#[test]
fn state_asks_for_the_state_that_is_shown() {
    let world = one_of_each();
    assert_eq!(names(&world, "--state phased-out"), ["phased-out", "grace"]);
    assert_eq!(names(&world, "--state disabled"), ["disabled"]);
    assert_eq!(names(&world, "--state expired"), ["expired"]);
    assert_eq!(
        names(&world, "--state active"),
        ["active", "next-phased-out", "next-grace"]
    );
    let two = ["disabled", "expired"];
    assert_eq!(names(&world, "--state expired,disabled"), two);
    assert_eq!(names(&world, "--state disabled --state expired"), two);
    // Of a key that is several things at once, only the first is its state.
    set(&world, "expired", |key| {
        key.disabled_at = Timestamp::from_millis(0);
        key.disabled_by = Some("alice".to_owned());
    });
    assert_eq!(names(&world, "--state disabled"), ["disabled"]);
    let listed = list(&world, "--state all --format json").run().json();
    for key in listed.as_array().unwrap() {
        let state = key["state"].as_str().unwrap();
        let name = key["name"].as_str().unwrap();
        assert!(names(&world, &format!("--state {state}")).contains(&name.to_owned()));
        assert_eq!(
            key["usable"],
            state == "active" || name == "grace",
            "{name}"
        );
    }
}

#[test]
fn a_key_expires_at_its_instant_and_not_before() {
    let world = World::own();
    world.create("--scope inference --name soon --expires 1s");
    world.advance_millis(999);
    assert_eq!(names(&world, "--state active"), ["soon"]);
    world.advance_millis(1);
    assert_eq!(names(&world, "--state expired"), ["soon"]);
    // Expiry is never written: a clock that is set back revives the key.
    world.advance_millis(-1);
    assert_eq!(names(&world, "--state active"), ["soon"]);
}

#[test]
fn filters_narrow_the_list_together() {
    let world = World::own();
    world.create("--scope inference --name a --label team=search --label env=prod");
    world.create("--scope project --name b --label team=search");
    world.create("--scope project,inference --name c --label team=ads");
    world.create("--scope inference --name d --owner bob --label team=search");
    assert_eq!(names(&world, "--owner alice"), ["a", "b", "c"]);
    assert_eq!(names(&world, "--owner bob"), ["d"]);
    assert!(names(&world, "--owner nobody").is_empty());
    assert_eq!(names(&world, "--label team=search"), ["a", "b", "d"]);
    assert_eq!(names(&world, "--label team=search --label env=prod"), ["a"]);
    assert!(names(&world, "--label team=sea").is_empty());
    // Held, not implied: `project` alone is not `inference` here.
    assert_eq!(names(&world, "--scope inference"), ["a", "c", "d"]);
    assert_eq!(names(&world, "--scope project"), ["b", "c"]);
    assert_eq!(names(&world, "--scope project,inference"), ["c"]);
    assert_eq!(
        names(
            &world,
            "--owner alice --scope inference --label team=search"
        ),
        ["a"]
    );
}

#[test]
fn expiring_within_lists_what_works_now_and_stops_by_then() {
    let world = World::own();
    for (name, expires) in [("day", "1d"), ("week", "7d"), ("off", "1d"), ("year", "1y")] {
        world.create(&format!(
            "--scope inference --name {name} --expires {expires}"
        ));
    }
    world.create("--scope inference --name gone --expires 1s");
    world.create("--scope inference --name rotated");
    world.create("--scope inference --name stopped");
    world.run("disable off");
    world.run("rotate rotated --grace 2d");
    world.run("rotate stopped --grace 0s");
    world.advance("1s");
    assert_eq!(names(&world, "--expiring-within 86399s"), ["day"]);
    assert!(names(&world, "--expiring-within 86398s").is_empty());
    // By the end of a grace too; the successor, of that name as well, lives on.
    let soon = list(&world, "--expiring-within 6d --format json")
        .run()
        .json();
    let soon: Vec<(&Value, &Value)> = soon
        .as_array()
        .unwrap()
        .iter()
        .map(|key| (&key["name"], &key["state"]))
        .collect();
    assert_eq!(
        soon,
        [
            (&json!("day"), &json!("active")),
            (&json!("rotated"), &json!("phased-out"))
        ]
    );
    assert_eq!(
        names(&world, "--expiring-within 7d"),
        ["day", "week", "rotated"]
    );
    assert!(names(&world, "--expiring-within 0s").is_empty());
    list(&world, "--expiring-within 8000y").run().fails(
        2,
        "'2920000d' from now is after the year 9999\nhint: give a shorter one\n",
    );
}

#[test]
fn unused_for_counts_from_the_last_use_or_from_creation() {
    let world = World::own();
    let used = world.create("--scope inference --name used");
    world.create("--scope inference --name idle");
    world.advance("10d");
    world.create("--scope inference --name new");
    assert_eq!(world.verify(&used, ""), 0);
    assert_eq!(names(&world, "--unused-for 10d"), ["idle"]);
    assert!(names(&world, "--unused-for 11d").is_empty());
    assert_eq!(names(&world, "--unused-for 0s"), ["used", "idle", "new"]);
    world.advance("10d");
    assert_eq!(names(&world, "--unused-for 10d"), ["used", "idle", "new"]);
    world.advance_millis(-1);
    assert_eq!(names(&world, "--unused-for 10d"), ["idle"]);
}

#[test]
fn older_than_counts_from_creation() {
    let world = World::own();
    let token = world.create("--scope inference --name old");
    world.advance("1d");
    world.create("--scope inference --name young");
    world.advance("1d");
    assert_eq!(world.verify(&token, ""), 0);
    assert_eq!(names(&world, "--older-than 1d"), ["old", "young"]);
    assert_eq!(names(&world, "--older-than 86401s"), ["old"]);
    assert_eq!(names(&world, "--older-than 2d"), ["old"]);
    assert!(names(&world, "--older-than 3d").is_empty());
    assert!(names(&world, "--older-than 7000y").is_empty());
}

#[test]
fn created_within_counts_from_creation() {
    let world = World::own();
    world.create("--scope inference --name old");
    world.advance("1d");
    world.create("--scope inference --name young");
    world.advance("1d");
    world.create("--scope inference --name new --owner bob");
    assert_eq!(names(&world, "--created-within 0d"), ["new"]);
    assert_eq!(names(&world, "--created-within 86399s"), ["new"]);
    assert_eq!(names(&world, "--created-within 1d"), ["young", "new"]);
    let all = ["old", "young", "new"];
    assert_eq!(names(&world, "--created-within 2d"), all);
    assert_eq!(names(&world, "--created-within 7000y"), all);
    assert_eq!(
        names(&world, "--created-within 36h --older-than 12h"),
        ["young"]
    );
    assert!(names(&world, "--created-within 12h --older-than 36h").is_empty());
    assert_eq!(names(&world, "--created-within 1d --owner bob"), ["new"]);
    world.run("delete young --yes");
    assert_eq!(names(&world, "--created-within 1d"), ["new"]);
    assert_eq!(
        names(&world, "--created-within 1d --state all"),
        ["young", "new"]
    );
    // A key of a clock that was ahead is not passed over.
    world.advance_millis(-1);
    assert_eq!(names(&world, "--created-within 0d"), ["new"]);
    world.advance_millis(2);
    assert!(names(&world, "--created-within 0d").is_empty());
}

#[test]
fn every_order_has_its_ends() {
    let world = World::own();
    world.create("--scope inference");
    world.policy("max-expiry", "never");
    world.run("delete kc-apikey-alice-20261122T000000Z --yes");
    let make = |name: &str, expires: &str| {
        world.create(&format!(
            "--scope inference --name {name} --expires {expires}"
        ))
    };
    let delta = make("delta", "9d");
    make("charlie", "never");
    let bravo = make("bravo", "3d");
    world.advance("1m");
    make("alpha", "5d");
    assert_eq!(world.verify(&delta, ""), 0);
    world.advance("2m");
    assert_eq!(world.verify(&bravo, ""), 0);
    let oldest_first = ["delta", "charlie", "bravo", "alpha"];
    assert_eq!(names(&world, ""), oldest_first);
    assert_eq!(names(&world, "--sort created"), oldest_first);
    assert_eq!(
        names(&world, "--sort expires"),
        ["bravo", "alpha", "delta", "charlie"]
    );
    assert_eq!(
        names(&world, "--sort last-used"),
        ["charlie", "alpha", "delta", "bravo"]
    );
    assert_eq!(
        names(&world, "--sort name"),
        ["alpha", "bravo", "charlie", "delta"]
    );
    assert_eq!(names(&world, "--sort name --limit 2"), ["alpha", "bravo"]);
}

#[test]
fn limit_says_that_there_may_be_more() {
    let world = World::own();
    world.run("create --scope inference --name ci --count 3");
    let legend = |line: &str, text: &str| {
        list(&world, line).run().code(0).stderr(text);
    };
    legend("", "3 keys\n");
    legend("--limit 1", "1 key; there may be more (--limit)\n");
    legend("--limit 3", "3 keys; there may be more (--limit)\n");
    legend("--limit 4", "3 keys\n");
    legend("--limit 2 --quiet", "");
    legend("--limit 2 --format ids", "");
    assert_eq!(names(&world, "--limit 2"), ["ci-1", "ci-2"]);
    list(&world, "--limit 0").run().fails(
        2,
        "'0' is not a valid value for --limit\nhint: give a whole number of at least 1",
    );
}

#[test]
fn exit_code_tells_whether_anything_is_listed() {
    let world = World::own();
    world.create("--scope inference --name ci --expires 1d");
    for form in ["table", "lines", "json", "jsonl", "csv", "ids"] {
        let listed = |line: &str| list(&world, &format!("{line} --format {form}")).run().code;
        assert_eq!(listed("--exit-code"), 1, "{form}");
        assert_eq!(listed("--exit-code --expiring-within 14d"), 1, "{form}");
        assert_eq!(listed("--exit-code --expiring-within 1h"), 0, "{form}");
        assert_eq!(listed(""), 0, "{form}");
    }
}

#[test]
fn json_forms_hold_the_record_that_show_has() {
    let world = one_of_each();
    let listed = list(&world, "--state all --format json").run().code(0);
    assert!(!listed.stdout.trim_end().contains('\n'));
    let keys = listed.json();
    let keys = keys.as_array().unwrap();
    let lines = list(&world, "--state all --format jsonl")
        .run()
        .code(0)
        .stdout;
    assert_eq!(lines.lines().count(), keys.len());
    assert!(lines.ends_with("}\n"));
    for (key, line) in keys.iter().zip(lines.lines()) {
        let id = key["id"].as_str().unwrap();
        assert_eq!(*key, world.record(id));
        assert_eq!(
            world.run(&format!("show {id} --format json")).stdout,
            format!("{line}\n")
        );
    }
}

#[test]
fn ids_are_printed_one_a_line() {
    let world = World::own();
    let tokens = world.run("create --scope inference --count 2").stdout;
    let ids: String = tokens.lines().map(|token| id_of(token) + "\n").collect();
    list(&world, "--format ids")
        .run()
        .code(0)
        .stdout(&ids)
        .stderr("");
}

#[test]
fn csv_reads_back_as_the_record() {
    let world = one_of_each();
    let args = [
        "create",
        "--scope=inference,project",
        "--name=a \"quoted\", name",
        "--label=note=x,\"y\"",
        "--label=team=search",
    ];
    world.cmd(args).run().code(0);
    let text = list(&world, "--state all --format csv")
        .run()
        .code(0)
        .stdout;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let titles = reader.headers().unwrap().clone();
    let listed = list(&world, "--state all --format json").run().json();
    let listed = listed.as_array().unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), listed.len());
    for (row, key) in rows.iter().zip(listed) {
        assert_eq!(row.len(), key.as_object().unwrap().len());
        for (title, cell) in titles.iter().zip(row) {
            let expected = match &key[title] {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                Value::Bool(value) => value.to_string(),
                Value::Array(scopes) => {
                    let words: Vec<&str> =
                        scopes.iter().map(|word| word.as_str().unwrap()).collect();
                    words.join(" ")
                }
                labels => labels.to_string(),
            };
            assert_eq!(cell, expected, "{title}");
        }
    }
    let last = rows.last().unwrap();
    assert_eq!(&last[1], "a \"quoted\", name");
    assert_eq!(&last[7], "{\"note\":\"x,\\\"y\\\"\",\"team\":\"search\"}");
}

#[test]
fn a_table_fits_its_terminal_and_cuts_no_id() {
    let world = World::own();
    let mut ids = BTreeSet::new();
    let names = [
        "a-name-of-no-great-length-but-long-enough",
        "größe-鍵鍵鍵鍵鍵鍵",
        &"n".repeat(128),
    ];
    for name in names {
        let args = [
            "create",
            "--scope=inference,project",
            "--owner",
            "somebody.with.a.name",
            "--name",
            name,
        ];
        ids.insert(id_of(world.cmd(args).run().code(0).stdout.trim_end()));
    }
    set(&world, names[0], |key| {
        key.last_used_at = Some(key.created_at)
    });
    let rotated = world.run(&format!("rotate {} --grace 1h", ids.first().unwrap()));
    ids.insert(id_of(rotated.stdout.trim_end()));
    for width in 40..=160 {
        let table = plain(&list(&world, "").terminal(width).run().code(0).stdout);
        for line in table.lines() {
            let columns = unicode_width(line);
            assert!(
                columns <= usize::from(width),
                "{columns} of {width} columns: {line:?}"
            );
        }
        let shown: BTreeSet<String> = table
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .filter(|word| ids.contains(*word))
            .map(str::to_owned)
            .collect();
        assert_eq!(shown, ids, "at {width} columns:\n{table}");
        let date = width < 56 || table.contains("  2027-11-22 (in 365d)");
        assert!(date, "at {width} columns:\n{table}");
        let state = width < 42 || table.contains("  phased-out");
        assert!(state, "at {width} columns:\n{table}");
    }
    // Narrower than anything fits into, an ID is still whole.
    for width in [1, 12, 20] {
        let table = list(&world, "").terminal(width).run().code(0).stdout;
        for id in &ids {
            assert!(table.contains(id.as_str()), "at {width} columns:\n{table}");
        }
    }
}

/// The columns that a line takes: what is written in the tests above is Latin, narrow, or Han, wide.
fn unicode_width(line: &str) -> usize {
    line.chars()
        .map(|c| {
            if ('\u{4e00}'..='\u{9fff}').contains(&c) {
                2
            } else {
                1
            }
        })
        .sum()
}

#[test]
fn a_pipe_gets_lines_as_long_as_they_are() {
    let world = World::own();
    let name = "n".repeat(128);
    world
        .cmd(["create", "--scope=inference", "--name", &name])
        .run()
        .code(0);
    let table = list(&world, "").run().code(0).stdout;
    assert_eq!(table.lines().count(), 2);
    assert!(table.contains(&name));
}

/// A world with `count` keys, which no command could make in this time. The first has a long name, the
/// last the longest.
fn many(count: u32) -> World {
    let world = World::own();
    let first = id_of(&world.create("--scope inference --name the-first-of-all"));
    let (first, hash) = (world.key(&first), world.hash(&first).unwrap());
    world.write(|tx| {
        (2..=count).try_for_each(|number| {
            let key = Key {
                id: format!("{number:012}").parse().unwrap(),
                name: match number < count {
                    true => format!("key-{number:05}"),
                    false => "the-very-last-of-all".to_owned(),
                },
                scopes: BTreeSet::new(),
                expires_at: None,
                ..first.clone()
            };
            tx.insert(&key, &hash)
        })
    });
    world
}

#[test]
fn a_long_table_has_one_header_and_columns_that_line_up() {
    let world = many(1700);
    for command in [
        list(&world, ""),
        list(&world, "--color always"),
        list(&world, "").terminal(160),
        list(&world, "").terminal(78),
    ] {
        let table = plain(&command.run().code(0).stdout);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 1701, "{}", lines[0]);
        let state = lines[0].find("STATE").unwrap();
        // On the last page one name is wider than any on the first.
        let (all_but_last_page, last_page) = lines[1..].split_at(1500);
        for line in all_but_last_page {
            assert_eq!(&line[state..state + 6], "active", "{}\n{line}", lines[0]);
        }
        let state = last_page[0].find("active").unwrap();
        for line in last_page {
            assert_eq!(&line[state..state + 6], "active", "{line}");
        }
        assert!(last_page[199].contains("the-very-last-of-all"));
        assert!(state > lines[0].find("STATE").unwrap());
    }
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name hostile"));
    let hostile = "a\u{1b}[31m\u{7}\r\nb\u{202e}c\u{2028}d\u{9b}e";
    world.alter(&id, |key| {
        for field in [&mut key.name, &mut key.owner, &mut key.created_by] {
            hostile.clone_into(field);
        }
    });
    let escaped = "a\\u{1b}[31m\\u{7}\\u{d}\\u{a}b\\u{202e}c\\u{2028}d\\u{9b}e";
    let table = list(&world, "").run().code(0).stdout;
    assert_eq!(table.matches(escaped).count(), 2, "{table}");
    let wide = list(&world, "").terminal(160).run().code(0).stdout;
    for text in [&table, &wide] {
        let raw = plain(text);
        assert!(
            !raw.contains(|c: char| c != '\n' && c.is_control()),
            "{raw:?}"
        );
        assert!(!raw.contains(['\u{202e}', '\u{2028}']), "{raw:?}");
    }
    // Programs get the name itself, in JSON's own escapes.
    let json = list(&world, "--format json").run().code(0);
    assert_eq!(json.json()[0]["name"], hostile);
    assert!(!json.stdout.contains(['\u{1b}', '\r', '\u{7}']));
}

#[test]
fn a_terminal_gets_the_state_in_colour_unless_told_otherwise() {
    let world = one_of_each();
    let colored = |ran: Ran| ran.code(0).stdout.contains('\u{1b}');
    let plain_table = list(&world, "--state all").run().code(0).stdout;
    assert!(!plain_table.contains('\u{1b}'));
    let table = list(&world, "--state all --color always")
        .run()
        .code(0)
        .stdout;
    let color = |state: &str| {
        let (before, _) = table.split_once(&format!("m{state} ")).unwrap();
        before.rsplit_once("\u{1b}[").unwrap().1.to_owned()
    };
    assert_eq!(color("expired"), color("disabled"));
    let colors = ["active", "disabled", "phased-out", "deleted"].map(color);
    assert_eq!(
        BTreeSet::from(colors.clone()).len(),
        colors.len(),
        "{colors:?}"
    );
    // The eight that a terminal's user has chosen to be read; the brighter eight are hardly seen on
    // a light background.
    for color in colors {
        let number = color
            .strip_prefix("38;5;")
            .and_then(|number| number.parse().ok());
        assert!(number.is_some_and(|number: u8| number < 8), "{color:?}");
    }
    let uncolored: Vec<String> = table
        .lines()
        .map(|line| plain(line).trim_end().to_owned())
        .collect();
    assert_eq!(uncolored, plain_table.lines().collect::<Vec<_>>());
    assert!(colored(list(&world, "").terminal(100).run()));
    assert!(!colored(list(&world, "--color never").terminal(100).run()));
    assert!(!colored(
        list(&world, "").terminal(100).var("NO_COLOR", "1").run()
    ));
    assert!(colored(
        list(&world, "").terminal(100).var("NO_COLOR", "").run()
    ));
    // A flag is said for this one run, a variable for all of them.
    assert!(colored(
        list(&world, "--color always").var("NO_COLOR", "1").run()
    ));
    assert!(!colored(list(&world, "--color always --format csv").run()));
}

#[test]
fn lists_for_everyone_and_writes_nothing() {
    let world = World::own();
    world.create("--scope inference --name ci");
    list(&world, "--format ids").user("mallory").run().code(0);
    assert_eq!(world.log(), ["init", "create"]);
}

#[test]
fn a_user_of_whom_there_is_no_key_is_likely_a_typo() {
    let world = World::quick();
    world.create("--scope inference --name web");
    let of = |rest: &str| world.line(&format!("list --owner {rest}")).run().code(0);
    let typo = "no keys\nhint: 'alise' has no keys; did you mean 'alice'?\n";
    of("alise").stdout("").stderr(typo);
    of("alise --format lines").stdout("").stderr(typo);
    of("alise --quiet").stdout("").stderr("");
    of("alise --format json").stdout("[]\n").stderr("");
    of("zoe").stderr(
        "no keys\nhint: 'zoe' has no keys; 'keyctl list --state all' shows every key and its \
         owner\n",
    );
    // She has keys, but none such.
    of("alice --state disabled").stderr("no keys\n");
    world.run("delete web --yes");
    of("alice").stderr("no keys\n");
}

#[test]
fn an_empty_owner_is_a_mistake_and_not_nobody() {
    let world = World::own();
    world.create("--scope inference");
    world
        .line("list --owner=")
        .run()
        .fails(2, "--owner has no value\n");
    // No key can be theirs, which is an answer.
    world.line("list --owner=-n").run().code(0).stdout("");
}

#[test]
fn list_without_keys_proposes_the_label_that_was_meant() {
    let world = World::quick();
    world.create("--scope inference --name web --label team=search");
    world
        .run("list --label tema=search")
        .stdout("")
        .stderr("no keys\nhint: no key has the label 'tema=search'; did you mean 'team=search'?\n");
    world.run("list --label tema=search -q").stderr("");
    // The label is right; another filter leaves nothing.
    world
        .run("list --label team=search --state expired")
        .stderr("no keys\n");
}

#[test]
fn list_of_several_users_in_one_value_says_to_repeat_the_flag() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world.run("list --owner bob,dave").stderr(
        "no keys\nhint: 'bob,dave' has no keys; for several users, repeat it: --owner bob --owner dave\n",
    );
}
