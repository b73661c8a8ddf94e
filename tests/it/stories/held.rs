//! `keyctl create` with a name that a live key holds: `--if-absent` and `--replace-expired`.

use super::World;
use crate::harness::id_of;
use serde_json::json;
use std::fs;

#[test]
fn create_if_absent_creates_a_key_where_the_name_is_free() {
    let world = World::own();
    let token = world.create("--scope inference --name ci --if-absent");
    assert_eq!(world.verify(&token, "--scope inference"), 0);
    // The same name of another owner is another key.
    world.create("--scope inference --name ci --owner bob --if-absent");
    // A deleted key does not hold its name.
    world.run(&format!("delete {} --yes", id_of(&token)));
    let again = world.create("--scope inference --name ci --if-absent");
    assert_ne!(id_of(&again), id_of(&token));
}

#[test]
fn create_if_absent_keeps_the_key_and_prints_no_token() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name ci"));
    let before = world.rows();
    let line = "create --scope project --name ci --if-absent";
    let kept = format!(
        "warning: no key was created: 'alice' already has a key named 'ci': {id} (active); its token cannot be shown again\n"
    );
    world.run(line).stdout("").stderr(&kept);
    world.run(&format!("{line} -q")).stdout("").stderr(&kept);
    let ran = world.run(&format!("{line} --format json")).stderr(&kept);
    assert_eq!(ran.json(), world.record(&id));
    assert_eq!(world.rows(), before);
}

#[test]
fn create_if_absent_keeps_a_key_that_policy_would_not_allow_any_more() {
    let world = World::own();
    let line = "create --scope inference --name ci --expires 90d --if-absent";
    world.run(line);
    world.policy("max-expiry", "30d");
    world.run(line).stdout("").says("no key was created: ");
    let by_bob = "create --scope inference --name of-bob --if-absent";
    world.line(by_bob).user("bob").run().code(0);
    world.policy("self-service", "off");
    world.line(by_bob).user("bob").run().code(0).stdout("");
    world.run("delete ci bob/of-bob --yes");
    world.line(line).run().fails(4, "expiry ");
    world.line(by_bob).user("bob").run().fails(4, "");
}

#[test]
fn create_if_absent_says_why_the_key_does_not_work() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name ci --expires 1d"));
    let line = "create --scope inference --name ci --if-absent";
    world.run("disable ci");
    let disabled = "it was disabled by alice at 2026-11-22T00:00:00Z";
    world.run(line).stdout("").stderr(&format!(
        "warning: no key was created: 'alice' already has a key named 'ci': {id} (disabled); its token cannot be shown again\n\
         warning: {id} does not work: {disabled} (now)\n\
         hint: to switch it on again: keyctl enable {id}\n"
    ));
    world.advance("2d");
    let expired = "it expired at 2026-11-23T00:00:00Z (24h ago)";
    let kept = format!(
        "warning: no key was created: 'alice' already has a key named 'ci': {id} (expired); its token cannot be shown again\n"
    );
    world.run(line).stdout("").stderr(&format!(
        "{kept}\
         warning: {id} does not work: {expired}, and {disabled} (2d ago)\n\
         hint: to create a new key in its place, add --replace-expired\n"
    ));
    // A warning is not a status line.
    world.run(&format!("{line} -q")).stderr(&format!(
        "{kept}warning: {id} does not work: {expired}, and {disabled} (2d ago)\n"
    ));
}

#[test]
fn create_if_absent_of_one_who_may_not_create_keys_proposes_no_new_one() {
    let world = World::own();
    let line = "create --scope inference --name ci --expires 1d --if-absent";
    let id = id_of(world.line(line).user("bob").run().stdout.trim_end());
    world.policy("self-service", "off");
    world.advance("2d");
    let ran = world.line(line).user("bob").run().code(0);
    ran.stderr(&format!(
        "warning: no key was created: 'bob' already has a key named 'ci': {id} (expired); its token cannot be shown again\n\
         warning: {id} does not work: it expired at 2026-11-23T00:00:00Z (24h ago)\n\
         hint: ask an administrator of this store: 'keyctl admin list' lists them\n"
    ));
}

#[test]
fn create_if_absent_leaves_the_secret_file_of_the_first_run() {
    let world = World::own();
    let path = world.path("ci.token");
    let line = format!(
        "create --scope inference --name ci --if-absent --secret-file {}",
        path.display()
    );
    let id = world.run(&line).stdout;
    let token = fs::read_to_string(&path).unwrap();
    let second = world.run(&line).stdout(&id);
    assert!(
        second.stderr.starts_with("no key was created: "),
        "{second:#?}"
    );
    world.run(&format!("{line} -q")).stdout(&id).stderr("");
    assert_eq!(fs::read_to_string(&path).unwrap(), token);
    fs::remove_file(&path).unwrap();
    let shown = path.display();
    let missing = format!("; its token cannot be shown again and '{shown}' was not written\n");
    world.run(&format!("{line} -q")).stdout(&id).says(&missing);
    assert!(!path.exists());
    // The name is free and the file is there: nothing is written over it.
    fs::write(&path, "precious").unwrap();
    world.run("delete ci --yes");
    world.line(&line).run().fails(5, "the secret file ");
    assert_eq!(world.keys().len(), 1);
}

