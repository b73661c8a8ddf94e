//! `keyctl create --from`: the keys of a file, all or none, each token in a file of its own.

use super::World;
use crate::harness::{Cmd, Ran};
use serde_json::json;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const SERVICES: &str = "\
name,owner,scopes,expires,labels,kind,allow_from
search,,inference,90d,team=search,,
billing,bob,\"inference,project\",2027-03-31,\"team=billing, tier=1\",,\"10.0.0.0/8 192.0.2.7\"
robot,,,,,legacy,
";

/// The same as JSON lines.
const SERVICES_IN_JSON: &str = r#"
{"name":"search","owner":null,"scopes":["inference"],"expires":"90d","labels":{"team":"search"}}
{"name":"billing","owner":"bob","scopes":["inference","project"],"expires":"2027-03-31","labels":{"team":"billing","tier":"1"},"allow_from":["10.0.0.0/8","192.0.2.7"]}
{"name":"robot","kind":"legacy","scopes":[],"labels":{}}"#;

/// A `create` of the keys of `text` with files in the directory `tokens`, and the rest of its line.
fn from<'w>(world: &'w World, text: &str, rest: &str) -> Cmd<'w> {
    let tokens = world.path("tokens");
    let line = format!("create --from - --secret-dir {} {rest}", tokens.display());
    world.line(&line).stdin(text)
}

/// The token in a file of the directory `tokens`.
#[track_caller]
fn token(world: &World, name: &str) -> String {
    fs::read_to_string(world.path("tokens").join(name)).unwrap()
}

/// Runs what must be refused with this code and the beginning of this message, and leave nothing behind.
#[track_caller]
fn refused(world: &World, cmd: Cmd<'_>, code: u8, message: &str) -> Ran {
    let before = world.rows();
    let ran = cmd.run().fails(code, message);
    assert_eq!(world.rows(), before, "{message}");
    assert!(!world.path("tokens").exists(), "{message}");
    ran
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn create_from_makes_the_keys_of_csv_and_of_json_lines_with_a_file_each() {
    for text in [SERVICES, SERVICES_IN_JSON] {
        let world = World::own();
        let input = world.path("services");
        fs::write(&input, text).unwrap();
        let tokens = world.path("tokens");
        let line = format!(
            "create --from {} --secret-dir {} -m moving",
            input.display(),
            tokens.display()
        );
        let ran = world.run(&line);
        ran.stderr(&format!(
            "created 3 keys, with a file for each token in '{}'\n",
            tokens.display()
        ));
        let keys = world.keys();
        let names: Vec<&str> = keys.iter().map(|key| &*key.name).collect();
        assert_eq!(names, ["search", "billing", "robot"]);
        for key in &keys {
            let token = token(&world, &key.name);
            assert!(token.contains(&format!("_{}_", key.id)), "{}", key.name);
            assert_eq!(token.len(), 65);
            assert_eq!(mode(&tokens.join(&key.name)), 0o600);
        }
        assert_eq!(mode(&tokens), 0o700);
        assert_eq!(
            world.verify(&token(&world, "search"), "--scope inference"),
            0
        );
        let billing = world.record("billing");
        assert_eq!(billing["owner"], json!("bob"));
        assert_eq!(billing["created_by"], json!("alice"));
        assert_eq!(billing["scopes"], json!(["inference", "project"]));
        assert_eq!(billing["expires_at"], json!("2027-04-01T00:00:00Z"));
        assert_eq!(billing["labels"], json!({"team": "billing", "tier": "1"}));
        assert_eq!(billing["allow_from"], json!(["10.0.0.0/8", "192.0.2.7/32"]));
        assert_eq!(
            world.record("search")["expires_at"],
            json!("2027-02-20T00:00:00Z")
        );
        let robot = world.record("robot");
        assert_eq!(
            (&robot["kind"], &robot["expires_at"]),
            (&json!("legacy"), &json!(null))
        );
        assert_eq!(world.log(), ["init", "create", "create", "create"]);
        assert!(
            world.events()[1..]
                .iter()
                .all(|event| event.detail()["reason"] == json!("moving"))
        );
        world.check_chain();
    }
}

#[test]
fn create_from_prints_ids_or_records_in_order_and_no_token() {
    let world = World::own();
    let ran = from(&world, SERVICES, "").run().code(0);
    let ids: Vec<String> = world.keys().iter().map(|key| key.id.to_string()).collect();
    assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), ids);
    let world = World::own();
    let ran = from(&world, SERVICES, "--format json -q")
        .run()
        .code(0)
        .stderr("");
    let records = ["search", "billing", "robot"].map(|name| world.record(name));
    assert_eq!(ran.json(), json!(records));
    let world = World::own();
    from(&world, "name,scopes\nweb,inference", "")
        .run()
        .code(0)
        .says("created 1 key, with");
}

