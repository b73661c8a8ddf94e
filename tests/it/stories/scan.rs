//! `keyctl scan`

use super::World;
use crate::harness::{Ran, forged, id_of};
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Token of another system.
const WEB: &str = "sk-Zq8mT3vXw1Lr7KpYb2Nc";

/// Writes `text` to a file below the directory `tree` of `world`.
fn plant(world: &World, name: &str, text: impl AsRef<[u8]>) {
    let path = world.path("tree").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Scans the directory `tree`.
#[track_caller]
fn scan(world: &World, line: &str) -> Ran {
    let mut args: Vec<String> = vec!["scan".into()];
    args.extend(line.split_whitespace().map(str::to_owned));
    args.push(world.path("tree").to_str().unwrap().to_owned());
    world.cmd(args).run()
}

/// What a scan in JSON found: the ID, the state, and the path and line below `tree`, as `PATH:LINE`.
#[track_caller]
fn found(world: &World, ran: &Ran) -> Vec<(String, String, String)> {
    let tree = world.path("tree");
    let Value::Array(lines) = ran.json() else {
        panic!("{ran:#?}");
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let place = |line: &Value| {
        let path = text(&line["path"]);
        let path = Path::new(&path).strip_prefix(&tree).unwrap().display();
        format!("{path}:{}", line["line"])
    };
    let lines = lines.iter();
    lines
        .map(|line| (text(&line["id"]), text(&line["state"]), place(line)))
        .collect()
}

fn row(token: &str, state: &str, place: &str) -> (String, String, String) {
    (id_of(token), state.to_owned(), place.to_owned())
}

#[track_caller]
fn shows_none(ran: &Ran, tokens: &[&str]) {
    for token in tokens {
        let secret = token.rsplit('_').next().unwrap();
        assert!(
            !ran.stdout.contains(secret) && !ran.stderr.contains(secret),
            "{ran:#?}"
        );
    }
}

#[test]
fn scan_lists_the_places_of_each_token_and_those_that_work_first() {
    let world = World::quick();
    let create = |name: &str| world.create(&format!("--scope inference --name {name}"));
    let (off, gone, live) = (create("off"), create("gone"), create("live"));
    world.advance("1h");
    let graceful = create("graceful");
    world.run("rotate graceful --grace 2h");
    world.run("rotate gone");
    world.run("disable off");
    plant(&world, ".env", format!("A=1\nKEY={live}\n"));
    plant(&world, "a/deep/er.json", format!("{{\"key\":\"{off}\"}}\n"));
    plant(&world, "b.log", format!("x {gone} {live}\n{graceful}"));
    let ran = scan(&world, "--format json").code(1);
    shows_none(&ran, &[&off, &gone, &live, &graceful]);
    let expected = [
        row(&graceful, "phased-out", "b.log:2"),
        row(&live, "active", ".env:2"),
        row(&live, "active", "b.log:1"),
        row(&gone, "phased-out", "b.log:1"),
        row(&off, "disabled", "a/deep/er.json:1"),
    ];
    assert_eq!(found(&world, &ran), expected);
    assert_eq!(
        ran.json()[1],
        json!({
            "id": id_of(&live), "name": "live", "owner": "alice", "state": "active", "usable": true,
            "expires_at": "2027-11-22T00:00:00Z", "path": world.path("tree/.env"), "line": 2,
            "commit": null, "removed": false,
        })
    );
    let ran = ran.says("4 tokens of this store, 2 of which work, in 5 places; searched 3 files, ");
    ran.says("hint: to stop them, pipe the output of --format ids into 'keyctl disable -'");
}

#[test]
fn scan_on_a_terminal_of_80_columns_says_whose_a_key_is() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    let name = format!("{}/config.yaml", "directory/".repeat(9));
    plant(&world, &name, &token);
    let tree = world.path("tree").to_str().unwrap().to_owned();
    let ran = world
        .cmd(["scan", "--color", "never", &tree])
        .terminal(80)
        .run()
        .code(1);
    let first = ran.stdout.lines().nth(1).unwrap();
    assert!(
        first.starts_with(&format!("active      {}  ci    alice  ", id_of(&token))),
        "{ran:#?}"
    );
    assert!(
        ran.stdout.lines().all(|line| line.chars().count() <= 80),
        "{ran:#?}"
    );
}

#[test]
fn scan_stops_what_it_found_through_a_pipe_of_ids() {
    let world = World::quick();
    let (live, other) = (
        world.create("--scope inference --name live"),
        world.create("--scope inference --name other"),
    );
    plant(&world, "a", format!("{live}\n{live}\n{}", forged(&other)));
    let ran = scan(&world, "--format ids").code(1);
    assert_eq!(ran.stdout, format!("{}\n", id_of(&live)));
    world.line("disable -").stdin(ran.stdout).run().code(0);
    assert_eq!(world.verify(&live, "--no-touch"), 1);
    assert_eq!(world.verify(&other, "--no-touch"), 0);
}

#[test]
fn scan_finds_a_key_by_its_secret_alone() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    let purged = world.create("--scope inference --name purged");
    let deleted = world.create("--scope inference --name deleted");
    world.run("delete purged --yes");
    world.run("purge --yes --owner alice");
    world.run("delete deleted --yes");
    plant(&world, "a", format!("{}\n", forged(&token)));
    plant(&world, "b", format!("{deleted}\n{purged}\n{purged}\n"));
    let ran = scan(&world, "--format csv").code(0);
    assert_eq!(ran.stdout.lines().count(), 1, "{ran:#?}");
    let ran = ran.says("no token of this store; searched 2 files, ");
    ran.says("hint: 4 places hold tokens that are not of this store; --unknown lists them\n");
    let ran = scan(&world, "--unknown --format json").code(1);
    shows_none(&ran, &[&forged(&token), &purged, &deleted]);
    let expected = [
        row(&token, "unknown", "a:1"),
        row(&deleted, "unknown", "b:1"),
        row(&purged, "unknown", "b:2"),
        row(&purged, "unknown", "b:3"),
    ];
    assert_eq!(found(&world, &ran), expected);
    assert_eq!(ran.json()[0]["name"], Value::Null);
    assert_eq!(ran.json()[0]["usable"], Value::Null);
    // What anybody can make up is not for a pipe that stops keys.
    assert_eq!(scan(&world, "--unknown --format ids").code(1).stdout, "");
}

