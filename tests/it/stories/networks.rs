//! Keys that work from some networks only: `--allow-from` and `verify --ip`.

use super::World;
use crate::harness::{Ran, id_of};
use keyctl::network::Network;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Verifies `token` with `line`, in text.
#[track_caller]
fn verify(world: &World, token: &str, line: &str) -> Ran {
    let line = format!("verify --no-touch {line}");
    world.line(&line).stdin(token).run()
}

/// The networks in the detail of an event, the `index`th of its kind.
fn event(world: &World, action: &str, index: usize) -> Value {
    let events = world.events();
    let mut events = events.iter().filter(|event| event.action == action);
    events.nth(index).unwrap().detail()["allow_from"].clone()
}

#[test]
fn a_key_with_networks_is_refused_elsewhere_and_without_an_address() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci --allow-from 10.0.0.0/8,2001:db8::/32");
    let id = id_of(&token);
    for inside in [
        "10.1.2.3",
        "::ffff:10.1.2.3",
        "2001:db8::7",
        "2001:DB8:0:0:0:0:0:7",
    ] {
        verify(&world, &token, &format!("--ip {inside}")).code(0);
    }
    for outside in [
        "11.0.0.0",
        "::ffff:11.0.0.0",
        "::a01:203",
        "2001:db9::",
        "127.0.0.1",
    ] {
        let shown = outside.trim_start_matches("::ffff:");
        verify(&world, &token, &format!("--ip {outside}"))
            .code(6)
            .stdout("")
            .says(&format!("rejected: address: {id} ci does not work from {outside} (store "))
            .says(&format!(
                "hint: it works from 10.0.0.0/8 2001:db8::/32; to add this address: keyctl edit {id} --add-allow-from {shown}\n"
            ));
    }
    verify(&world, &token, "")
        .code(6)
        .says("rejected: address: ")
        .says(" ci works from some networks only, and no address was given (store ")
        .says("hint: give the address of the client, as your server sees it: --ip ADDRESS\n");
}

#[test]
fn a_key_without_networks_works_from_anywhere() {
    let world = World::quick();
    let token = world.create("--scope inference");
    for line in ["", "--ip 192.0.2.7", "--ip ::1"] {
        verify(&world, &token, line).code(0);
    }
}

#[test]
fn the_address_is_judged_after_the_state_and_before_the_scope_and_the_project() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci --allow-from 10.0.0.0/8");
    let reason = |line: &str| {
        let line = format!("--format json {line}");
        let ran = verify(&world, &token, &line);
        (ran.code, ran.json()["reason"].clone())
    };
    let all = "--scope project --project search";
    assert_eq!(
        reason(&format!("{all} --ip 11.0.0.1")),
        (6, json!("address"))
    );
    assert_eq!(reason(&format!("{all} --ip 10.0.0.1")), (6, json!("scope")));
    world.run("disable ci");
    assert_eq!(
        reason(&format!("{all} --ip 11.0.0.1")),
        (1, json!("disabled"))
    );
}

#[test]
fn a_rejection_for_the_address_says_in_json_which_key_it_was() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci --expires 90d --allow-from 10.0.0.0/8");
    let expected = format!(
        "{{\"valid\":false,\"reason\":\"address\",\"id\":\"{}\",\"name\":\"ci\",\"owner\":\"alice\",\
         \"state\":\"active\",\"expires_at\":\"2027-02-20T00:00:00Z\"}}\n",
        id_of(&token)
    );
    for line in ["--format json", "--batch", "--batch --ip 11.0.0.1"] {
        let ran = verify(&world, &token, line);
        assert_eq!(ran.stdout, expected, "{line}");
    }
    verify(&world, &token, "--batch --ip 10.0.0.1").code(0);
}

