//! `keyctl admin`, and who may do what.

use super::World;
use serde_json::json;

/// What only an administrator may do, in an order in which an administrator can do all of it.
const RESERVED: [&str; 16] = [
    "create --scope inference --owner bob --name made",
    "create --kind legacy --name robot",
    "edit bob/web --name site",
    "rotate bob/site",
    "disable bob/site",
    "enable bob/site",
    "delete bob/site --yes",
    "disable --owner bob",
    "purge --owner bob --all --yes",
    "policy set max-expiry 100d",
    "policy unset max-expiry",
    "scope add data:read",
    "scope remove data:read",
    "member add search alice --role collaborator",
    "admin add erin",
    "admin remove erin",
];

/// A store of carol's where a hash costs nothing, though policy can be set in it, with a key of
/// bob's.
fn world() -> World {
    let world = World::quick();
    world.hash_fast();
    world
        .line("create --scope inference --name web")
        .user("bob")
        .run()
        .code(0);
    world
}

#[test]
fn who_creates_the_store_is_its_first_administrator() {
    let world = World::new();
    world.run("init");
    world.create("--scope inference --name web");
    world.run("admin list").stdout("alice\n");
    world.run("create --scope inference --owner bob --name theirs");
    world
        .line("edit alice/web --name mine")
        .user("bob")
        .run()
        .code(4);
}

#[test]
fn an_administrator_may_do_all() {
    let world = world();
    for line in RESERVED {
        let ran = world.line(line).user("carol").run();
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
    }
}

#[test]
fn anyone_else_is_refused_what_is_not_theirs_and_nothing_changes() {
    let world = world();
    for line in ["rotate bob/web", "disable bob/web", "delete bob/web --yes"]
        .into_iter()
        .chain(
            RESERVED
                .into_iter()
                .filter(|line| !line.contains("bob/site")),
        )
        .chain(["edit bob/web --name site"])
    {
        let world_before = world.rows();
        let ran = world.line(line).run();
        assert_eq!((ran.code, ran.stdout.as_str()), (4, ""), "{line}");
        assert!(
            ran.stderr.starts_with("keyctl: 'alice' may not "),
            "{line}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains("\nhint: "), "{line}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("administrator of this store"),
            "who may is not said: {line}: {}",
            ran.stderr
        );
        let world_after = world.rows();
        let of_keys = |rows: &str| {
            rows.lines()
                .filter(|row| !row.starts_with("event"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(of_keys(&world_after), of_keys(&world_before), "{line}");
    }
    world.line("disable bob/web").user("bob").run().code(0);
    world.line("enable bob/web").run().code(4);
}

#[test]
fn anyone_may_make_keys_for_themselves_and_change_their_own() {
    let world = world();
    for line in [
        "create --scope inference --name web",
        "create --scope inference --name api --owner alice",
        "edit web --name site",
        "rotate site",
        "disable api",
        "enable api",
        "delete api --yes",
        "purge --owner alice --yes",
        "disable --owner alice",
    ] {
        let ran = world.line(line).run();
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
    }
}

#[test]
fn everyone_may_list_show_and_verify() {
    let world = World::quick();
    let ran = world
        .line("create --scope inference --name web")
        .user("bob")
        .run()
        .code(0);
    for line in [
        "list",
        "show bob/web",
        "log",
        "log --check",
        "policy show",
        "scope list",
        "member list",
        "admin list",
    ] {
        world.line(line).user("stranger").run().code(0);
    }
    world
        .line("verify --scope inference")
        .user("stranger")
        .stdin(ran.stdout.trim_end())
        .run()
        .code(0);
}

#[test]
fn an_administrator_is_appointed_and_dismissed() {
    let world = world();
    world.line("scope add a").user("erin").run().code(4);
    world
        .line("admin add erin -m holidays")
        .user("carol")
        .run()
        .code(0)
        .stdout("")
        .stderr("erin is now an administrator\n");
    let last = world.events().pop().unwrap();
    assert_eq!(
        (last.action.as_str(), last.actor.as_str()),
        ("admin-add", "carol")
    );
    assert_eq!(
        last.detail(),
        json!({"user": "erin", "reason": "holidays", "uid": 4_000_002})
    );
    world.line("scope add a").user("erin").run().code(0);
    world.run("admin list").stdout("carol\nerin\n");
    world
        .run("admin list --format json")
        .stdout("[\"carol\",\"erin\"]\n");
    world
        .line("admin remove erin -m back")
        .user("carol")
        .run()
        .code(0)
        .stderr("erin is no longer an administrator\n");
    let last = world.events().pop().unwrap();
    assert_eq!(last.action, "admin-remove");
    assert_eq!(
        last.detail(),
        json!({"user": "erin", "reason": "back", "uid": 4_000_002})
    );
    world.line("scope add b").user("erin").run().code(4);
    world.check_chain();
}

#[test]
fn who_is_an_administrator_already_stays_one_without_an_event() {
    let world = world();
    let before = world.log();
    world
        .line("admin add carol")
        .user("carol")
        .run()
        .code(0)
        .stderr("carol is already an administrator\n");
    assert_eq!(world.log(), before);
}

#[test]
fn the_last_administrator_stays() {
    let world = world();
    let before = world.rows();
    world.line("admin remove carol").user("carol").run().fails(
        4,
        "'carol' is the last administrator\n\
         hint: appoint another one first: keyctl admin add USER\n",
    );
    assert_eq!(world.rows(), before);
    world.line("admin add erin").user("carol").run().code(0);
    world.line("admin remove erin").user("carol").run().code(0);
    world.run("admin list").stdout("carol\n");
}

#[test]
fn who_is_no_administrator_cannot_be_dismissed() {
    let world = world();
    world.line("admin remove nobody").user("carol").run().fails(
        3,
        "'nobody' is not an administrator\nhint: 'keyctl admin list' shows them\n",
    );
    world.line("admin remove crol").user("carol").run().fails(
        3,
        "'crol' is not an administrator\nhint: did you mean 'carol'?\n",
    );
    world.line("admin add a/b").user("carol").run().fails(2, "");
    world
        .cmd(["admin", "add", ""])
        .user("carol")
        .run()
        .fails(2, "the user is empty\n");
}

#[test]
fn no_variable_makes_somebody_another() {
    let world = World::quick();
    let actor = |variables: &[(&str, &str)]| {
        let mut command = world.real("create --scope inference");
        command.envs(variables.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let last = world.events().pop().unwrap();
        let uid = last.detail()["uid"].clone();
        (last.actor, uid)
    };
    let without = actor(&[]);
    let names = ["USER", "LOGNAME", "USERNAME", "SUDO_USER", "KEYCTL_USER"];
    let pretended = actor(&names.map(|name| (name, "carol")));
    assert_eq!(pretended, without);
    assert_ne!(without.0, "carol");
    assert_eq!(without.1, json!(rustix::process::geteuid().as_raw()));
}