#[test]
fn create_from_fills_in_from_the_flags_what_a_line_leaves_out() {
    let world = World::own();
    let text = "\
name,scopes,owner,expires,labels,kind,allow_from
a,,,,,,
b,project,carol,30d,team=own,api,192.0.2.0/24
c,,,,,legacy,
";
    let flags = "--scope inference --owner bob --expires 7d --label team=all --label run=1 --allow-from 10.0.0.0/8";
    from(&world, text, flags).run().code(0);
    let shown = |name| {
        let record = world.record(name);
        let fields = ["scopes", "owner", "expires_at", "labels", "allow_from"];
        json!(fields.map(|field| record[field].clone()))
    };
    let all = json!({"team": "all", "run": "1"});
    assert_eq!(
        shown("a"),
        json!([
            ["inference"],
            "bob",
            "2026-11-29T00:00:00Z",
            all,
            ["10.0.0.0/8"]
        ])
    );
    let own = json!({"team": "own", "run": "1"});
    assert_eq!(
        shown("b"),
        json!([
            ["project"],
            "carol",
            "2026-12-22T00:00:00Z",
            own,
            ["192.0.2.0/24"]
        ])
    );
    assert_eq!(shown("c"), json!([[], "bob", null, all, ["10.0.0.0/8"]]));
    from(
        &world,
        "{\"name\":\"d\"}\n{\"name\":\"e\"}",
        "--kind legacy",
    )
    .run()
    .code(0);
    assert_eq!(world.record("e")["kind"], json!("legacy"));
}

#[test]
fn create_from_names_a_line_that_is_refused_and_makes_nothing() {
    let world = World::own();
    for (text, message) in [
        (
            "name,scope\nweb,inference",
            "line 1: unknown field 'scope'; no key was created\nhint: did you mean 'scopes'?\n",
        ),
        ("", "the input has no records; no key was created\n"),
        (
            "name,scopes\n,inference",
            "line 2: the name is missing; no key was created\n",
        ),
        (
            "name\nweb",
            "line 2: the scopes are missing; no key was created\n",
        ),
        ("name,scopes\na/b,inference", "line 2: "),
        (
            "name,scopes,kind\nweb,,api",
            "line 2: the scopes are missing; no key was created\n",
        ),
        (
            "name,scopes,kind\nweb,inference,user",
            "line 2: 'user' is no kind of key; no key was created\n",
        ),
        (
            "name,scopes,kind\nweb,inference,legacy",
            "line 2: a legacy key has no scopes; no key was created\n",
        ),
        (
            "name,expires,kind\nweb,9d,legacy",
            "line 2: a legacy key never expires; no key was created\n",
        ),
        (
            "name,scopes,labels\nweb,inference,team",
            "line 2: field 'labels': a label has no '='; no key was created\n",
        ),
        (
            "name,scopes,labels\nweb,inference,\"a=1,a=2\"",
            "line 2: the label 'a' is given twice; no key was created\n",
        ),
        (
            r#"{"name":"web","scopes":["inference"],"labels":{"a=b":"c"}}"#,
            "line 1: ",
        ),
        (
            "name,scopes,allow_from\nweb,inference,any",
            "line 2: 'any' is not a network; no key was created\n",
        ),
        (
            "name,scopes,allow_from\nweb,inference,10.0.0.1/8",
            "line 2: the network ",
        ),
        (
            "name,scopes,expires\nweb,inference,2020-01-01",
            "line 2: '2020-01-01' is already past: ",
        ),
        ("name,scopes,expires\nweb,inference,soon", "line 2: "),
        (
            "name,scopes\nweb,inference inference",
            "line 2: the scope 'inference' is given twice; no key was created\n",
        ),
    ] {
        refused(&world, from(&world, text, ""), 2, message);
    }
}

