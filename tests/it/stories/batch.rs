//! `keyctl verify --batch`

use super::World;
use crate::harness::{Cmd, Ran, id_of};
use keyctl::env::Terminal;
use keyctl::key::Kind;
use std::fs;

const MALFORMED: &str = "{\"valid\":false,\"reason\":\"malformed\"}\n";
const UNKNOWN: &str = "{\"valid\":false,\"reason\":\"unknown\"}\n";

/// A batch of what is piped in, with the rest of its command line.
fn batch<'w>(world: &'w World, presented: impl AsRef<[u8]>, line: &str) -> Cmd<'w> {
    let args = ["verify", "--batch"]
        .into_iter()
        .chain(line.split_whitespace());
    world.cmd(args).stdin(presented)
}

/// The verdict on one token by itself.
fn alone(world: &World, token: &str, line: &str) -> String {
    let args = ["verify", "--no-touch", "--format", "json"]
        .into_iter()
        .chain(line.split_whitespace());
    world.cmd(args).stdin(token).run().stdout
}

/// Where a hash costs next to nothing and many are looked up at once.
fn sha256() -> World {
    let world = World::quick();
    world.policy("hash", "sha256");
    world
}

/// A token of each kind, and its ID's neighbour that no key has.
fn one_of_each(world: &World) -> Vec<String> {
    let create =
        |name: &str| world.create(&format!("--scope inference --expires 90d --name {name}"));
    let active = create("active");
    let expired = world.create("--scope inference --expires 1h --name expired");
    world.advance("1h");
    let disabled = create("disabled");
    world.run("disable disabled");
    let rotated = create("rotated");
    world.run("rotate rotated --grace 1h");
    let over = create("over");
    world.run("rotate over --grace 0s");
    let deleted = create("deleted");
    world.run("delete deleted --yes");
    let project = world.create("--scope project --name project");
    let (head, _) = active.rsplit_once('_').unwrap();
    let (_, secret) = project.rsplit_once('_').unwrap();
    let swapped = format!("{head}_{secret}");
    vec![
        active,
        expired,
        disabled,
        rotated,
        over,
        deleted,
        project,
        swapped,
        "kc_0123456789ab_".to_owned(),
    ]
}

#[test]
fn each_line_gets_the_verdict_that_it_would_get_by_itself_in_order() {
    for world in [World::quick(), sha256()] {
        let tokens = one_of_each(&world);
        for line in ["", "--scope project", "--scope inference --project p"] {
            let verdicts = tokens.iter().map(|token| alone(&world, token, line));
            let mut pairs: Vec<_> = tokens.iter().zip(verdicts).collect();
            // More than are looked up at once, not in the same order again and again.
            for turn in 0..6 {
                pairs.extend_from_within(..);
                pairs.rotate_left(turn);
            }
            let text: String = pairs
                .iter()
                .map(|(token, _)| format!("{token}\n"))
                .collect();
            let expected: String = pairs.iter().map(|(_, verdict)| &**verdict).collect();
            for cores in [1, 2, 3, 16] {
                let ran = batch(&world, &text, &format!("{line} --no-touch"));
                let ran = ran.cores(cores).run().code(1);
                assert_eq!(ran.stdout, expected, "{line} on {cores}");
            }
        }
    }
}

#[test]
fn it_succeeds_only_if_there_is_a_token_and_all_are_valid() {
    let world = World::quick();
    let token = world.create("--scope inference");
    let run = |presented: &str, line: &str| batch(&world, presented, line).run();
    let valid = alone(&world, &token, "");
    run(&token, "")
        .code(0)
        .stdout(&valid)
        .stderr("1 token: 1 valid, 0 rejected\n");
    run(&format!("{token}\nx\n{token}\n"), "")
        .code(1)
        .stdout(&format!("{valid}{MALFORMED}{valid}"))
        .stderr("3 tokens: 2 valid, 1 rejected\n");
    run("", "").code(1).stdout("").stderr("no tokens\n");
    run("", "--quiet").code(1).stderr("");
    // Alone it would be 6: among many, one code must do.
    let ran = run(&token, "--scope project").code(1);
    assert!(ran.stdout.contains("\"reason\":\"scope\""), "{ran:?}");
}

#[test]
fn a_line_is_a_token_whatever_stands_around_it() {
    let world = World::quick();
    let token = world.create("--scope inference");
    let valid = alone(&world, &token, "");
    let long = "x".repeat(100_000);
    let blanks = " ".repeat(600);
    let text = format!(
        "{token}\r\n  {token}\t\nBearer {token}\n\n{long}\n{token}{blanks}\n{token}\0\n\n{token}"
    );
    let expected = [
        &*valid, &valid, &valid, MALFORMED, MALFORMED, MALFORMED, MALFORMED, MALFORMED, &valid,
    ];
    for cores in [1, 2] {
        batch(&world, &text, "")
            .cores(cores)
            .run()
            .code(1)
            .stdout(&expected.concat());
    }
}

