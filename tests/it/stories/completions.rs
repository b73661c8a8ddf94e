//! `keyctl completions`, and what its scripts ask. The shells themselves are in `exe/shells.rs`.

use super::World;
use crate::harness::{Ran, id_of};
use keyctl::project::Role;
use std::ffi::OsString;

const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "powershell", "elvish"];

/// What the last word of a line may become, as a script asks.
fn asked(world: &World, line: &str) -> Ran {
    let words = ["--", "keyctl"].into_iter().chain(line.split(' '));
    world
        .cmd(words)
        .without_db()
        .var("KEYCTL_DB", world.address())
        .var("KEYCTL_COMPLETE", "bash")
        .run()
        .code(0)
        .stderr("")
}

/// The values alone.
fn values(world: &World, line: &str) -> Vec<String> {
    let lines = asked(world, line).stdout;
    let values = lines.lines().filter_map(|line| line.split('\t').next());
    values.map(str::to_owned).collect()
}

#[test]
fn every_shell_gets_a_script_that_asks_the_program_by_its_name() {
    let world = World::new();
    for shell in SHELLS {
        let script = world.run(&format!("completions {shell}")).stderr("").stdout;
        assert!(script.contains("KEYCTL_COMPLETE"), "{shell}");
        assert!(script.contains("keyctl"), "{shell}");
        for part in ["@FUNCTION@", "@NAME@", "@VARIABLE@", "@PROGRAM@"] {
            assert!(!script.contains(part), "{shell}: {part}");
        }
        let other = world
            .cmd(["completions", shell])
            .called("api-keyctl")
            .run()
            .code(0);
        assert_eq!(
            other.stdout.replace("api-keyctl", "keyctl"),
            match shell {
                "bash" | "fish" => script.replace("_keyctl", "_api_keyctl"),
                _ => script,
            },
            "{shell}"
        );
    }
    assert!(!world.has_store(), "a script needs no store");
}

#[test]
fn a_program_called_by_its_path_is_asked_by_its_path() {
    let world = World::own();
    let ran = world.cmd(["completions", "bash"]).called("./keyctl").run();
    let path = world.path("bin/keyctl");
    let asks = format!("'{}' -- ", path.to_str().unwrap());
    assert!(ran.code(0).stdout.contains(&asks));
}

#[test]
fn commands_flags_and_listed_values_are_offered() {
    let world = World::new();
    assert_eq!(values(&world, "ro"), ["rotate"]);
    assert_eq!(values(&world, "policy s"), ["show", "set"]);
    assert_eq!(values(&world, "list --expiring"), ["--expiring-within"]);
    assert_eq!(
        values(&world, "list --format "),
        ["table", "lines", "json", "jsonl", "csv", "ids"]
    );
    assert_eq!(values(&world, "list --state dis"), ["disabled"]);
    assert_eq!(values(&world, "list --state=dis"), ["--state=disabled"]);
    assert_eq!(values(&world, "policy set max"), ["max-expiry"]);
    let described = asked(&world, "rota").stdout;
    assert_eq!(described, "rotate\tReplace a key with a new one\n");
    assert!(!world.has_store(), "to ask makes no store");
}

#[test]
fn keys_are_offered_by_id_and_by_name() {
    let world = World::quick();
    let ci = world.create("--scope inference --name ci-deploy");
    let trainer = world.create("--scope project --name trainer");
    let gone = world.create("--scope project --name gone");
    let (ci, trainer, gone) = (
        crate::harness::id_of(&ci),
        crate::harness::id_of(&trainer),
        crate::harness::id_of(&gone),
    );
    world.run(&format!("delete {gone} --yes"));
    world.run("disable trainer");

    assert_eq!(
        asked(&world, "edit ")
            .stdout
            .lines()
            .take(2)
            .collect::<Vec<_>>(),
        [
            format!("{ci}\tci-deploy of alice, active"),
            format!("{trainer}\ttrainer of alice, disabled"),
        ]
    );
    assert_eq!(
        asked(&world, "rotate ci-").stdout,
        format!("ci-deploy\t{ci} of alice, active\n")
    );
    assert_eq!(
        values(&world, &format!("rotate {}", &ci[..6])),
        std::slice::from_ref(&ci)
    );
    assert_eq!(values(&world, "edit alice/tr"), ["alice/trainer"]);
    assert_eq!(values(&world, "edit bob/tr"), [""; 0]);
    assert_eq!(values(&world, "enable t"), ["trainer"]);
    assert_eq!(values(&world, "enable ci"), [""; 0]);
    assert_eq!(values(&world, "show go"), ["gone"]);
    assert_eq!(values(&world, "log --key go"), ["gone"]);
    assert_eq!(values(&world, "delete go"), [""; 0]);
}