#[test]
fn scan_advises_what_stops_the_token_and_can_be_done() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    plant(&world, "a", &token);
    world.policy("default-grace", "1d");
    let id = id_of(&token);
    let stop = format!("hint: to stop it: keyctl disable {id}");
    let replace = format!("rotate {id} --grace 0s");
    let ran = scan(&world, "").code(1);
    ran.says(&format!(
        "{stop}; to replace it at once: keyctl {replace}\n"
    ));
    let other = world.create("--scope inference --name other");
    plant(&world, "b", &other);
    let ran = scan(&world, "").code(1);
    ran.says("; to replace one at once: keyctl rotate KEY --grace 0s\n");
    world.run("disable other");
    // One in its grace was rotated already.
    world.run(&format!("rotate {id}"));
    scan(&world, "").code(1).says(&format!("{stop}\n"));
    world.run(&format!("rotate {id} --undo --yes"));
    world.run(&replace);
    assert_eq!(world.verify(&token, "--no-touch"), 1);
}

#[test]
fn scan_changes_nothing_in_the_store() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    world.run("disable ci");
    let (rows, log) = (world.rows(), world.log());
    plant(&world, "a", &token);
    scan(&world, "").code(1);
    assert_eq!(world.rows(), rows);
    assert_eq!(world.log(), log);
}