#[test]
fn an_unreadable_address_or_network_is_a_usage_error() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    for address in [
        "10.0.0.0/8",
        "10.0.0.1:80",
        "[::1]",
        "fe80::1%eth0",
        "localhost",
        "",
    ] {
        verify(&world, &token, &format!("--ip={address}"))
            .fails(2, &format!("'{address}' is not an IP address\n"))
            .says("hint: give only the address, as in 192.0.2.7 or 2001:db8::7\n");
    }
    let before = world.rows();
    for line in ["create --scope inference", "edit ci"] {
        world
            .line(&format!("{line} --allow-from 10.1.2.3/8"))
            .run()
            .fails(
                2,
                "the network '10.1.2.3/8' has bits set after its first 8\n",
            )
            .says("hint: give 10.0.0.0/8 for the network, or 10.1.2.3 for the address alone\n");
        world
            .line(&format!("{line} --allow-from example.org"))
            .run()
            .fails(2, "'example.org' is not a network\n");
        world
            .line(&format!("{line} --allow-from ::1,::1"))
            .run()
            .fails(2, "the network '::1/128' is given twice\n");
        let many: Vec<String> = (0..65).map(|n| format!("10.0.0.{n}")).collect();
        world
            .line(&format!("{line} --allow-from {}", many.join(",")))
            .run()
            .fails(2, "65 networks are too many for one key\n");
    }
    world
        .line("create --scope inference --allow-from any")
        .run()
        .fails(2, "'any' is not a network\n");
    world
        .line("edit ci --allow-from any,::1")
        .run()
        .fails(2, "--allow-from has 'any' and networks\n");
    assert_eq!(world.rows(), before);
}

#[test]
fn edit_replaces_adds_and_removes_networks() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name ci"));
    let networks = || world.record("ci")["allow_from"].clone();
    let edit = |line: &str, said: &str| {
        world
            .run(&format!("edit ci {line}"))
            .stderr(&format!("changed {id} (ci)\n  from  {said}\n"));
    };
    edit("--allow-from 10.0.0.0/8", "anywhere → 10.0.0.0/8");
    edit(
        "--add-allow-from 192.0.2.7 --add-allow-from ::1",
        "10.0.0.0/8 → 10.0.0.0/8 192.0.2.7/32 ::1/128",
    );
    edit(
        "--remove-allow-from 10.0.0.0/8,::1",
        "10.0.0.0/8 192.0.2.7/32 ::1/128 → 192.0.2.7/32",
    );
    assert_eq!(networks(), json!(["192.0.2.7/32"]));
    edit(
        "--remove-allow-from 192.0.2.7 --add-allow-from ::1",
        "192.0.2.7/32 → ::1/128",
    );
    world
        .line("edit ci --remove-allow-from ::1")
        .run()
        .fails(
            4,
            &format!("{id} ('ci') cannot be left without a network: it would work from anywhere\n"),
        )
        .says(&format!(
            "hint: to let it work from anywhere: keyctl edit {id} --allow-from any\n"
        ));
    world.line("edit ci --remove-allow-from ::2").run().fails(
        3,
        &format!("{id} ('ci') does not have the network ::2/128\nhint: it has: ::1/128\n"),
    );
    assert_eq!(networks(), json!(["::1/128"]));
    edit("--allow-from any", "::1/128 → anywhere");
    assert_eq!(networks(), json!([]));
    world
        .line("edit ci --add-allow-from ::1,10.0.0.0/8")
        .run()
        .fails(4, &format!("{id} ('ci') cannot be given another network: it works from anywhere\n"))
        .says(&format!(
            "hint: to let it work only from there: keyctl edit {id} --allow-from 10.0.0.0/8,::1/128\n"
        ));
    let changed = event(&world, "edit", 0);
    assert_eq!(changed, json!({"old": [], "new": ["10.0.0.0/8"]}));
}

#[test]
fn rotate_keeps_the_networks() {
    let world = World::quick();
    let old = world.create("--scope inference --name ci --allow-from 10.0.0.0/8");
    let new = world
        .run("rotate ci --grace 1h")
        .says("  from     10.0.0.0/8\n");
    for token in [&old, new.stdout.trim_end()] {
        verify(&world, token, "--ip 10.0.0.1").code(0);
        verify(&world, token, "--ip 11.0.0.1").code(6);
    }
    // A rotated key cannot be changed: no command for that is proposed.
    let ran = verify(&world, &old, "--ip 11.0.0.1").code(6);
    assert!(
        ran.stderr.ends_with("hint: it works from 10.0.0.0/8\n"),
        "{ran:#?}"
    );
}

