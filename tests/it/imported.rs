//! Imported keys in copies of a store, and what `doctor` says of them.

use crate::harness::{World, id_of};
use crate::restore::{back_up, restore};
use serde_json::json;
use std::path::PathBuf;

/// Token of another system.
const WEB: &str = "sk-Zq8mT3vXw1Lr7KpYb2Nc";

/// Imports the key `web` of carol, with the token [`WEB`], and returns its ID.
fn import(world: &World, line: &str) -> String {
    let line = format!("import - --scope inference {line}");
    let text = format!("name,token\nweb,{WEB}\n");
    let ran = world.line(&line).user("carol").stdin(text).run().code(0);
    ran.stdout.trim_end().to_owned()
}

/// A store with the imported key `web`, its ID, and a copy of the store.
fn copied() -> (World, String, PathBuf) {
    let world = World::quick();
    let id = import(&world, "");
    let copy = world.path("copy.db");
    back_up(&world, &copy);
    world.advance("1h");
    (world, id, copy)
}

/// Runs a command line of carol, who is an administrator, and returns its standard output.
fn run(world: &World, line: &str) -> String {
    world
        .line(line)
        .user("carol")
        .run()
        .code(0)
        .stdout
        .trim_end()
        .to_owned()
}

/// Verdict on [`WEB`]: the name of its key, or the reason for its rejection.
fn verdict(world: &World) -> String {
    let verdict = world.line("verify --format json").stdin(WEB).run().json();
    let found = verdict.get("reason").unwrap_or(&verdict["id"]);
    found.as_str().unwrap().to_owned()
}

#[test]
fn a_restored_imported_key_works_by_its_token() {
    let (world, id, copy) = copied();
    run(&world, "delete web --yes");
    restore(&world, &copy, "--yes")
        .run()
        .code(0)
        .says("will become valid again");
    assert_eq!(verdict(&world), id);
    assert_eq!(world.record(&id)["imported"], json!(true));
    // The copy is a store by itself.
    let copied = World::of(&copy);
    assert_eq!(verdict(&copied), id);
    world.check_chain();
}

#[test]
fn restore_with_keep_revoked_keeps_an_imported_key_stopped() {
    for (stop, reason) in [
        ("disable web", "disabled"),
        ("delete web --yes", "unknown"),
        ("rotate web", "phased-out"),
        ("edit web --expires 1s", "expired"),
    ] {
        let (world, id, copy) = copied();
        let new = run(&world, stop);
        world.advance("2s");
        restore(&world, &copy, "--yes --keep-revoked").run().code(0);
        assert_eq!(verdict(&world), reason, "{stop}");
        assert_eq!(world.record(&id)["imported"], json!(true), "{stop}");
        if reason == "phased-out" {
            assert_eq!(world.verify(&new, ""), 0);
            assert_eq!(world.record(&id_of(&new))["imported"], json!(false));
        }
        world.check_chain();
    }
}

#[test]
fn restore_with_keep_revoked_keeps_a_purged_imported_key_away() {
    let (world, id, copy) = copied();
    run(&world, "delete web --yes");
    run(&world, "purge --all --owner carol --yes");
    restore(&world, &copy, "--yes --keep-revoked").run().code(0);
    assert_eq!(verdict(&world), "malformed");
    assert!(world.keys().iter().all(|key| key.id.as_str() != id));
    // An import brings it back only as another key.
    assert_ne!(import(&world, ""), id);
    assert_eq!(world.verify(WEB, ""), 0);
}

#[test]
fn restore_of_a_copy_from_before_an_import_says_that_the_key_stops() {
    let world = World::quick();
    let copy = world.path("copy.db");
    back_up(&world, &copy);
    let id = import(&world, "");
    for keep in ["", "--keep-revoked"] {
        restore(&world, &copy, &format!("--dry-run {keep}"))
            .run()
            .code(0)
            .says(&format!(
                "1 key will stop working:\n  {id}  web  of carol, active"
            ));
    }
    restore(&world, &copy, "--yes").run().code(0);
    assert_eq!(verdict(&world), "malformed");
    // The token comes again, and with the name: no record of a deletion is here.
    let again = import(&world, "");
    assert_eq!(verdict(&world), again);
}

#[test]
fn restore_with_keep_revoked_of_a_key_that_came_again_keeps_the_first_one_stopped() {
    let (world, first, copy) = copied();
    run(&world, "delete web --yes");
    let second = import(&world, "--again");
    assert_eq!(verdict(&world), second);
    // The second import is not in the copy: nothing has the token now.
    restore(&world, &copy, "--yes --keep-revoked")
        .run()
        .code(0)
        .says(&format!("will stop working:\n  {second}  web"));
    assert_eq!(verdict(&world), "unknown");
    assert_eq!(world.record(&first)["state"], json!("deleted"));
    assert_eq!(World::examine(&world.db()).unwrap().findings.len(), 0);
}

#[test]
fn doctor_counts_no_imported_key_as_hashed_below_policy() {
    let world = World::quick();
    import(&world, "");
    let hash_note = || {
        let ran = world.line("doctor").user("carol").run();
        assert!(
            !ran.stdout.contains(WEB) && !ran.stderr.contains(WEB),
            "{ran:#?}"
        );
        let line = ran
            .stdout
            .lines()
            .find(|line| line.contains("not hashed as policy says"));
        line.map(str::to_owned)
    };
    world.policy("hash", "argon2id");
    assert_eq!(hash_note(), None);
    let own = id_of(&world.create("--scope inference"));
    world.policy("hash", "sha256");
    let note = format!("note: not hashed as policy says (sha256): 1 key ({own})");
    assert_eq!(hash_note(), Some(note));
}