#[test]
fn what_is_certain_to_be_refused_is_not_offered() {
    let world = World::quick();
    let id = |line: &str| crate::harness::id_of(&world.create(line));
    let ci = id("--scope inference --name ci --label team=a");
    let trainer = id("--scope project --name trainer");
    let old = id("--scope inference --name old");
    world.run(&format!("rotate {old} --grace 1h"));
    assert!(!values(&world, "rotate ").contains(&old));
    assert!(values(&world, "rotate ").contains(&ci));
    world.run("disable ci trainer");
    assert!(!values(&world, "rotate ").contains(&ci));
    assert_eq!(values(&world, "enable "), [ci.as_str(), trainer.as_str()]);
    assert_eq!(values(&world, &format!("enable {ci} ")), [trainer.as_str()]);

    let scopes = |line: &str| values(&world, line);
    assert_eq!(scopes("edit --remove-scope "), ["inference", "project"]);
    assert_eq!(scopes("edit ci --remove-scope "), ["inference"]);
    for named in [&*format!("edit {trainer}"), "edit alice/trainer"] {
        assert_eq!(scopes(&format!("{named} --remove-scope ")), ["project"]);
    }
    assert_eq!(scopes("edit bob/trainer --remove-scope ").len(), 2);
    assert_eq!(
        scopes("create --scope inference,"),
        ["inference,project"],
        "one scope twice"
    );
    assert_eq!(
        scopes("create --scope=inference,"),
        ["--scope=inference,project"]
    );
    assert_eq!(asked(&world, "edit ci --remove-label ").stdout, "team\ta\n");
    assert!(!values(&world, "edit trainer --remove-label ").contains(&"team".to_owned()));

    for line in ["member add search bob --role owner", "admin add carol"] {
        world.line(line).uid(0).run().code(0);
    }
    assert_eq!(values(&world, "member remove search "), ["bob"]);

    assert!(!values(&world, "member remove other ").contains(&"bob".to_owned()));
    assert!(values(&world, "member add search ").contains(&"carol".to_owned()));
    let administrators = values(&world, "admin remove ");
    assert!(administrators.contains(&"carol".to_owned()));
    assert!(!administrators.contains(&"bob".to_owned()));
}

#[test]
fn the_values_of_a_policy_that_has_but_a_few_are_offered() {
    let world = World::own();
    assert_eq!(values(&world, "policy set hash "), ["argon2id", "sha256"]);
    assert_eq!(values(&world, "policy set hash sh"), ["sha256"]);
    assert_eq!(values(&world, "policy set self-service "), ["off", "on"]);
    assert!(values(&world, "policy set ").contains(&"hash".to_owned()));
    assert!(values(&world, "policy unset ").contains(&"hash".to_owned()));
}

#[test]
fn labels_of_keys_and_users_are_offered_to_choose_keys_by() {
    let world = World::own();
    world.create("--scope inference --label team=search --label env=prod");
    world.create("--scope inference --label team=ads --owner bob");
    for command in ["disable", "enable", "delete"] {
        let offered = values(&world, &format!("{command} --label "));
        assert_eq!(offered, ["env=prod", "team=ads", "team=search"]);
        let offered = values(&world, &format!("{command} --label team=s"));
        assert_eq!(offered, ["team=search"]);
        assert_eq!(values(&world, &format!("{command} --owner b")), ["bob"]);
    }
    assert_eq!(values(&world, "edit x --owner b"), ["bob"]);
    for command in ["create", "import keys.csv", "edit x"] {
        let offered = values(&world, &format!("{command} --label team=s"));
        assert_eq!(offered, ["team=search"], "{command}");
    }
}

#[test]
fn of_the_files_of_a_store_the_one_to_name_is_offered() {
    let world = World::quick();
    world.create("--scope inference --name ci");
    let directory = world
        .path("")
        .to_str()
        .unwrap()
        .trim_end_matches('/')
        .to_owned();
    for suffix in ["-wal", "-shm"] {
        std::fs::write(format!("{directory}/copy.db{suffix}"), "").unwrap();
    }
    std::fs::write(format!("{directory}/copy.db"), "").unwrap();
    std::fs::create_dir(format!("{directory}/copy.d")).unwrap();
    for command in ["--db", "restore", "verify --key-file"] {
        let offered = values(&world, &format!("{command} {directory}/copy"));
        let copy = |suffix| format!("{directory}/copy.d{suffix}");
        assert_eq!(offered, [copy("b"), copy("/")], "{command}");
        let here = values(&world, &format!("{command} "));
        assert!(!here.contains(&".".to_owned()), "{command}");
    }
}