#[test]
fn create_replace_expired_deletes_the_expired_key_and_takes_its_name() {
    let world = World::own();
    let line = "create --scope inference --name nightly --expires 1d --replace-expired -m daily";
    let old = world.run(line).stdout;
    let old = id_of(old.trim_end());
    world.advance("1d");
    let ran = world.run(line);
    let new = id_of(ran.stdout.trim_end());
    ran.says(&format!(
        "deleted {old} (nightly), which expired at 2026-11-23T00:00:00Z (now)\ncreated {new}\n"
    ));
    assert_eq!(world.record(&old)["state"], json!("deleted"));
    assert_eq!(world.hash(&old), None);
    assert_eq!(world.record("nightly")["id"], json!(new));
    assert_eq!(world.log(), ["init", "create", "delete", "create"]);
    let events = world.events();
    let deleted = events
        .iter()
        .find(|event| event.action == "delete")
        .unwrap();
    assert_eq!(deleted.key_id.as_ref(), Some(&old));
    assert_eq!(deleted.detail()["reason"], json!("daily"));
    world.check_chain();
}

#[test]
fn create_replace_expired_refuses_a_name_of_a_key_that_has_not_expired() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name ci"));
    let line = "create --scope inference --name ci --replace-expired";
    let refused = |state: &str| {
        world.line(line).run().fails(4, state).stdout("");
        assert_eq!(world.key(&id).deleted_at, None);
    };
    refused("'alice' already has a live key named 'ci': ");
    world.run("disable ci");
    refused("the name 'ci' of 'alice' is held by a key that is disabled: ");
    world.run("enable ci");
    world.make_legacy(&id);
    world.advance("90000d");
    refused("'alice' already has a live key named 'ci': ");
}

#[test]
fn create_replace_expired_is_for_the_owner_and_administrators() {
    let world = World::quick();
    let line = "create --scope inference --name ci --expires 1d --replace-expired";
    let old = id_of(world.run(line).stdout.trim_end());
    world.advance("1d");
    world
        .line(&format!("{line} --owner alice"))
        .user("bob")
        .run()
        .fails(4, "'bob' may not manage keys of 'alice'");
    assert_eq!(world.key(&old).deleted_at, None);
    world
        .line(&format!("{line} --owner alice"))
        .user("carol")
        .run()
        .code(0)
        .says(&format!("deleted {old} (ci)"));
}

#[test]
fn create_replace_expired_with_count_replaces_each_name_that_expired() {
    let world = World::own();
    let line = "create --scope inference --name ci --expires 1d --replace-expired";
    world.run(&format!("{line} --count 2"));
    world.advance("1d");
    let ran = world.run(&format!("{line} --count 3"));
    assert_eq!(ran.stdout.lines().count(), 3);
    assert_eq!(
        world.log()[1..],
        [
            "create", "create", "delete", "delete", "create", "create", "create"
        ]
    );
    // One that has not expired keeps all of them.
    let before = world.rows();
    world
        .line(&format!("{line} --count 4"))
        .run()
        .fails(4, "'alice' already has a live key named 'ci-1': ");
    assert_eq!(world.rows(), before);
}

#[test]
fn create_with_both_flags_replaces_an_expired_key_and_keeps_any_other() {
    let world = World::own();
    let line = "create --scope inference --name nightly --expires 1d --if-absent --replace-expired";
    let first = id_of(world.run(line).stdout.trim_end());
    world.run(line).stdout("").says(&first);
    world.advance("1d");
    let second = id_of(world.run(line).stdout.trim_end());
    assert_ne!(first, second);
    world.run("disable nightly");
    world
        .run(line)
        .stdout("")
        .says("warning: ")
        .says(" does not work: it was disabled by alice at ");
    assert_eq!(
        world.log(),
        ["init", "create", "delete", "create", "disable"]
    );
}

#[test]
fn create_refuses_the_flags_without_a_name_and_if_absent_with_count() {
    let world = World::own();
    for (line, message) in [
        ("--if-absent", "missing argument: --name NAME"),
        ("--replace-expired", "missing argument: --name NAME"),
        (
            "--name ci --if-absent --count 2",
            "--if-absent does not go with --count",
        ),
    ] {
        world
            .line(&format!("create --scope inference {line}"))
            .run()
            .fails(2, message);
    }
    assert!(world.keys().is_empty());
}
