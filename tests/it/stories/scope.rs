//! `keyctl scope`, and what a key's scopes let it do.

use super::World;
use crate::harness::id_of;
use serde_json::json;

const INFERENCE: &str = "make inferences on trained models";
const PROJECT: &str = "manage projects, upload data sets, train models, make predictions";

/// A world whose store alice has made, so that she is its administrator, with fast hashes.
fn administered() -> World {
    let world = World::new();
    world.run("init");
    world.run("policy set hash sha256");
    world
}

/// A line of `scope`, which is refused with `code` and `message` and changes nothing.
#[track_caller]
fn refused(world: &World, line: &str, code: u8, message: &str) {
    let before = world.rows();
    world
        .line(&format!("scope {line}"))
        .run()
        .fails(code, message);
    assert_eq!(world.rows(), before, "scope {line}");
}

fn names(world: &World) -> Vec<String> {
    let listed = world.run("scope list --format json").json();
    let scopes = listed.as_array().unwrap().iter();
    scopes
        .map(|scope| scope["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn two_scopes_stand_from_the_start() {
    let world = administered();
    world.run("scope list").stderr("").stdout(&format!(
        "\
SCOPE      IMPLIES    DESCRIPTION
inference             {INFERENCE}
project    inference  {PROJECT}
"
    ));
    let ran = world.run("scope list --format json").stderr("");
    assert_eq!(ran.stdout.lines().count(), 1);
    assert_eq!(
        ran.json(),
        json!([
            {"name": "inference", "description": INFERENCE, "implies": []},
            {"name": "project", "description": PROJECT, "implies": ["inference"]},
        ])
    );
    let token = world.create("--scope project");
    assert_eq!(world.verify(&token, "--scope inference"), 0);
    let token = world.create("--scope inference");
    assert_eq!(world.verify(&token, "--scope project"), 6);
}

#[test]
fn a_scope_is_registered_with_its_description_and_what_it_implies() {
    let world = administered();
    let args = [
        "scope",
        "add",
        "data:read",
        "--description",
        "read data sets",
        "--implies",
        "inference",
        "--reason",
        "the new team",
    ];
    world
        .cmd(args)
        .run()
        .code(0)
        .stdout("")
        .stderr("registered the scope data:read\n");
    let event = world.events().pop().unwrap();
    assert_eq!((&*event.actor, &*event.action), ("alice", "scope-add"));
    assert_eq!(
        event.detail(),
        json!({
            "uid": 4_000_001,
            "scope": "data:read",
            "description": "read data sets",
            "implies": ["inference"],
            "reason": "the new team",
        })
    );
    world.run("scope add admin --implies data:read,project --implies inference");
    assert_eq!(
        world.run("scope list --format json").json(),
        json!([
            {"name": "admin", "description": "", "implies": ["data:read", "inference", "project"]},
            {"name": "data:read", "description": "read data sets", "implies": ["inference"]},
            {"name": "inference", "description": INFERENCE, "implies": []},
            {"name": "project", "description": PROJECT, "implies": ["inference"]},
        ])
    );
    world.check_chain();
}

#[test]
fn a_scope_is_given_to_keys_only_once_it_is_registered() {
    let world = administered();
    world
        .line("create --scope data:read")
        .run()
        .fails(2, "there is no scope 'data:read'\n");
    world.run("scope add data:read");
    let token = world.create("--scope data:read --name ci");
    assert_eq!(world.verify(&token, "--scope data:read"), 0);
    assert_eq!(world.verify(&token, "--scope inference"), 6);
    world.run("edit ci --add-scope inference");
    assert_eq!(world.verify(&token, "--scope inference,data:read"), 0);
}

#[test]
fn a_name_is_lower_case_a_letter_first_and_at_most_64_characters() {
    let world = administered();
    let longest = format!("z{}", "9".repeat(63));
    for name in ["a", "data:read", "v1.2_x-y", "a:._-", &longest] {
        world.run(&format!("scope add {name}"));
        let token = world.create(&format!("--scope {name}"));
        assert_eq!(world.verify(&token, &format!("--scope {name}")), 0);
    }
    let before = world.rows();
    let too_long = "a".repeat(65);
    for (name, quoted) in [
        ("", "''"),
        ("A", "'A'"),
        ("dataRead", "'dataRead'"),
        ("1a", "'1a'"),
        (":a", "':a'"),
        ("_a", "'_a'"),
        ("a b", "'a b'"),
        ("a,b", "'a,b'"),
        ("a/b", "'a/b'"),
        ("a*", "'a*'"),
        ("ä", "'ä'"),
        ("a\n", "'a\\u{a}'"),
        (&too_long, &format!("'{}…'", "a".repeat(64))),
    ] {
        world.cmd(["scope", "add", "--", name]).run().fails(
            2,
            &format!(
                "{quoted} is not a scope name\nhint: use lower-case letters, digits, ':', '.', '_' \
                 and '-', a letter first, at most 64\n"
            ),
        );
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn a_scope_is_registered_once() {
    let world = administered();
    world.run("scope add data:read --description one");
    for line in [
        "add data:read",
        "add data:read --description two --implies project",
        "add inference",
    ] {
        let name = line.split(' ').nth(1).unwrap();
        refused(
            &world,
            line,
            4,
            &format!("scope '{name}' already exists\nhint: choose another name\n"),
        );
    }
}

#[test]
fn a_description_that_a_terminal_would_obey_is_refused() {
    let world = administered();
    let before = world.rows();
    for description in ["a\u{1b}[31m", "two\nlines", "\u{202e}x"] {
        world
            .cmd(["scope", "add", "x", "--description", description])
            .run()
            .code(2)
            .stdout("");
    }
    assert_eq!(world.rows(), before);
}

#[test]
fn implication_runs_through_any_number_of_steps_and_one_way() {
    let world = administered();
    world.run("scope add s0");
    for step in 1..=12 {
        world.run(&format!("scope add s{step} --implies s{}", step - 1));
    }
    let top = world.create("--scope s12");
    let middle = world.create("--scope s6");
    for step in 0..=12 {
        let wanted = format!("--no-touch --scope s{step}");
        assert_eq!(world.verify(&top, &wanted), 0);
        let code = if step <= 6 { 0 } else { 6 };
        assert_eq!(world.verify(&middle, &wanted), code, "s{step}");
    }
    assert_eq!(world.verify(&top, "--scope inference"), 6);
    // Over two ways at once, and several wanted at once.
    world.run("scope add all --implies s12,project");
    let all = world.create("--scope all");
    assert_eq!(world.verify(&all, "--scope s0,inference,project,s7"), 0);
    assert_eq!(world.verify(&middle, "--scope s0,s7"), 6);
    // A key has what it was given; what that implies is not written to it.
    assert_eq!(world.record(&id_of(&all))["scopes"], json!(["all"]));
}

#[test]
fn no_scope_can_come_to_imply_itself() {
    let world = administered();
    let unknown = "there is no scope 'a'\nhint: the scopes here are: inference, project; 'keyctl scope add a' adds this one\n";
    refused(&world, "add a --implies a", 2, unknown);
    world.run("scope add a");
    world.run("scope add b --implies a");
    // Neither can be given an implication later: not by a second registration, nor by a removal
    // of what is implied.
    refused(&world, "add a --implies b", 4, "scope 'a' already exists\n");
    refused(
        &world,
        "remove a",
        4,
        "the scope a is implied by b\nhint: remove that first\n",
    );
}

#[test]
fn what_is_implied_must_be_registered_and_given_once() {
    let world = administered();
    refused(
        &world,
        "add x --implies infrence",
        2,
        "there is no scope 'infrence'\nhint: did you mean 'inference'?\n",
    );
    refused(
        &world,
        "add x --implies inference,inference",
        2,
        "the scope 'inference' is given twice\nhint: give each scope once\n",
    );
    assert_eq!(names(&world), ["inference", "project"]);
}

#[test]
fn an_unused_scope_is_removed_and_that_is_logged() {
    let world = administered();
    world.run("scope add data:read --implies inference");
    world
        .cmd(["scope", "remove", "data:read", "-m", "never used"])
        .run()
        .code(0)
        .stdout("")
        .stderr("removed the scope data:read\n");
    let event = world.events().pop().unwrap();
    assert_eq!((&*event.actor, &*event.action), ("alice", "scope-remove"));
    assert_eq!(
        event.detail(),
        json!({"uid": 4_000_001, "scope": "data:read", "reason": "never used"})
    );
    assert_eq!(names(&world), ["inference", "project"]);
    refused(
        &world,
        "remove data:read",
        3,
        "there is no scope 'data:read'\n",
    );
    world
        .line("create --scope data:read")
        .run()
        .fails(2, "there is no scope 'data:read'\n");
    // Those that stand from the start are no exception.
    world.run("scope remove project");
    world.run("scope remove inference");
    assert!(names(&world).is_empty());
    world.check_chain();
}

#[test]
fn a_scope_that_another_implies_stays_and_that_one_is_named() {
    let world = administered();
    world.run("scope add data:read --implies inference");
    refused(
        &world,
        "remove inference",
        4,
        "the scope inference is implied by data:read, project\nhint: remove that first\n",
    );
    world.run("scope remove project");
    world.run("scope remove data:read");
    world.run("scope remove inference");
}

#[test]
fn a_scope_that_a_key_has_stays_whatever_the_keys_state() {
    let world = administered();
    for (name, then) in [
        ("on", ""),
        ("off", "disable off"),
        ("late", ""),
        ("old", "rotate old"),
    ] {
        let scope = format!("s:{name}");
        world.run(&format!("scope add {scope}"));
        world.create(&format!("--scope {scope} --name {name} --expires 90d"));
        if !then.is_empty() {
            world.run(then);
        }
    }
    world.advance("91d");
    for (name, state) in [("on", "expired"), ("off", "expired"), ("late", "expired")] {
        let id = world.record(name)["id"].as_str().unwrap().to_owned();
        refused(
            &world,
            &format!("remove s:{name}"),
            4,
            &format!(
                "the scope s:{name} is in use\n  {id}  {name}  of alice, {state}\nhint: remove it \
                 from these keys (keyctl edit KEY --remove-scope s:{name}, or --scope OTHER where it is the only one) or delete them first; \
                 'keyctl list --scope s:{name}' shows all of them\n"
            ),
        );
    }
    world.run("edit on --expires 92d");
    world.run("edit off --expires 92d");
    for (name, state) in [("on", "active"), ("off", "disabled")] {
        let ran = world.line(&format!("scope remove s:{name}")).run().code(4);
        ran.says(&format!("  {name}  of alice, {state}\n"));
    }
    // The old one alone has it, past its grace.
    world.run("scope add other");
    world.run("edit old --scope other --expires 92d");
    world
        .line("scope remove s:old")
        .run()
        .fails(4, "the scope s:old is in use\n")
        .says("  old  of alice, phased-out\n");
}

#[test]
fn of_many_keys_that_have_a_scope_some_are_named() {
    let world = administered();
    world.run("create --scope inference,project --name k --count 9");
    let ran = world.line("scope remove project").run().code(4);
    let named = ran.stderr.lines().filter(|line| line.starts_with("  "));
    assert_eq!(named.count(), 5);
    ran.says("'keyctl list --scope project' shows all of them\n");
}

#[test]
fn a_scope_goes_once_the_keys_that_had_it_are_changed_or_deleted() {
    let world = administered();
    world.run("scope add data:read");
    world.create("--scope inference,data:read --name keep");
    let gone = id_of(&world.create("--scope data:read --name gone"));
    world.run("edit keep --remove-scope data:read");
    refused(
        &world,
        "remove data:read",
        4,
        "the scope data:read is in use\n",
    );
    world.run("delete gone --yes");
    world.run("scope remove data:read");
    assert_eq!(
        world.record(&gone)["scopes"],
        json!(["data:read"]),
        "a tombstone forgot what it could do"
    );
    world.run("list --state deleted").code(0);
    world.run(&format!("show {gone}"));
    assert_eq!(world.record("keep")["scopes"], json!(["inference"]));
    world.run("purge --yes");
}

#[test]
fn only_an_administrator_registers_and_removes_and_everyone_lists() {
    let world = World::quick();
    let before = world.rows();
    for (line, what) in [
        ("scope add data:read", "register a scope"),
        ("scope add inference", "register a scope"),
        ("scope remove project", "remove a scope"),
        ("scope remove nosuch", "remove a scope"),
    ] {
        world.line(line).run().fails(
            4,
            &format!("'alice' may not {what}\nhint: ask an administrator of this store: 'keyctl admin list' lists them\n"),
        );
    }
    assert_eq!(world.rows(), before);
    assert_eq!(names(&world), ["inference", "project"]);
    let carol = |line: &str| world.line(line).user("carol").run().code(0);
    carol("scope add data:read");
    carol("scope remove project");
    world.line("scope add x").uid(0).run().code(0);
    assert_eq!(names(&world), ["data:read", "inference", "x"]);
}

#[test]
fn an_unknown_scope_is_refused_with_the_nearest_name() {
    let world = administered();
    world.run("scope add data:read");
    let token = world.create("--scope inference --name ci");
    for (name, hint) in [
        ("infrence", "did you mean 'inference'?"),
        ("projects", "did you mean 'project'?"),
        ("data.read", "did you mean 'data:read'?"),
        (
            "zzz",
            "the scopes here are: data:read, inference, project; 'keyctl scope add zzz' adds this one",
        ),
    ] {
        let message = format!("there is no scope '{name}'\nhint: {hint}\n");
        for line in ["create", "list", "edit ci", "verify"] {
            world
                .line(&format!("{line} --scope {name}"))
                .stdin(&token)
                .run()
                .fails(2, &message);
        }
        for line in [
            format!("edit ci --add-scope {name}"),
            format!("edit ci --remove-scope {name}"),
            format!("scope add x --implies {name}"),
        ] {
            world.line(&line).run().fails(2, &message);
        }
        refused(&world, &format!("remove {name}"), 3, &message);
    }
}

#[test]
fn list_goes_by_the_scope_that_a_key_has_and_not_by_what_that_implies() {
    let world = administered();
    world.create("--scope project --name a");
    let b = id_of(&world.create("--scope inference --name b"));
    world
        .run("list --scope inference --format ids")
        .stdout(&format!("{b}\n"));
}

#[test]
fn without_a_store_there_are_no_scopes() {
    let world = World::new();
    for line in ["scope list", "scope add x", "scope remove project"] {
        let ran = world.line(line).run();
        ran.fails(5, "there is no store ")
            .says(&world.shown("alice"));
    }
    assert!(!world.has_store());
    world.line("scope").run().code(2).stdout("");
    world
        .line("scope remove")
        .run()
        .fails(2, "missing argument: NAME");
}

#[test]
fn an_unknown_project_is_refused_with_the_nearest_name_too() {
    let world = administered();
    world.run("member add apollo bob --role owner");
    for line in ["list --project apolo", "member list apolo"] {
        world.line(line).run().fails(
            3,
            "there is no project 'apolo'\nhint: did you mean 'apollo'?\n",
        );
        world.line(&line.replace("apolo", "zzz")).run().fails(
            3,
            "there is no project 'zzz'\nhint: 'keyctl member list' shows every project and its \
             members\n",
        );
    }
}