#[test]
fn files_are_offered_for_records_and_metrics_and_directories_for_secrets() {
    let world = World::own();
    for name in ["keys.csv", "store.db", "store.db-wal"] {
        std::fs::write(world.path(name), "").unwrap();
    }
    std::fs::create_dir(world.path("secrets")).unwrap();
    let below = world.path("").to_str().unwrap().to_owned();
    let directory = format!("{below}secrets/");
    let [file, store] = ["keys.csv", "store.db"].map(|name| format!("{below}{name}"));
    for command in [
        "import",
        "create --from",
        "metrics --output",
        "create --exec",
        "rotate ci --exec --",
        "rotate ci --exec cat",
    ] {
        let offered = values(&world, &format!("{command} {below}"));
        for path in [&file, &store, &directory] {
            assert!(offered.contains(path), "{command}: {offered:?}");
        }
        assert!(!offered.concat().contains("-wal"), "{command}: {offered:?}");
    }
    let offered = values(&world, &format!("create --secret-dir {below}"));
    assert!(offered.contains(&directory), "{offered:?}");
    assert!(!offered.contains(&file), "{offered:?}");
}

#[test]
fn no_option_is_offered_for_the_command_of_exec() {
    let world = World::own();
    for line in [
        "create --exec gh --",
        "rotate ci --exec=gh --r",
        "create --exec -- gh -",
    ] {
        assert_eq!(values(&world, line), [""; 0], "{line}");
    }
    assert_eq!(values(&world, "create --exec-t"), ["--exec-timeout"]);
}

#[test]
fn addresses_are_offered_by_their_beginnings() {
    let world = World::own();
    std::fs::write(world.path("verify.sock"), "").unwrap();
    let socket = format!("unix:{}", world.path("verify.sock").display());
    let begun = socket.strip_suffix("fy.sock").unwrap();
    for command in ["serve --listen", "serve --metrics", "verify --server"] {
        assert_eq!(values(&world, &format!("{command} u")), ["unix:/"]);
        assert_eq!(values(&world, &format!("{command} {begun}")), [&*socket]);
    }
    assert_eq!(
        values(&world, "verify --server h"),
        ["http://127.0.0.1:9091"]
    );
    assert_eq!(values(&world, "serve --listen 1"), ["127.0.0.1:9091"]);
    assert_eq!(values(&world, "--db postg"), ["postgres://"]);
    assert_eq!(values(&world, "verify --ip 1"), [""; 0]);
}

#[test]
fn networks_of_the_key_are_offered_to_remove() {
    let world = World::own();
    world.create("--scope inference --name ci --allow-from 10.0.0.0/8,2001:db8::/32");
    world.create("--scope inference --name other --allow-from 192.0.2.0/24");
    assert_eq!(
        values(&world, "edit ci --remove-allow-from "),
        ["10.0.0.0/8", "2001:db8::/32"]
    );
    assert_eq!(
        values(&world, "edit ci --remove-allow-from 10.0.0.0/8,2"),
        ["10.0.0.0/8,2001:db8::/32"]
    );
    assert_eq!(values(&world, "edit ci --allow-from a"), ["any"]);
}

#[test]
fn one_name_of_several_owners_is_offered_once() {
    let world = World::quick();
    world.create("--scope inference --name ci");
    world
        .line("create --scope inference --name ci")
        .user("bob")
        .run()
        .code(0);
    assert_eq!(asked(&world, "show ci").stdout, "ci\t2 keys\n");
}

#[test]
fn scopes_projects_and_users_come_from_the_store() {
    let world = World::quick();
    for line in [
        "scope add models:train --description train",
        "member add search bob --role owner",
    ] {
        world.line(line).user("carol").uid(0).run().code(0);
    }
    assert_eq!(
        asked(&world, "create --scope models").stdout,
        "models:train\ttrain\n"
    );
    assert_eq!(
        values(&world, "create --scope inference,models"),
        ["inference,models:train"]
    );
    assert_eq!(values(&world, "scope remove models"), ["models:train"]);
    assert_eq!(values(&world, "scope add models"), [""; 0]);
    assert_eq!(values(&world, "verify --project "), ["search"]);
    assert_eq!(values(&world, "list --owner b"), ["bob"]);
    assert_eq!(values(&world, "list --owner "), ["alice", "bob", "carol"]);
}