#[test]
fn tokens_come_from_a_file_too() {
    let world = World::quick();
    let token = world.create("--scope inference");
    let valid = alone(&world, &token, "");
    fs::write(world.path("tokens"), format!("{token}\n{token}\n")).unwrap();
    let path = world.path("tokens").display().to_string();
    batch(&world, "not read", &format!("--key-file {path}"))
        .run()
        .code(0)
        .stdout(&valid.repeat(2));
    batch(&world, &token, "--key-file -")
        .run()
        .code(0)
        .stdout(&valid);
    batch(&world, "", "--key-file /nowhere")
        .run()
        .fails(5, "cannot read the key file '/nowhere'");
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_read() {
    let world = World::quick();
    let token = world.create("--scope inference");
    // Nor is it waited for: not even the first token comes.
    batch(&world, "", "--scope inferense")
        .run()
        .fails(2, "there is no scope 'inferense'");
    batch(&world, &token, "--key-env TOKEN")
        .run()
        .code(2)
        .stdout("");
    batch(&world, &token, &token).run().code(2).stdout("");
    let typed = Terminal {
        stdin: true,
        stderr: true,
        ..Terminal::default()
    };
    batch(&world, &token, "")
        .streams(typed)
        .run()
        .fails(4, "tokens are not read from a terminal");
    let nowhere = World::new();
    batch(&nowhere, "", "").run().fails(5, "there is no store");
}

#[test]
fn where_the_store_fails_no_verdict_is_given() {
    for cores in [1, 2] {
        let world = sha256();
        let token = world.create("--scope inference");
        let id = id_of(&token);
        world.alter(&id, |key| key.kind = Kind::Legacy);
        world.set_hash(&id, "x");
        let ran = batch(&world, format!("x\n{token}\n"), "")
            .cores(cores)
            .run();
        ran.fails(5, "the hash of").says("cannot be read");
    }
}

fn last_used(world: &World, token: &str) -> serde_json::Value {
    world.record(&id_of(token))["last_used_at"].clone()
}

#[test]
fn uses_reuses_and_renewed_hashes_are_noted_as_for_one() {
    let world = World::quick();
    let tokens = one_of_each(&world);
    world.policy("hash", "sha256");
    world.advance("1h");
    let text = tokens.join("\n").repeat(2);
    // Not everybody may renew a hash on every store.
    let noted = batch(&world, &text, "").cores(2).user("carol");
    noted.run().code(1);
    assert_eq!(last_used(&world, &tokens[0]), "2026-11-22T02:00:00Z");
    assert!(last_used(&world, &tokens[1]).is_null());
    let hash = world.hash(&id_of(&tokens[0])).unwrap();
    assert!(hash.starts_with("$sha256$"), "{hash}");
    let noted = |action: &str| {
        let events = world.events();
        let ids = events.iter().filter(|event| event.action == action);
        let mut ids: Vec<String> = ids.filter_map(|event| event.key_id.clone()).collect();
        ids.sort();
        ids
    };
    let ids = |which: &[usize]| {
        let mut ids: Vec<String> = which.iter().map(|&which| id_of(&tokens[which])).collect();
        ids.sort();
        ids
    };
    // Once each, however often they came: expired, disabled, past its grace twice over.
    assert_eq!(noted("reuse"), ids(&[1, 2, 3, 4]));
    assert_eq!(noted("rehash"), ids(&[0, 6]));
    world.check_chain();
}

#[test]
fn each_renewed_hash_has_a_salt_of_its_own() {
    let world = sha256();
    let tokens =
        ["one", "two"].map(|name| world.create(&format!("--scope inference --name {name}")));
    world.policy("hash", "argon2id");
    let renewed = batch(&world, tokens.join("\n"), "").user("carol");
    renewed.run().code(0);
    let [one, two] = tokens.map(|token| {
        let hash = world.hash(&id_of(&token)).unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        hash.split('$').nth(4).unwrap().to_owned()
    });
    let zeros = "A".repeat(22);
    assert!(one != two && ![&one, &two].contains(&&zeros));
}

#[test]
fn without_touch_nothing_is_written() {
    let world = World::quick();
    let tokens = one_of_each(&world);
    world.policy("hash", "sha256");
    world.advance("1h");
    let before = (world.rows(), world.events());
    batch(&world, tokens.join("\n"), "--no-touch")
        .cores(2)
        .run()
        .code(1);
    assert_eq!((world.rows(), world.events()), before);
}

/// With a terminal that shows standard error alone.
const WATCHED: Terminal = Terminal {
    stdin: false,
    stdout: false,
    stderr: true,
    columns: None,
};

#[test]
fn progress_through_a_file_is_shown_where_it_is_in_nobodys_way() {
    let world = World::quick();
    let token = world.create("--scope inference");
    let text = format!("{token}\nx\n{token}");
    fs::write(world.path("tokens"), &text).unwrap();
    let path = world.path("tokens").display().to_string();
    let shown = |line: &str, terminal: Terminal| -> Ran {
        let line = format!("--key-file {path} {line}");
        batch(&world, "", &line)
            .streams(terminal)
            .cores(2)
            .run()
            .code(1)
    };
    let (first, rest) = (token.len() + 1, token.len());
    assert_eq!(
        shown("", WATCHED).progress,
        format!("Bytes {}: {first} 2 {rest}\n", text.len())
    );
    let both = Terminal {
        stdout: true,
        ..WATCHED
    };
    assert_eq!(shown("", both).progress, "");
    assert_eq!(shown("--quiet", WATCHED).progress, "");
    assert_eq!(shown("", Terminal::default()).progress, "");
    // Nobody knows how much a pipe will bring.
    let piped = batch(&world, &text, "").streams(WATCHED).run().code(1);
    assert_eq!(piped.progress, "");
}

#[test]
fn an_id_that_no_key_has_is_unknown_wherever_it_would_stand() {
    let world = sha256();
    let token = world.create("--scope inference");
    // It begins with the same numbers: its first token is this one.
    let elsewhere = World::quick();
    elsewhere.create("--scope inference");
    for _ in 0..20 {
        let foreign = elsewhere.create("--scope inference");
        batch(&world, foreign, "").run().code(1).stdout(UNKNOWN);
    }
    batch(&world, token, "").run().code(0);
}