#[test]
fn create_from_names_all_lines_that_are_refused_each_hint_once() {
    let world = World::own();
    world.create("--scope inference --name held");
    let before = world.rows();
    let text = "name,owner,scopes\n\
        a,,inferenc\n\
        b,,inference\n\
        ..,,inference\n\
        c,,\n\
        d,,inferenc\n\
        b,bob,inference\n\
        held,,inference\n\
        e,-bob,inference\n";
    let ran = refused(
        &world,
        from(&world, text, ""),
        2,
        "7 of 8 lines are refused; no key was created\n",
    );
    let id = world.keys()[0].id;
    ran.stderr(&format!(
        "line 2: there is no scope 'inferenc'\n\
         hint: did you mean 'inference'?\n\
         line 4: no file can be named '..': it stands for a directory\n\
         hint: choose another name for this key\n\
         line 5: the scopes are missing\n\
         hint: say what the key may do in the field scopes, or with --scope for all lines that do not\n\
         line 6: there is no scope 'inferenc'\n\
         line 7: it would share the file 'b' with line 3\n\
         hint: give each key another name, or make the keys of each owner by themselves, with a directory of their own\n\
         line 8: 'alice' already has a live key named 'held': {id} (active)\n\
         hint: to leave out each name that is held by a live key, add --skip-existing; for a new token of that key, \
         rotate it\n\
         line 9: the owner '-bob' starts with '-'\n\
         hint: start it with a letter or a digit\n\
         keyctl: 7 of 8 lines are refused; no key was created\n"
    ));
    // With --quiet, the lines without their hints.
    let ran = from(&world, text, "-q --format json").run().code(2);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 8, "{ran:#?}");
    assert!(lines[0].starts_with("line 2: ") && lines[6].starts_with("line 9: "));
    let error: serde_json::Value = serde_json::from_str(lines[7]).unwrap();
    let message = "7 of 8 lines are refused; no key was created";
    assert_eq!(
        error["error"],
        json!({"code": "usage", "message": message, "hint": null})
    );
    assert_eq!(world.rows(), before);
}

#[test]
fn create_from_names_twenty_lines_that_are_refused_and_counts_the_others() {
    let world = World::own();
    let line = |n| format!("{{\"name\":\"w{n}\"}}\n");
    let text: String = (0..25).map(line).collect();
    let ran = refused(
        &world,
        from(&world, &text, ""),
        2,
        "25 of 25 lines are refused; no key was created\n",
    );
    assert_eq!(ran.stderr.matches("hint: ").count(), 1, "{ran:#?}");
    ran.says("\nline 20: the scopes are missing\nand 5 more lines\nkeyctl: 25 of 25 ");
}

#[test]
fn create_from_shows_no_value_of_a_file_without_a_header() {
    let world = World::own();
    let text = "sk_live_9f8e7d6c5b4a39281706,inference\nweb,inference\n";
    let ran = refused(
        &world,
        from(&world, text, ""),
        2,
        "line 1: the header's field 1 is not a field name; the first line must name the fields; no key was created\n",
    );
    assert!(!ran.stderr.contains("9f8e7d6c"), "{ran:#?}");
}

#[test]
fn create_from_refuses_two_lines_that_would_share_a_file() {
    let world = World::own();
    for (first, second, message) in [
        (
            "web",
            "web",
            "line 3: it would share the file 'web' with line 2; no key was created\n",
        ),
        (
            "Web",
            "wEB",
            "line 3: it would share a file with line 2 on some systems: 'wEB' and 'Web' ",
        ),
        (
            "größe",
            "GRÖSSE",
            "line 3: it would share a file with line 2 on some systems: ",
        ),
        // Both are stored in NFC.
        ("\u{e9}", "e\u{301}", "line 3: it would share the file "),
    ] {
        let text = format!("name,owner,scopes\n{first},alice,inference\n{second},bob,inference\n");
        refused(&world, from(&world, &text, ""), 2, message);
    }
}