#[test]
fn scan_of_standard_input_names_its_lines() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    let ran = world
        .line("scan - --format lines")
        .stdin(format!("\n\nx{token}x\n"));
    let ran = ran.run().code(1);
    let place = format!(
        "state active, name ci, owner alice, ID {}, in -:3\n",
        id_of(&token)
    );
    assert_eq!(ran.stdout, place);
    world
        .line("scan -")
        .stdin("nothing\n")
        .run()
        .code(0)
        .stdout("");
}

#[test]
fn scan_of_the_output_of_git_log_names_commits_and_paths() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let log = format!(
        "commit {commit}\nAuthor: x\n\n    Adds {token}\n\ndiff --git a/d/x.env b/d/x.env\n--- a/d/x.env\n\
         +++ b/d/x.env\n@@ -1,2 +1,2 @@\n-OLD={token}\n+KEY={token}\n"
    );
    let ran = world.line("scan - --format json").stdin(&log).run().code(1);
    let places: Vec<_> = ran.json().as_array().unwrap().clone();
    let place = |path: Value, removed: bool| {
        let mut expected = places[0].clone();
        expected["path"] = path;
        expected["commit"] = json!(commit);
        expected["line"] = Value::Null;
        expected["removed"] = json!(removed);
        expected
    };
    let path = || json!("d/x.env");
    assert_eq!(
        places,
        [
            place(Value::Null, false),
            place(path(), true),
            place(path(), false)
        ]
    );
    let ran = world.line("scan -").stdin(&log).run().code(1);
    for place in [
        "0123456789ab (its message)",
        "0123456789ab:d/x.env",
        "0123456789ab^:d/x.env",
    ] {
        assert!(
            ran.stdout.contains(&format!("{place}\n")),
            "{place}: {ran:#?}"
        );
    }
}

#[test]
fn scan_of_a_history_lists_the_newest_commit_first() {
    let world = World::quick();
    let (one, other) = (
        world.create("--scope inference"),
        world.create("--scope inference"),
    );
    let (new, old) = ("f".repeat(40), "0".repeat(40));
    let log = format!("commit {new}\n\n    {other}\n    {one}\n\ncommit {old}\n\n    {one}\n");
    let ran = world.line("scan - --format json").stdin(log).run().code(1);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found = ran.json().as_array().unwrap().clone().into_iter();
    let found: Vec<_> = found
        .map(|line| (text(&line["id"]), text(&line["commit"])))
        .collect();
    let (one, other) = (id_of(&one), id_of(&other));
    assert_eq!(
        found,
        [(other, new.clone()), (one.clone(), new), (one, old)]
    );
}

#[test]
fn scan_finds_an_imported_token_only_if_asked() {
    let world = World::own();
    let line = format!("name,token\nweb,{WEB}\n");
    let import = world.line("import - --scope inference").stdin(line);
    let id = import.run().code(0).stdout.trim_end().to_owned();
    let text = format!("{{\"key\": \"{WEB}\"}}\nurl = https://h/?k={WEB}&x\n");
    plant(&world, "a", text);
    scan(&world, "").code(0).stdout("");
    let ran = scan(&world, "--imported --format json").code(1);
    shows_none(&ran, &[WEB]);
    let place = |place: &str| (id.clone(), "active".to_owned(), place.to_owned());
    assert_eq!(found(&world, &ran), [place("a:1"), place("a:2")]);
}

#[test]
fn scan_never_shows_a_token_that_is_the_name_of_a_file() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    plant(&world, &format!("{token}/a"), &token);
    for format in ["table", "lines", "json", "jsonl", "csv"] {
        let ran = scan(&world, &format!("--format {format}")).code(1);
        shows_none(&ran, &[&token]);
        let shown = format!("(the token kc_{}_…)", id_of(&token));
        assert!(ran.stdout.contains(&shown), "{ran:#?}");
        // The name, and the file in it.
        assert_eq!(ran.stdout.matches(&shown).count(), 2, "{ran:#?}");
    }
}

