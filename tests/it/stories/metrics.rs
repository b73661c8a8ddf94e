//! `metrics`: what it counts, and for whom.

use super::World;
use super::handover::cut_short;
use crate::harness::exposition::{Exposition, check_with_promtool};
use crate::harness::id_of;

/// The metrics of the store, as alice sees them.
#[track_caller]
fn metrics(world: &World) -> Exposition {
    let ran = world.run("metrics").stderr("");
    Exposition::read(&ran.stdout).unwrap()
}

/// The series of one metric that are not 0.
#[track_caller]
fn others(world: &World, metric: &str) -> Vec<String> {
    let mut series = metrics(world).others_than_zero();
    series.retain(|series| series.split(['{', ' ']).next() == Some(metric));
    series
}

/// A store with a key in each state and of each kind: its owners are alice, but for bob's.
fn populated() -> World {
    let world = World::quick();
    world.knows("bob");
    world
        .line("scope add data:read")
        .user("carol")
        .run()
        .code(0);
    world.create("--scope inference --name active --expires 90d");
    world.create("--scope inference,project --name several --expires 5d");
    world.create("--scope project --name off --expires 90d");
    world.run("disable off");
    world.create("--scope inference --name gone");
    world.run("delete gone --yes");
    world.create("--scope inference --name old --expires 1d");
    world.create("--scope inference --name web --expires 60d");
    world.run("rotate web --grace 20d");
    world.create("--scope project --name stopped --expires 60d");
    world.run("rotate stopped");
    let legacy = id_of(&world.create("--scope inference --name robot"));
    world.make_legacy(&legacy);
    world.advance("2d");
    world
}

#[test]
fn every_series_of_a_fixed_number_is_there_from_the_start() {
    let world = World::quick();
    let all = metrics(&world);
    let count = |name: &str| all.0.get(name).map_or(0, |metric| metric.series.len());
    for (name, series) in [
        ("keyctl_build_info", 1),
        ("keyctl_keys", 10),
        ("keyctl_scope_keys", 10),
        ("keyctl_damaged_keys", 1),
        ("keyctl_usable_keys", 2),
        ("keyctl_expiring_keys", 4),
        ("keyctl_next_expiry_seconds", 0),
        ("keyctl_next_expiry_timestamp_seconds", 0),
        ("keyctl_doctor_keys", 6),
        ("keyctl_cut_short_handovers", 2),
        ("keyctl_log_events_total", 1),
        ("keyctl_store_retired", 1),
    ] {
        assert_eq!(count(name), series, "{name}");
    }
    let lines = world.events().len();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        all.others_than_zero(),
        [
            format!("keyctl_build_info{{version=\"{version}\"}} 1"),
            format!("keyctl_log_events_total {lines}"),
        ]
    );
}

#[test]
fn each_key_counts_once_by_kind_and_state_and_in_each_of_its_scopes() {
    let world = populated();
    assert_eq!(
        others(&world, "keyctl_keys"),
        [
            "keyctl_keys{kind=\"api\",state=\"active\"} 4",
            "keyctl_keys{kind=\"api\",state=\"deleted\"} 1",
            "keyctl_keys{kind=\"api\",state=\"disabled\"} 1",
            "keyctl_keys{kind=\"api\",state=\"expired\"} 1",
            "keyctl_keys{kind=\"api\",state=\"phased-out\"} 2",
            "keyctl_keys{kind=\"legacy\",state=\"active\"} 1",
        ]
    );
    assert_eq!(
        others(&world, "keyctl_scope_keys"),
        [
            "keyctl_scope_keys{scope=\"inference\",state=\"active\"} 3",
            "keyctl_scope_keys{scope=\"inference\",state=\"deleted\"} 1",
            "keyctl_scope_keys{scope=\"inference\",state=\"expired\"} 1",
            "keyctl_scope_keys{scope=\"inference\",state=\"phased-out\"} 1",
            "keyctl_scope_keys{scope=\"project\",state=\"active\"} 2",
            "keyctl_scope_keys{scope=\"project\",state=\"disabled\"} 1",
            "keyctl_scope_keys{scope=\"project\",state=\"phased-out\"} 1",
        ]
    );
    // A scope that no key has is there all the same.
    let all = metrics(&world);
    let unused = "keyctl_scope_keys{scope=\"data:read\",state=\"active\"}";
    assert_eq!(all.value(unused), Some(0.0));
    assert_eq!(
        others(&world, "keyctl_usable_keys"),
        [
            "keyctl_usable_keys{state=\"active\"} 5",
            "keyctl_usable_keys{state=\"phased-out\"} 1",
        ]
    );
}

