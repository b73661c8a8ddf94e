//! `keyctl create`

use super::World;
use crate::harness::{Ran, id_of};
use keyctl::env::Terminal;
use keyctl::key::Key;
use keyctl::scope::Scope;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

/// The names of all keys, oldest first.
fn names(world: &World) -> Vec<String> {
    let listed = world.run("list --state all --format json").json();
    let keys = listed.as_array().unwrap().iter();
    keys.map(|key| key["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The names of an object's fields, in the order in which they are written.
fn fields(object: &str) -> Vec<String> {
    let mut fields = Vec::new();
    for part in object
        .split(",\"")
        .map(|part| part.trim_start_matches("{\""))
    {
        if let Some((name, _)) = part.split_once("\":") {
            fields.push(name.to_owned());
        }
    }
    fields
}

fn lines(ran: &Ran) -> Vec<String> {
    ran.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn prints_the_token_alone_and_the_rest_on_stderr() {
    let world = World::own();
    let ran = world.run("create --scope inference --expires 90d --name ci");
    let token = ran.stdout.strip_suffix('\n').unwrap();
    assert_eq!(token.len(), 65);
    let id = id_of(token);
    ran.stderr(&format!(
        "created {id}\n  name     ci\n  owner    alice\n  scopes   inference\n  expires  2027-02-20T00:00:00Z (in 90d)\n"
    ));
}

#[test]
fn without_a_name_it_is_made_of_prefix_owner_and_second() {
    let world = World::own();
    world.create("--scope inference");
    world.advance_millis(999);
    world.create("--scope inference");
    world.create("--scope inference");
    world.create("--scope inference --owner bob");
    world.advance_millis(1);
    world.create("--scope inference");
    assert_eq!(
        names(&world),
        [
            "kc-apikey-alice-20261122T000000Z",
            "kc-apikey-alice-20261122T000000Z-2",
            "kc-apikey-alice-20261122T000000Z-3",
            "kc-apikey-bob-20261122T000000Z",
            "kc-apikey-alice-20261122T000001Z",
        ]
    );
}

#[test]
fn a_default_name_is_free_again_once_its_key_is_deleted() {
    let world = World::own();
    let deleted = id_of(&world.create("--scope inference"));
    world.run(&format!("delete {deleted} --yes"));
    world.create("--scope inference");
    assert_eq!(names(&world), ["kc-apikey-alice-20261122T000000Z"; 2]);
}

#[test]
fn count_numbers_the_names_and_prints_a_token_a_line() {
    let world = World::own();
    let ran = world.run("create --scope inference --name ci --count 3 --expires 90d");
    let tokens = lines(&ran);
    assert_eq!(names(&world), ["ci-1", "ci-2", "ci-3"]);
    let ids: Vec<String> = tokens.iter().map(|token| id_of(token)).collect();
    ran.says(&format!(
        "created 3 keys\n  {}  ci-1\n  {}  ci-2\n  {}  ci-3\nall of them: owner alice, scopes inference, expires 2027-02-20T00:00:00Z (in 90d)\n",
        ids[0], ids[1], ids[2]
    ));
    for (token, name) in tokens.iter().zip(["ci-1", "ci-2", "ci-3"]) {
        assert_eq!(world.verify(token, "--scope inference"), 0);
        assert_eq!(world.record(&id_of(token))["name"], name);
    }
    assert_eq!(world.log(), ["init", "create", "create", "create"]);
}

#[test]
fn count_without_a_name_numbers_the_default_one() {
    let world = World::own();
    world.run("create --scope inference --count 2");
    world.run("create --scope inference --count 1");
    assert_eq!(
        names(&world),
        [
            "kc-apikey-alice-20261122T000000Z-1",
            "kc-apikey-alice-20261122T000000Z-2",
            "kc-apikey-alice-20261122T000000Z-2-1",
        ]
    );
}

#[test]
fn count_in_json_is_an_array_even_of_one() {
    let world = World::own();
    for (count, name) in [(1, "one"), (2, "two")] {
        let line = format!("create --scope inference --name {name} --count {count} --format json");
        let ran = world.run(&line);
        let made = ran.json();
        let keys = made.as_array().unwrap();
        assert_eq!(keys.len(), count);
        for key in keys {
            let token = key["token"].as_str().unwrap();
            assert_eq!(key["id"], id_of(token));
            assert_eq!(world.verify(token, ""), 0);
        }
    }
}

#[test]
fn count_makes_all_or_none() {
    let world = World::own();
    world.create("--scope inference --name ci-2");
    world
        .cmd("create --scope inference --name ci --count 3".split(' '))
        .run()
        .fails(4, "'alice' already has a live key named 'ci-2'");
    assert_eq!(names(&world), ["ci-2"]);
    let long = "n".repeat(127);
    world
        .cmd(["create", "--scope=inference", "--count=2", "--name", &long])
        .run()
        .fails(2, "the name 'nnn")
        .says("hint: use at most 128 characters");
    assert_eq!(names(&world), ["ci-2"]);
}

#[test]
fn json_is_the_record_in_its_order_and_the_token_at_its_end() {
    let world = World::own();
    let ran = world.run(
        "create --scope project,inference --name ci --expires 90d --label b=2 --label a=1 --format json",
    );
    let line = ran.stdout.strip_suffix('\n').unwrap();
    let token = ran.json()["token"].as_str().unwrap().to_owned();
    let id = id_of(&token);
    assert_eq!(
        line,
        format!(
            "{{\"id\":\"{id}\",\"name\":\"ci\",\"owner\":\"alice\",\"kind\":\"api\",\"state\":\"active\",\"usable\":true,\
             \"scopes\":[\"inference\",\"project\"],\"labels\":{{\"a\":\"1\",\"b\":\"2\"}},\"allow_from\":[],\"imported\":false,\
             \"created_at\":\"2026-11-22T00:00:00Z\",\"created_by\":\"alice\",\"expires_at\":\"2027-02-20T00:00:00Z\",\
             \"first_used_at\":null,\"last_used_at\":null,\"usable_until\":null,\"disabled_at\":null,\"deleted_at\":null,\
             \"replaces\":null,\"replaced_by\":null,\"token\":\"{token}\"}}"
        )
    );
    let mut record = ran.json();
    record.as_object_mut().unwrap().remove("token");
    assert_eq!(world.record(&id), record);
}

#[test]
fn scopes_may_be_repeated_or_joined_by_commas() {
    let world = World::own();
    let joined = world.create("--scope inference,project");
    let repeated = world.create("--scope project --scope inference");
    for token in [joined, repeated] {
        let scopes = &world.record(&id_of(&token))["scopes"];
        assert_eq!(*scopes, json!(["inference", "project"]));
    }
}

#[test]
fn an_event_keeps_what_was_made_by_whom_and_why() {
    let world = World::own();
    let args = [
        "create",
        "--scope=inference",
        "--name=ci",
        "--label=team=search",
        "--expires=90d",
        "--owner=bob",
        "--reason=the new search",
    ];
    let ran = world.cmd(args).run().code(0);
    let id = id_of(ran.stdout.trim_end());
    let event = &world.events()[1];
    assert_eq!(event.actor, "alice");
    assert_eq!(event.key_id, Some(id));
    assert_eq!(
        event.detail(),
        json!({
            "uid": 4_000_001,
            "name": "ci",
            "owner": "bob",
            "kind": "api",
            "scopes": ["inference"],
            "labels": {"team": "search"},
            "expires_at": "2027-02-20T00:00:00Z",
            "reason": "the new search",
        })
    );
}

#[test]
fn only_an_administrator_makes_keys_for_others() {
    let world = World::own();
    world.create("--scope inference");
    let create = |owner: &str| {
        let line = format!("create --scope inference --owner {owner}");
        world.cmd(line.split(' '))
    };
    create("carol").user("bob").run().fails(
        4,
        "'bob' may not manage keys of 'carol'\nhint: only their owner or an administrator of this store may; 'keyctl admin list' lists the administrators\n",
    );
    let own = create("bob").user("bob").run().code(0);
    let id = id_of(own.stdout.trim_end());
    assert_eq!(world.record(&id)["created_by"], "bob");

    let by_founder = create("carol").run().code(0);
    let record = world.record(&id_of(by_founder.stdout.trim_end()));
    assert_eq!(
        (&record["owner"], &record["created_by"]),
        (&json!("carol"), &json!("alice"))
    );
}

#[test]
fn a_live_name_is_taken_for_its_owner_only() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name ci --expires 1d"));
    // The one that is expired here is disabled too, and cannot be rotated.
    let before = |state: &str| match state {
        "active" => format!("for a new token of that key: keyctl rotate {id}; otherwise "),
        "expired" => {
            "to delete it and create the new key in its place, add --replace-expired; ".to_owned()
        }
        _ => String::new(),
    };
    let after = |state: &str| match state {
        "expired" => "",
        _ => "; in a script that may run twice, add --if-absent",
    };
    let held = |state: &str| match state {
        "active" => format!("'alice' already has a live key named 'ci': {id} (active)"),
        _ => format!("the name 'ci' of 'alice' is held by a key that is {state}: {id}"),
    };
    let again = |state: &str| {
        world
            .cmd("create --scope inference --name ci".split(' '))
            .run()
            .fails(
                4,
                &format!("{}\nhint: {}choose another name, or free this one: keyctl edit {id} --name OTHER or keyctl delete {id}{}\n", held(state), before(state), after(state)),
            );
    };
    again("active");
    world.create("--scope inference --name ci --owner bob");
    world.create("--scope inference --name Ci");
    world.run(&format!("disable {id}"));
    again("disabled");
    world.advance("1d");
    again("expired");
    world.run(&format!("delete {id} --yes"));
    let second = world.create("--scope inference --name ci");
    world.run(&format!("rotate {} --grace 1h", id_of(&second)));
    world.run(&format!("delete {} --yes", world.keys().last().unwrap().id));
    // Only the phased-out key is left, whose name is free even in its grace.
    world.create("--scope inference --name ci");
}

#[test]
fn a_secret_file_holds_the_token_and_stdout_the_id() {
    let world = World::own();
    let path = world.path("ci.token");
    let ran = world.run(&format!(
        "create --scope inference --secret-file {}",
        path.display()
    ));
    let token = fs::read_to_string(&path).unwrap();
    assert_eq!(token.len(), 65);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
        0o600
    );
    assert_eq!(world.verify(&token, "--scope inference"), 0);
    let ran = ran.stdout(&format!("{}\n", id_of(&token)));
    assert!(!ran.stderr.contains(&token[16..]));
}

#[test]
fn a_secret_file_of_several_keys_has_one_token_a_line() {
    let world = World::own();
    let path = world.path("ci.tokens");
    let ran = world.run(&format!(
        "create --scope inference --count 2 --secret-file {}",
        path.display()
    ));
    let held = fs::read_to_string(&path).unwrap();
    let tokens: Vec<&str> = held.lines().collect();
    assert_eq!(held, format!("{}\n{}\n", tokens[0], tokens[1]));
    ran.stdout(&format!("{}\n{}\n", id_of(tokens[0]), id_of(tokens[1])));
}

#[test]
fn json_beside_a_secret_file_leaves_the_token_out() {
    let world = World::own();
    let create = |count: &str, name: &str| {
        let path = world.path(name);
        let line = format!(
            "create --scope inference --format json {count} --secret-file {}",
            path.display()
        );
        let ran = world.run(&line);
        let token = fs::read_to_string(path).unwrap().trim_end().to_owned();
        assert!(!ran.stdout.contains(&token[16..]));
        (ran, id_of(&token))
    };
    let (one, id) = create("", "one");
    assert_eq!(one.json(), world.record(&id));
    assert_eq!(fields(&one.stdout).last().unwrap(), "replaced_by");
    let (list, id) = create("--count 1", "list");
    assert_eq!(list.json(), json!([world.record(&id)]));
}

#[test]
fn a_secret_file_replaces_nothing_that_is_there() {
    let world = World::new();
    let file = world.path("file");
    fs::write(&file, "precious").unwrap();
    let dangling = world.path("dangling");
    symlink(world.path("nowhere"), &dangling).unwrap();
    let link = world.path("link");
    symlink(&file, &link).unwrap();
    let directory = world.path("directory");
    fs::create_dir(&directory).unwrap();
    for path in [&file, &dangling, &link, &directory] {
        let line = format!("create --scope inference --secret-file {}", path.display());
        let shown = path.display().to_string();
        let shown: String = shown.chars().take(64).collect();
        world
            .cmd(line.split(' '))
            .run()
            .fails(5, &format!("the secret file '{shown}"))
            .says("already exists\nhint: name a file that does not exist");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    assert!(!world.path("nowhere").exists());
    assert!(fs::symlink_metadata(&dangling).unwrap().is_symlink());
    assert!(!world.has_store(), "a store was made for nothing");
}

#[test]
fn a_secret_file_does_not_outlive_a_refusal() {
    let world = World::own();
    world.create("--scope inference --name ci");
    let path = world.path("ci.token");
    let directory = format!("--scope inference --db {}", world.path("").display());
    for (line, code) in [
        ("--scope inference --name ci", 4),
        ("--scope inference --expires 366d", 4),
        ("--scope inferno", 2),
        (&directory, 5),
    ] {
        let line = format!("create {line} --secret-file {}", path.display());
        let ran = world.cmd(line.split(' ')).run();
        assert_eq!(ran.code, code, "{ran:#?}");
        assert!(!path.exists(), "{line}");
    }
    let nowhere = world.path("no/such/directory/ci.token");
    let line = format!(
        "create --scope inference --secret-file {}",
        nowhere.display()
    );
    world
        .cmd(line.split(' '))
        .run()
        .fails(5, "cannot make the secret file")
        .says(&format!(
            "hint: make the directory '{}' first, or name another file\n",
            world.path("no/such/directory").display()
        ));
    // Here it is no directory that is missing.
    let file = world.path("file");
    fs::write(&file, "").unwrap();
    let line = format!(
        "create --scope inference --secret-file {}",
        file.join("ci.token").display()
    );
    world
        .cmd(line.split(' '))
        .run()
        .fails(5, "cannot make the secret file")
        .says("hint: check the path and its permissions\n");
    assert_eq!(names(&world), ["ci"]);
}

#[test]
fn without_an_expiry_a_key_lives_a_year() {
    let world = World::own();
    let token = world.create("--scope inference");
    let id = id_of(&token);
    assert_eq!(world.record(&id)["expires_at"], "2027-11-22T00:00:00Z");
    world.advance_millis(365 * 86_400_000 - 1);
    assert_eq!(world.verify(&token, ""), 0);
    world.advance_millis(1);
    assert_eq!(world.verify(&token, ""), 1);
}

#[test]
fn an_expiry_is_read_in_every_form_and_echoed() {
    let world = World::own();
    for (when, instant) in [
        ("45m", "2026-11-22T00:45:00Z (in 45m)"),
        ("12h", "2026-11-22T12:00:00Z (in 12h)"),
        ("2w", "2026-12-06T00:00:00Z (in 14d)"),
        ("6months", "2027-05-21T00:00:00Z (in 180d)"),
        ("1y", "2027-11-22T00:00:00Z (in 365d)"),
        ("2026-11-22", "2026-11-23T00:00:00Z (in 24h)"),
        ("2027-03-31", "2027-04-01T00:00:00Z (in 130d)"),
        ("2026-11-22T02:00:01+02:00", "2026-11-22T00:00:01Z (in 1s)"),
    ] {
        world
            .run(&format!("create --scope inference --expires {when}"))
            .says(&format!("  expires  {instant}\n"));
    }
}

#[test]
fn a_life_longer_than_policy_allows_is_refused_to_the_millisecond() {
    let world = World::own();
    world.create("--scope inference --name first");
    let create = |when: &str| {
        let args = ["create", "--scope=inference", "--expires", when];
        world.cmd(args).run()
    };
    create("2027-11-22T00:00:00.000Z").code(0);
    for (when, shown) in [
        (
            "2027-11-22T00:00:00.001Z",
            "expiry 2027-11-22T00:00:00Z is later than policy allows: the latest is",
        ),
        (
            "366d",
            "expiry 2027-11-23T00:00:00Z is later than policy allows: the latest is",
        ),
        (
            "2027-11-22",
            "expiry 2027-11-23T00:00:00Z is later than policy allows: the latest is",
        ),
        (
            "never",
            "policy does not allow a key that never expires: the latest expiry is",
        ),
    ] {
        create(when).fails(
            4,
            &format!("{shown} 2027-11-22T00:00:00Z\nhint: a key lives at most 365d from its creation (max-expiry)"),
        );
    }
    assert_eq!(names(&world).len(), 2);
}

#[test]
fn policy_sets_the_longest_and_the_usual_life() {
    let world = World::own();
    world.create("--scope inference");
    let policy = |name: &str, value: &str| {
        world.policy(name, value);
    };
    let expiry = |when: &str| {
        let token = world.create(&format!("--scope inference {when}"));
        world.record(&id_of(&token))["expires_at"].clone()
    };
    policy("max-expiry", "30d");
    assert_eq!(expiry(""), "2026-12-22T00:00:00Z");
    assert_eq!(expiry("--expires 30d"), "2026-12-22T00:00:00Z");
    world
        .cmd("create --scope inference --expires 31d".split(' '))
        .run()
        .fails(4, "expiry 2026-12-23T00:00:00Z is later than policy allows: the latest is 2026-12-22T00:00:00Z\nhint: a key lives at most 30d");
    policy("default-expiry", "7d");
    assert_eq!(expiry(""), "2026-11-29T00:00:00Z");
    assert_eq!(expiry("--expires 30d"), "2026-12-22T00:00:00Z");
    policy("max-expiry", "never");
    assert_eq!(expiry("--expires 900d"), "2029-05-10T00:00:00Z");
    assert_eq!(expiry("--expires never"), Value::Null);
    policy("default-expiry", "never");
    assert_eq!(expiry(""), Value::Null);
}

#[test]
fn a_key_that_never_expires_says_so() {
    let world = World::own();
    world.create("--scope inference");
    world.policy("max-expiry", "never");
    let ran = world
        .run("create --scope inference --expires never")
        .says("\n  expires  never\n");
    world.advance("900y");
    assert_eq!(world.verify(ran.stdout.trim_end(), ""), 0);
}

#[test]
fn policy_sets_the_prefix_of_tokens_and_default_names() {
    let world = World::own();
    let old = world.create("--scope inference");
    world.policy("key-prefix", "acme_prod");
    let new = world.create("--scope inference");
    assert!(new.starts_with("acme_prod_"), "{}", &new[..10]);
    assert_eq!(new.len(), 65 - 2 + 9);
    assert_eq!(
        world.record(&id_of(&new))["name"],
        "acme_prod-apikey-alice-20261122T000000Z"
    );
    // A token made under an older prefix goes on working.
    for token in [old, new] {
        assert_eq!(world.verify(&token, "--scope inference"), 0);
    }
}

#[test]
fn policy_sets_what_a_hash_costs() {
    let world = World::own();
    world.create("--scope inference");
    world.policy("argon2-memory", "19456");
    world.policy("argon2-iterations", "2");
    let token = world.create("--scope inference");
    let hash = world.hash(&id_of(&token)).unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    assert_eq!(world.verify(&token, ""), 0);
}

#[test]
fn a_policy_that_cannot_be_read_lifts_no_limit() {
    let world = World::own();
    world.create("--scope inference");
    world.policy("max-expiry", "for ever");
    world
        .cmd("create --scope inference --expires 900d".split(' '))
        .run()
        .fails(5, &format!("the store {} is damaged", world.shown("alice")))
        .says("its policy cannot be read: max-expiry\n");
    assert_eq!(world.keys().len(), 1);
}

#[test]
fn an_administrator_may_register_more_scopes() {
    let world = World::own();
    world.create("--scope inference");
    world.write(|tx| tx.add_scope("billing:read", &Scope::default()));
    let token = world.create("--scope billing:read");
    assert_eq!(world.verify(&token, "--scope billing:read"), 0);
    assert_eq!(world.verify(&token, "--scope inference"), 6);
}

#[test]
fn many_keys_are_hashed_on_every_core_in_sight_of_who_waits() {
    let watched = Terminal {
        stderr: true,
        ..Terminal::default()
    };
    for cores in [1, 3] {
        let world = World::quick();
        let create = |line: &str| {
            let create = world.line(&format!("create --scope inference {line}"));
            create.streams(watched).cores(cores).run().code(0)
        };
        let ran = create("--name worker --count 5");
        assert_eq!(ran.progress, "Keys 5: 1 1 1 1 1\n");
        for (token, number) in ran.stdout.lines().zip(1..) {
            let record = world.record(&format!("worker-{number}"));
            assert_eq!(record["id"], id_of(token), "{number} on {cores}");
            assert_eq!(world.verify(token, ""), 0, "{number} on {cores}");
        }
        assert_eq!(create("--count 2 --quiet").progress, "");
        assert_eq!(create("").progress, "");
    }
}

#[test]
fn an_owner_whom_nothing_knows_is_told_of_and_made() {
    // On a server its roles are the users: `doctor_notes_the_owners_that_are_no_role_of_the_server`.
    if !World::is_a_file() {
        return;
    }
    let world = World::quick();
    world.create("--scope inference --name web");
    let create = |line: &str, users: &[&str]| {
        let line = format!("create --scope inference -q {line}");
        world.line(&line).user("carol").users(users).run().code(0)
    };
    create("--owner alcie", &[]).stderr(
        "warning: 'alcie' is neither a user of this machine nor the owner of any key\nhint: did you mean 'alice'?\n",
    );
    create("--owner zoe --count 2", &[])
        .stderr("warning: 'zoe' is neither a user of this machine nor the owner of any key\n");
    // Now each owns a key.
    create("--owner alcie", &[]).stderr("");
    create("--owner alice", &[]).stderr("");
    create("--owner dora", &["dora"]).stderr("");
    create("--owner uid:4711", &[]).stderr("");
    create("--owner carol", &[]).stderr("");
    create("", &[]).stderr("");
    let keys = world.keys();
    let theirs = |key: &&Key| ["alcie", "zoe"].contains(&&*key.owner);
    assert_eq!(keys.iter().filter(theirs).count(), 4);
}

#[test]
fn several_labels_in_one_value_are_refused_by_create_and_edit() {
    let world = World::quick();
    world.create("--scope inference --name web");
    for line in ["create --scope inference", "edit web"] {
        world.line(&format!("{line} --label team=a,b,env=prod")).run().fails(
            2,
            "'team=a,b,env=prod' is more than one label\nhint: repeat it: --label team=a,b --label env=prod\n",
        );
    }
    // A comma alone, or before text that cannot be a label, is part of the value.
    for value in ["a,b", "a,b c=d", "a,=b"] {
        world
            .cmd(["edit", "web", "--label", &format!("team={value}")])
            .run()
            .code(0);
        assert_eq!(world.record("web")["labels"]["team"], value);
    }
}

#[test]
fn create_names_the_labels_of_the_new_key() {
    let world = World::quick();
    world
        .run("create --scope inference --name web --label team=search --label env=prod")
        .says("\n  labels   env=prod team=search\n");
    world
        .run("create --scope inference --name many --count 2 --label env=prod")
        .says(", scopes inference, labels env=prod, expires ");
}