#[test]
fn create_from_refuses_names_that_are_none_of_a_file() {
    let world = World::own();
    let long = "\u{1f511}".repeat(64);
    for (name, message) in [
        (
            ".",
            "line 2: no file can be named '.': it stands for a directory; no key was created\n",
        ),
        (
            "..",
            "line 2: no file can be named '..': it stands for a directory; no key was created\n",
        ),
        (&*long, "line 2: no file can be named "),
    ] {
        let text = format!("name,scopes\n{name},inference\n");
        refused(&world, from(&world, &text, ""), 2, message);
    }
    let fits = format!("name,scopes\n{}éé,inference\n", &long[..252]);
    from(&world, &fits, "").run().fails(2, "line 2: no file");
    from(&world, &fits.replace("éé", "abc"), "").run().code(0);
}

#[test]
fn create_from_refuses_a_name_that_is_taken_with_the_ways_out() {
    let world = World::own();
    world.create("--scope inference --name billing --owner bob --expires 1d");
    let ran = refused(
        &world,
        from(&world, SERVICES, ""),
        4,
        "line 3: 'bob' already has a live key named 'billing': ",
    );
    assert!(ran.stderr.contains("add --skip-existing"), "{ran:#?}");
    // The same name of another owner is free.
    from(&world, "name,scopes\nbilling,inference", "")
        .run()
        .code(0);
}

#[test]
fn create_from_with_skip_existing_leaves_out_names_that_are_held() {
    let world = World::own();
    world.create("--scope project --name search");
    let ids: Vec<String> = world.keys().iter().map(|key| key.id.to_string()).collect();
    // Policy binds only keys that are made.
    world.policy("max-expiry", "30d");
    let text = SERVICES.replace("90d", "10y").replace("2027-03-31", "7d");
    let ran = from(&world, &text, "--skip-existing").run().code(0);
    let left_out = format!(
        "left out line 2: 'alice' already has a key named 'search': {} (active)\n",
        ids[0]
    );
    assert!(ran.stderr.starts_with(&left_out), "{ran:#?}");
    assert_eq!(ran.stdout.lines().count(), 2);
    let tokens = world.path("tokens");
    assert!(!tokens.join("search").exists() && tokens.join("robot").exists());
    let rows = world.rows();
    let ran = from(&world, &text, "--skip-existing --format json")
        .run()
        .code(0);
    assert_eq!(ran.json(), json!([]));
    assert!(
        ran.stderr
            .ends_with("no key was created: every name is held\n")
    );
    assert_eq!(world.rows(), rows);
    from(&world, &text, "--skip-existing -q")
        .run()
        .code(0)
        .stderr("");
    world.run("disable search");
    from(&world, &text, "--skip-existing -q").run().code(0).stderr(&format!(
        "warning: left out line 2: 'alice' already has a key named 'search': {} (disabled), which does not work\n",
        ids[0]
    ));
}

#[test]
fn create_from_that_leaves_out_every_line_makes_no_directory() {
    let world = World::own();
    world.create("--scope project --name web");
    from(&world, "name,scopes\nweb,inference", "--skip-existing")
        .run()
        .code(0)
        .stdout("");
    assert!(!world.path("tokens").exists());
}

#[test]
fn create_from_with_replace_expired_replaces_the_keys_that_expired() {
    let world = World::own();
    world.create("--scope inference --name search --expires 1d");
    let old = world.keys()[0].id.to_string();
    world.advance("2d");
    refused(
        &world,
        from(&world, SERVICES, ""),
        4,
        "line 2: the name 'search' of 'alice' is held by a key that is expired: ",
    );
    let ran = from(&world, SERVICES, "--replace-expired --skip-existing")
        .run()
        .code(0);
    assert!(
        ran.stderr
            .starts_with(&format!("deleted {old} (search), which expired at ")),
        "{ran:#?}"
    );
    assert_eq!(world.record(&old)["state"], json!("deleted"));
    assert_eq!(world.verify(&token(&world, "search"), ""), 0);
    assert_eq!(
        world.log(),
        ["init", "create", "delete", "create", "create", "create"]
    );
}