#[test]
fn a_large_project_is_offered_with_the_first_of_its_members() {
    let world = World::quick();
    for number in 1..=9 {
        world.add_member("many", &format!("user-{number}"), Role::Owner);
    }
    world.add_member("search", "bob", Role::Owner);
    assert_eq!(
        asked(&world, "member list ").stdout,
        "many\tuser-1, user-2, user-3, user-4, user-5, …\nsearch\tbob\n"
    );
    assert_eq!(values(&world, "member remove many ").len(), 9);
}

#[test]
fn the_line_says_in_which_store_to_look() {
    let world = World::quick();
    world.create("--scope inference --name ci");
    let other = World::quick();
    other.create("--scope inference --name other");
    let db = other.address().to_str().unwrap();
    assert_eq!(values(&world, &format!("--db {db} show o")), ["other"]);
    assert_eq!(values(&world, &format!("show --db={db} o")), ["other"]);
    assert_eq!(values(&world, "show o"), [""; 0]);
}

#[test]
fn whoever_is_in_the_middle_of_a_line_is_told_of_no_error() {
    let world = World::own();
    let broken = world.path("broken.db");
    std::fs::write(&broken, "no store").unwrap();
    let offered = values(&world, &format!("--db {} show ", broken.display()));
    assert!(
        offered.iter().all(|word| word.starts_with('-')),
        "{offered:?}"
    );
    let token = "kc_0123456789ab_0123456789012345678901234567890123456789012345678";
    assert_eq!(asked(&world, &format!("show {token}")).stdout, "");
    assert_eq!(asked(&world, "nothing of the kind").stdout, "");
}

#[test]
fn what_would_move_the_cursor_is_not_offered() {
    let world = World::quick();
    let id = id_of(&world.create("--scope inference --name ci"));
    world.alter(&id, |key| key.name.push_str("\u{1b}[2J"));
    assert_eq!(asked(&world, "show ci").stdout, "");
    let by_id = asked(&world, "show ").stdout;
    assert!(by_id.contains("ci\\u{1b}[2J of alice"), "{by_id}");
}

#[test]
fn elvish_is_given_values_alone() {
    let world = World::own();
    let ran = world
        .cmd(["--", "keyctl", "rota"])
        .without_db()
        .var("KEYCTL_COMPLETE", "elvish")
        .run();
    ran.code(0).stdout("rotate\n");
}

/// Its script runs what stands on the line, and puts an answer there as it is.
#[test]
fn powershell_is_given_no_name_that_it_would_read() {
    let world = World::quick();
    for name in ["run$(id)", "run;id", "run-me", "run me", "run`id"] {
        let create = ["create", "--scope", "inference", "--name", name];
        world.cmd(create).run().code(0);
    }
    let ran = world
        .cmd(["--", "keyctl", "show", "run"])
        .without_db()
        .var("KEYCTL_DB", world.address())
        .var("KEYCTL_COMPLETE", "powershell")
        .run()
        .code(0);
    let values: Vec<_> = ran
        .stdout
        .lines()
        .map(|line| line.split('\t').next())
        .collect();
    assert_eq!(values, [Some("run-me")], "{ran:?}");
}

#[test]
fn without_the_words_of_a_line_the_variable_changes_nothing() {
    let world = World::own();
    let with = |args: &[&str]| {
        let cmd = world.cmd(args.iter().map(OsString::from)).without_db();
        cmd.var("KEYCTL_COMPLETE", "bash").run()
    };
    assert!(with(&["--version"]).code(0).stdout.starts_with("keyctl "));
    with(&["--"]).code(2);
    // Nor is a command taken for the program's name, or any value of the variable for a shell.
    with(&["--", "verify", "--key-file", "token"]).code(2);
    let cmd = world.cmd(["--", "keyctl", "rota"]).without_db();
    cmd.var("KEYCTL_COMPLETE", "1").run().code(2).stdout("");
}

#[test]
fn a_shell_that_is_not_known_is_refused_with_those_that_are() {
    let world = World::own();
    world.cmd(["completions", "cmd.exe"]).run().fails(
        2,
        "'cmd.exe' is not a valid value for SHELL\nhint: it takes: bash, elvish, fish, powershell, zsh\n",
    );
    world
        .cmd(["completions"])
        .run()
        .fails(2, "missing argument: SHELL");
}