#[test]
fn scan_never_shows_a_token_in_a_path_whatever_its_form() {
    let world = World::own();
    let token = world.create("--scope inference --name ci");
    let import = world
        .line("import - --scope inference")
        .stdin(format!("name,token\nweb,{WEB}\n"));
    import.run().code(0);
    let (encoded, escaped) = (
        BASE64.encode(format!("k={token}").as_bytes()),
        token.replace('_', "\\u005f"),
    );
    let forms = [&*encoded, &*escaped, &*format!("f?k={WEB}&x")];
    let ids = format!("(the token kc_{}_…)", id_of(&token));
    let expected = [&*ids, &*ids, "(a token)"];
    for (form, expected) in forms.into_iter().zip(expected) {
        plant(&world, &format!("{form}/a"), &token);
        let log = format!(
            "commit {}\n\ndiff --git a/d/{form} b/d/{form}\n--- a/d/{form}\n+++ b/d/{form}\n@@ -1 +1 @@\n+{token}\n",
            "0".repeat(40)
        );
        for format in ["table", "lines", "json", "jsonl", "csv"] {
            let line = format!("--imported --format {format}");
            let piped = world.line(&format!("scan {line} -")).stdin(&log).run();
            for ran in [scan(&world, &line), piped] {
                let ran = ran.code(1);
                assert!(ran.stdout.contains(expected), "{form}: {ran:#?}");
                assert!(
                    !format!("{}{}", ran.stdout, ran.stderr).contains(form),
                    "{ran:#?}"
                );
                shows_none(&ran, &[&token, WEB]);
            }
        }
        fs::remove_dir_all(world.path("tree")).unwrap();
    }
    let gone = world.path(&encoded);
    let ran = world.cmd(["scan".as_ref(), gone.as_os_str()]).run().code(5);
    assert!(
        ran.stderr.contains(&ids) && !ran.stderr.contains(&encoded),
        "{ran:#?}"
    );
}

#[test]
fn scan_of_a_path_that_is_not_there_is_not_a_clean_one() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    plant(&world, "a", "nothing");
    let gone = world.path("gone").to_str().unwrap().to_owned();
    let tree = world.path("tree").to_str().unwrap().to_owned();
    let ran = world.cmd(["scan", &gone, &tree]).run();
    let said = format!("cannot read '{gone}': No such file or directory");
    let ran = ran.code(5).stdout("").says(&said);
    ran.says("keyctl: 1 file or directory was not searched to its end\n");
    plant(&world, "a", &token);
    let ran = world.cmd(["scan", &gone, &tree]).run().code(1);
    ran.says(&said);
}

#[test]
fn scan_of_a_token_in_many_places_counts_those_that_it_does_not_list() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    plant(&world, "a", format!("{token}\n").repeat(1234));
    let ran = scan(&world, "--format jsonl").code(1);
    assert_eq!(ran.stdout.lines().count(), 1000);
    let ran = ran.says(&format!("{} is in 234 more places\n", id_of(&token)));
    ran.says("1 token of this store, which works, in 1234 places; searched 1 file, ");
}

#[test]
fn scan_at_a_terminal_reads_no_standard_input() {
    let world = World::quick();
    world.create("--scope inference");
    let ran = world.line("scan -").terminal(80).run();
    ran.fails(2, "'-' is given, and standard input is a terminal\n");
}

#[test]
fn scan_of_standard_input_that_fails_lists_what_it_found_and_is_never_a_clean_one() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    let scan = |text: &str| {
        let scan = world.line("scan - --format ids").stdin(text);
        scan.stdin_fails(ErrorKind::ConnectionReset).run()
    };
    let said = "cannot read standard input: ";
    let ran = scan("nothing\n").code(5).stdout("").says(said);
    ran.says("keyctl: 1 file or directory was not searched to its end\n");
    let found = format!("{}\n", id_of(&token));
    scan(&token).code(1).stdout(&found).says(said);
}