#[test]
fn create_from_holds_to_access_and_policy_in_each_line() {
    let world = World::quick();
    let mine = "name,scopes\nweb,inference\n";
    let others =
        "name,owner,scopes\nweb,alice,inference\napi,bob,inference\nbatch,carol,inference\n";
    let legacy = "name,scopes,kind\nweb,inference,\nrobot,,legacy\n";
    let ran = refused(
        &world,
        from(&world, others, ""),
        4,
        "2 of 3 lines are refused; no key was created\n",
    );
    ran.says("line 3: 'alice' may not manage keys of 'bob'\n")
        .says("line 4: 'alice' may not manage keys of 'carol'\n");
    let logged = world.events().pop().unwrap().detail();
    let message = "line 3: 'alice' may not manage keys of 'bob'";
    assert_eq!(
        (&logged["message"], &logged["code"]),
        (&json!(message), &json!("access"))
    );
    refused(
        &world,
        from(&world, legacy, ""),
        4,
        "line 3: 'alice' may not make a legacy key; no key was created\n",
    );
    let long = "{\"name\":\"a\",\"scopes\":[\"inference\"],\"expires\":\"10y\"}";
    refused(&world, from(&world, long, ""), 4, "line 1: expiry 2036-");
    world.policy("self-service", "off");
    refused(
        &world,
        from(&world, mine, ""),
        4,
        "'alice' may not create keys: policy self-service is off\n",
    );
    for text in [others, legacy] {
        from(&world, text, "")
            .user("carol")
            .uid(4_000_003)
            .run()
            .code(0);
        fs::remove_dir_all(world.path("tokens")).unwrap();
    }
}

#[test]
fn create_from_warns_once_of_each_owner_whom_nobody_knows() {
    // On a server its roles are the users: `doctor_notes_the_owners_that_are_no_role_of_the_server`.
    if !World::is_a_file() {
        return;
    }
    let world = World::own();
    let text = "name,owner,scopes\na,alcie,inference\nb,alcie,inference\nc,bob,inference\n";
    let ran = from(&world, text, "-q")
        .users(&["alice", "bob"])
        .run()
        .code(0);
    let warning = "warning: 'alcie' is neither a user of this machine nor the owner of any key\n";
    assert_eq!(ran.stderr.matches(warning).count(), 1, "{ran:#?}");
    assert!(!ran.stderr.contains("'bob'"), "{ran:#?}");
}

#[test]
fn create_from_leaves_what_is_in_the_way_and_makes_nothing() {
    let world = World::own();
    let before = world.rows();
    let tokens = world.path("tokens");
    fs::create_dir(&tokens).unwrap();
    fs::set_permissions(&tokens, Permissions::from_mode(0o755)).unwrap();
    let nothing = |ran: Ran| {
        assert_eq!(world.rows(), before);
        ran
    };
    fs::write(tokens.join("robot"), "precious").unwrap();
    nothing(
        from(&world, SERVICES, "")
            .run()
            .fails(5, "the secret file '"),
    );
    assert_eq!(fs::read_dir(&tokens).unwrap().count(), 1);
    assert_eq!(fs::read(tokens.join("robot")).unwrap(), b"precious");
    fs::remove_file(tokens.join("robot")).unwrap();
    // A link that leads nowhere is there too.
    std::os::unix::fs::symlink(world.path("nowhere"), tokens.join("billing")).unwrap();
    nothing(
        from(&world, SERVICES, "")
            .run()
            .fails(5, "the secret file '"),
    );
    fs::remove_file(tokens.join("billing")).unwrap();
    for bits in [0o775, 0o757, 0o1777] {
        fs::set_permissions(&tokens, Permissions::from_mode(bits)).unwrap();
        nothing(
            from(&world, SERVICES, "")
                .run()
                .fails(5, "others can write the directory '"),
        );
    }
    fs::set_permissions(&tokens, Permissions::from_mode(0o755)).unwrap();
    from(&world, SERVICES, "").run().code(0);
    assert_eq!(mode(&tokens), 0o755);
}