#[test]
fn keys_that_stop_are_those_that_list_has() {
    let world = populated();
    let start = world.now();
    assert_eq!(
        others(&world, "keyctl_expiring_keys"),
        [
            "keyctl_expiring_keys{state=\"active\",within=\"30d\"} 1",
            "keyctl_expiring_keys{state=\"active\",within=\"7d\"} 1",
            "keyctl_expiring_keys{state=\"phased-out\",within=\"30d\"} 1",
        ]
    );
    let agrees = || {
        let all = metrics(&world);
        for within in ["7d", "30d"] {
            for state in ["active", "phased-out"] {
                let line = format!("list --expiring-within {within} --state {state} --format ids");
                let listed = world.run(&line).stdout.lines().count();
                let series =
                    format!("keyctl_expiring_keys{{state=\"{state}\",within=\"{within}\"}}");
                assert_eq!(all.value(&series), Some(listed as f64), "{series}");
            }
        }
    };
    agrees();
    let next = metrics(&world);
    let left =
        |state: &str| next.value(&format!("keyctl_next_expiry_seconds{{state=\"{state}\"}}"));
    assert_eq!(left("active"), Some(3.0 * 86400.0));
    assert_eq!(left("phased-out"), Some(18.0 * 86400.0));
    let at = next.value("keyctl_next_expiry_timestamp_seconds{state=\"active\"}");
    assert_eq!(at, Some((start.millis() / 1000 + 3 * 86400) as f64));
    // At the very end of the seven days, and a millisecond before.
    world.advance("11d");
    world.advance_millis(-1);
    agrees();
    world.advance_millis(1);
    agrees();
    let after = metrics(&world);
    let within = "keyctl_expiring_keys{state=\"phased-out\",within=\"7d\"}";
    assert_eq!(
        (next.value(within), after.value(within)),
        (Some(0.0), Some(1.0))
    );
}

#[test]
fn keys_on_which_doctor_has_a_remark_count_by_its_code() {
    let world = World::quick();
    for name in ["long", "longer", "odd", "bare", "robot"] {
        world.create(&format!("--scope inference --name {name} --expires 200d"));
    }
    let id = |name: &str| world.record(name)["id"].as_str().unwrap().to_owned();
    world.alter(&id("bare"), |key| key.scopes.clear());
    world.alter(&id("odd"), |key| key.name = "gro\u{308}ße".to_owned());
    world.alter(&id("robot"), |key| key.kind = keyctl::key::Kind::Legacy);
    world.policy("max-expiry", "150d");
    world.policy("default-expiry", "150d");
    world.advance("91d");
    let expected = [
        "keyctl_doctor_keys{code=\"expiry\"} 4",
        "keyctl_doctor_keys{code=\"legacy\"} 1",
        "keyctl_doctor_keys{code=\"names\"} 1",
        "keyctl_doctor_keys{code=\"scopes\"} 1",
        "keyctl_doctor_keys{code=\"unused\"} 5",
    ];
    assert_eq!(others(&world, "keyctl_doctor_keys"), expected);
    let remarks = world
        .line("doctor --format json")
        .user("carol")
        .run()
        .json();
    let all = ["findings", "notes"].map(|kind| remarks[kind].as_array().unwrap().clone());
    for series in expected {
        let (code, count) = series.split_once("\"} ").unwrap();
        let code = code.split('"').nth(1).unwrap();
        let is_it = |remark: &&serde_json::Value| remark["code"] == code;
        let remark = all.iter().flatten().find(is_it).unwrap();
        let message = remark["message"].as_str().unwrap();
        assert!(message.contains(&format!(": {count} key")), "{message}");
    }
}