#[test]
fn networks_are_in_the_record_the_details_and_the_log() {
    let world = World::quick();
    world.create("--scope inference --name ci --allow-from ::1,10.0.0.0/8");
    world.create("--scope inference --name other");
    assert_eq!(
        world.record("ci")["allow_from"],
        json!(["10.0.0.0/8", "::1/128"])
    );
    assert_eq!(world.record("other")["allow_from"], json!([]));
    let listed = world.run("list --format csv").stdout;
    assert!(listed.contains(",10.0.0.0/8 ::1/128,"), "{listed}");
    let shown = world.run("show ci").stdout;
    assert!(
        shown.contains("Works from  10.0.0.0/8 ::1/128\n"),
        "{shown}"
    );
    let shown = world.run("show other").stdout;
    assert!(!shown.contains("Works from"), "{shown}");
    assert_eq!(event(&world, "create", 0), json!(["10.0.0.0/8", "::1/128"]));
    assert_eq!(event(&world, "create", 1), Value::Null);
}

#[test]
fn several_keys_are_made_for_the_same_networks() {
    let world = World::quick();
    world
        .run("create --scope inference --name w --count 2 --allow-from 10.0.0.0/8")
        .says("all of them: owner alice, scopes inference, from 10.0.0.0/8, expires ");
    for name in ["w-1", "w-2"] {
        assert_eq!(world.record(name)["allow_from"], json!(["10.0.0.0/8"]));
    }
}

#[test]
fn a_legacy_key_may_have_networks() {
    let world = World::quick();
    let line = "create --kind legacy --name robot --allow-from 10.0.0.0/8";
    let token = world.line(line).user("carol").run().code(0).stdout;
    verify(&world, &token, "--ip 11.0.0.1").code(6);
    let line = "edit alice/robot --allow-from 11.0.0.1";
    world.line(line).user("carol").run();
    verify(&world, &token, "").code(6);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// A key is valid from an address if one of its networks has the address, whatever the address's form.
    #[test]
    fn verify_agrees_with_the_prefixes(
        networks in prop::collection::btree_map(0_u32..8, 29_u32..=32, 1..4), address in 0_u32..8,
    ) {
        let world = World::quick();
        let mask = |length: u32| u32::MAX.checked_shl(32 - length).unwrap_or(0);
        let shown: std::collections::BTreeSet<String> = networks
            .iter()
            .map(|(bits, length)| format!("10.0.0.{}/{length}", bits & mask(*length)))
            .collect();
        let shown: Vec<String> = shown.into_iter().collect();
        let token = world.create(&format!("--scope inference --allow-from {}", shown.join(",")));
        let is_inside = networks
            .iter()
            .any(|(bits, length)| address & mask(*length) == bits & mask(*length));
        let code = if is_inside { 0 } else { 6 };
        prop_assert_eq!(verify(&world, &token, &format!("--ip 10.0.0.{address}")).code, code);
        prop_assert_eq!(verify(&world, &token, &format!("--ip ::ffff:10.0.0.{address}")).code, code);
    }
}

/// Arguments for so many networks from a number on.
fn networks(first: usize, count: usize) -> String {
    let all: Vec<_> = (first..first + count)
        .map(|number| format!("10.0.{number}.0/24"))
        .collect();
    all.join(",")
}

#[test]
fn a_key_gets_at_most_64_networks_and_keeps_what_it_has() {
    let world = World::quick();
    let too_many = |line: &str, count: usize| {
        let message = format!("{count} networks are too many for one key\n");
        world.line(line).run().fails(2, &message);
    };
    let id = id_of(&world.create(&format!(
        "--scope inference --name web --allow-from {}",
        networks(0, 64)
    )));
    let before = world.rows();
    too_many(
        &format!("edit web --add-allow-from {}", networks(64, 1)),
        65,
    );
    assert_eq!(world.rows(), before);
    let line = "edit web --remove-allow-from 10.0.0.0/24 --add-allow-from";
    world.run(&format!("{line} {}", networks(64, 1)));
    // A later version has given it more.
    world.alter(&id, |key| {
        let later = (1..=9).map(|number| format!("10.1.{number}.0/24").parse::<Network>().unwrap());
        key.allow_from.extend(later);
    });
    world.run("edit web --remove-allow-from 10.1.1.0/24");
    too_many(
        &format!("edit web --add-allow-from {}", networks(100, 1)),
        73,
    );
    let line = "edit web --remove-allow-from 10.1.2.0/24 --add-allow-from";
    world.run(&format!("{line} {}", networks(100, 1)));
}