#[test]
fn create_from_makes_no_directory_above_the_one_that_is_named() {
    let world = World::own();
    let line = |directory: &str| {
        let path = world.path(directory);
        world
            .line(&format!("create --from - --secret-dir {}", path.display()))
            .stdin(SERVICES)
    };
    line("a/b").run().fails(5, "cannot make the directory '");
    fs::write(world.path("file"), "").unwrap();
    line("file")
        .run()
        .fails(5, "cannot make files in the directory '");
    line("file/b").run().fails(5, "cannot make ");
    std::os::unix::fs::symlink(world.path("nowhere"), world.path("link")).unwrap();
    line("link")
        .run()
        .fails(5, "cannot make files in the directory '");
    assert!(world.keys().is_empty());
    // Relative, with a '/' at its end, and through a link to a directory.
    fs::create_dir(world.path("there")).unwrap();
    std::os::unix::fs::symlink(world.path("there"), world.path("leads")).unwrap();
    line("leads/").run().code(0);
    assert_eq!(fs::read_dir(world.path("there")).unwrap().count(), 3);
}

#[test]
fn create_from_at_a_terminal_names_the_keys_and_shows_the_progress() {
    let world = World::own();
    let input = world.path("services.csv");
    fs::write(&input, SERVICES).unwrap();
    let tokens = world.path("tokens");
    let line = format!(
        "create --from {} --secret-dir {}",
        input.display(),
        tokens.display()
    );
    let ran = world.line(&line).terminal(80).run().code(0);
    let ids: Vec<String> = world.keys().iter().map(|key| key.id.to_string()).collect();
    assert_eq!(
        ran.stderr,
        format!(
            "created 3 keys, with a file for each token in '{}'\n  \
             {}  search  of alice, expires 2027-02-20T00:00:00Z (in 90d)\n  \
             {}  billing  of bob, expires 2027-04-01T00:00:00Z (in 130d)\n  \
             {}  robot  of alice, expires never\n",
            tokens.display(),
            ids[0],
            ids[1],
            ids[2]
        )
    );
    assert_eq!(ran.progress, "Keys 3: 1 1 1\n");
    let ran = world
        .line("create --from - --secret-dir t")
        .terminal(80)
        .run();
    ran.fails(
        2,
        "'-' is standard input, and that is a terminal; no key was created\n",
    );
}

#[test]
fn create_from_goes_with_no_flag_for_a_single_key() {
    let world = World::own();
    for (rest, message) in [
        (
            "--secret-dir t --name a",
            "--from does not go with --name\n",
        ),
        (
            "--secret-dir t --count 2",
            "--from does not go with --count\n",
        ),
        (
            "--secret-dir t --secret-file f",
            "--from does not go with --secret-file\n",
        ),
        (
            "--secret-dir t --if-absent",
            "--from does not go with --if-absent\n",
        ),
        ("", "missing argument: --secret-dir DIR\n"),
        ("--secret-dir -", "--secret-dir is '-', not a file\n"),
    ] {
        let ran = world
            .line(&format!("create --from - {rest}"))
            .stdin(SERVICES)
            .run();
        assert_eq!(ran.code, 2, "{ran:#?}");
        assert!(
            ran.stderr.starts_with(&format!("keyctl: {message}")),
            "{ran:#?}"
        );
    }
    for rest in ["--secret-dir t", "--skip-existing"] {
        let ran = world
            .line(&format!("create --scope inference {rest}"))
            .run();
        assert!(
            ran.fails(2, "missing argument")
                .stderr
                .contains("--from FILE")
        );
    }
    let ran = world.line("create --from gone.csv --secret-dir t").run();
    ran.fails(
        5,
        "cannot read the file 'gone.csv': No such file or directory",
    );
    assert!(world.keys().is_empty());
}