#[test]
fn a_handover_counts_once_it_was_cut_short_and_until_it_is_mended() {
    let world = World::quick();
    let created = cut_short(
        &world,
        "create --scope inference --name new --exec-timeout 10m",
    );
    world.create("--scope inference --name ci --expires 30d");
    let rotated = cut_short(&world, "rotate ci --exec-timeout 10m");
    let none: [&str; 0] = [];
    // The commands may still run.
    assert_eq!(others(&world, "keyctl_cut_short_handovers"), none);
    world.advance("1h");
    let create = "keyctl_cut_short_handovers{action=\"create\"} 1";
    let rotate = "keyctl_cut_short_handovers{action=\"rotate\"} 1";
    assert_eq!(
        others(&world, "keyctl_cut_short_handovers"),
        [create, rotate]
    );
    world.run(&format!("rotate {rotated} --undo --yes"));
    assert_eq!(others(&world, "keyctl_cut_short_handovers"), [create]);
    world.run(&format!("delete {created} --yes"));
    assert_eq!(others(&world, "keyctl_cut_short_handovers"), none);
}

#[test]
fn the_log_counts_as_many_lines_as_it_has() {
    let world = populated();
    let lines = world.events().len() as f64;
    assert_eq!(
        metrics(&world).value("keyctl_log_events_total"),
        Some(lines)
    );
}

#[test]
fn a_retired_store_says_so() {
    let world = World::own();
    assert_eq!(metrics(&world).value("keyctl_store_retired"), Some(0.0));
    let copy = world.path("copy.db");
    let retire = ["backup".as_ref(), "--retire".as_ref(), copy.as_os_str()];
    world.cmd(retire).run().code(0);
    assert_eq!(metrics(&world).value("keyctl_store_retired"), Some(1.0));
}

#[test]
fn whoever_may_only_read_gets_the_same_and_nothing_changes() {
    let world = populated();
    let before = world.rows();
    let of_alice = world.run("metrics").stdout;
    let of_bob = world.line("metrics").user("bob").run().code(0).stderr("");
    assert_eq!(of_bob.stdout, of_alice);
    assert_eq!(world.rows(), before);
}

#[test]
fn the_text_is_as_prometheus_takes_it_and_names_no_key_and_no_owner() {
    let world = populated();
    let text = world.run("metrics").stdout;
    assert!(Exposition::read(&text).is_ok(), "{text}");
    check_with_promtool(&text);
    for key in world.keys() {
        assert!(!text.contains(key.id.as_str()), "{text}");
    }
    for word in ["alice", "bob", "carol", "robot"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

#[test]
fn the_label_store_is_on_every_series_and_is_escaped() {
    let world = populated();
    let name = r#"größe "a\b""#;
    let ran = world.cmd(["metrics", "--store-label", name]).run().code(0);
    check_with_promtool(&ran.stdout);
    let all = Exposition::read(&ran.stdout).unwrap();
    let series = all.0.values().flat_map(|metric| metric.series.keys());
    let labelled = series.map(|labels| {
        let store = labels.iter().find(|(label, _)| label == "store");
        store.map(|(_, value)| &**value)
    });
    let labelled: Vec<Option<&str>> = labelled.collect();
    assert!(labelled.len() > 40);
    assert!(labelled.iter().all(|value| *value == Some(name)));
    for wrong in ["", "a\nb", "a\u{1b}b"] {
        let ran = world.cmd(["metrics", "--store-label", wrong]).run();
        ran.fails(2, "").says("printable characters");
    }
}

#[test]
fn without_a_store_it_fails_and_writes_no_file() {
    let world = World::new();
    let file = world.path("keyctl.prom");
    world.line("metrics").run().fails(5, "");
    let output = ["metrics".as_ref(), "--output".as_ref(), file.as_os_str()];
    world.cmd(output).run().fails(5, "");
    assert!(!file.exists());
}

#[test]
fn output_gets_what_standard_output_would_and_that_stays_empty() {
    let world = populated();
    let text = world.run("metrics").stdout;
    let file = world.path("keyctl.prom");
    let output = ["metrics".as_ref(), "--output".as_ref(), file.as_os_str()];
    world.cmd(output).run().code(0).stdout("").stderr("");
    assert_eq!(std::fs::read_to_string(file).unwrap(), text);
}
