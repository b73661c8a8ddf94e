//! `keyctl member`, and what membership lets a key do.

use super::World;
use crate::harness::id_of;
use keyctl::project::Role;
use serde_json::json;

/// A store with a project `search`, whose owner is alice and whose collaborator is bob; carol is
/// the administrator, dave nobody.
fn world() -> World {
    let world = World::quick();
    for line in [
        "member add search alice --role owner",
        "member add search bob --role collaborator",
    ] {
        world.line(line).user("carol").run().code(0);
    }
    world
}

/// The token of a new key that is named as its owner.
#[track_caller]
fn key_of(world: &World, user: &str) -> String {
    let line = format!("create --scope inference --name key-{user}");
    let ran = world.line(&line).user(user).run().code(0);
    ran.stdout.trim_end().to_owned()
}

#[test]
fn a_key_is_valid_for_a_project_that_its_owner_is_a_member_of_in_either_role() {
    let world = world();
    for (user, code) in [("alice", 0), ("bob", 0), ("dave", 6)] {
        let token = key_of(&world, user);
        assert_eq!(world.verify(&token, "--project search"), code, "{user}");
        assert_eq!(world.verify(&token, ""), 0, "{user} without a project");
    }
    // Not even an administrator is let in without being a member.
    let token = key_of(&world, "carol");
    assert_eq!(world.verify(&token, "--project search"), 6);
}

#[test]
fn a_key_of_no_member_is_told_who_can_add_its_owner() {
    let world = world();
    world
        .line("member add search erin --role owner")
        .user("carol")
        .run()
        .code(0);
    let token = key_of(&world, "dave");
    let id = id_of(&token);
    world
        .line("verify --project search")
        .stdin(&token)
        .run()
        .code(6)
        .stdout("")
        .stderr(&format!(
            "rejected: project: {id} key-dave belongs to dave, who is not a member of search (store {})\n\
             hint: an administrator, or an owner of the project (alice, erin) can add them: keyctl member add search dave --role collaborator\n",
            world.shown("alice")
        ));
    world
        .line("verify --project search --format json")
        .stdin(&token)
        .run()
        .code(6)
        .stdout(&format!(
            "{{\"valid\":false,\"reason\":\"project\",\"id\":\"{id}\",\"name\":\"key-dave\",\
             \"owner\":\"dave\",\"state\":\"active\",\"expires_at\":\"2027-11-22T00:00:00Z\",\
             \"lacks\":\"search\"}}\n"
        ))
        .stderr("");
}

#[test]
fn ten_owners_of_a_large_project_are_named_and_that_there_are_more() {
    let world = world();
    for number in 10..30 {
        world.add_member("search", &format!("owner-{number}"), Role::Owner);
    }
    let named: Vec<String> = (10..19).map(|n| format!("owner-{n}")).collect();
    let named = format!("alice, {}, …", named.join(", "));
    let token = key_of(&world, "dave");
    let ran = world.line("verify --project search").stdin(&token).run();
    ran.code(6)
        .says(&format!("or an owner of the project ({named}) can add"));
    let ran = world.line("member remove search bob").user("dave").run();
    ran.code(4).says(&format!(
        "ask an owner of the project ({named}) or an administrator of this store\n"
    ));
}

#[test]
fn an_unknown_project_is_one_that_nobody_is_a_member_of() {
    let world = world();
    let token = key_of(&world, "alice");
    let ran = world
        .line("verify --project nosuch --format json")
        .stdin(&token)
        .run()
        .code(6);
    assert_eq!(ran.json()["reason"], json!("project"));
    world
        .line("verify --project nosuch")
        .stdin(&token)
        .run()
        .code(6)
        .says("hint: there is no project 'nosuch' ('keyctl member list' shows all); an administrator can create it: keyctl member add nosuch alice --role owner\n");
    world
        .cmd(["verify", "--project", "my $(id)"])
        .stdin(&token)
        .run()
        .code(6)
        .says("an administrator can create it: keyctl member add 'my $(id)' alice --role owner\n");
    world
        .line("verify --project serach")
        .stdin(&token)
        .run()
        .code(6)
        .says("\nhint: there is no project 'serach'; did you mean 'search'?\n");
}

#[test]
fn state_and_scope_are_looked_at_before_the_project() {
    let world = world();
    let token = key_of(&world, "dave");
    let reason = |line: &str| {
        let ran = world.line(line).stdin(&token).run();
        (ran.code, ran.json()["reason"].clone())
    };
    let both = "verify --scope project --project search --format json";
    assert_eq!(reason(both), (6, json!("scope")));
    world.line("disable key-dave").user("dave").run().code(0);
    assert_eq!(reason(both), (1, json!("disabled")));
    let wrong = world.create("--scope inference --name other");
    world.run("delete other --yes");
    let line = "verify --project search --format json";
    let ran = world.line(line).stdin(&wrong).run().code(1);
    assert_eq!(ran.json()["reason"], json!("unknown"));
}

#[test]
fn a_legacy_key_is_valid_for_no_project() {
    let world = world();
    world
        .line("member add search carol --role owner")
        .user("carol")
        .run()
        .code(0);
    let ran = world
        .line("create --kind legacy --name robot")
        .user("carol")
        .run()
        .code(0);
    let token = ran.stdout.trim_end();
    assert_eq!(world.verify(token, ""), 0);
    let ran = world
        .line("verify --project search --format json")
        .stdin(token)
        .run()
        .code(6);
    assert_eq!(ran.json()["reason"], json!("project"));
}

#[test]
fn membership_counts_from_when_it_is_given_to_when_it_is_taken() {
    let world = world();
    let token = key_of(&world, "dave");
    let change = |line: &str| world.line(line).user("carol").run().code(0);
    for _ in 0..2 {
        assert_eq!(world.verify(&token, "--project search"), 6);
        change("member add search dave --role collaborator");
        assert_eq!(world.verify(&token, "--project search"), 0);
        assert_eq!(world.verify(&token, "--project searc"), 6);
        change("member remove search dave");
    }
    assert_eq!(world.verify(&token, "--project search"), 6);
}

#[test]
fn a_list_of_a_project_has_the_keys_of_its_members() {
    let world = world();
    for user in ["dave", "bob", "alice", "carol"] {
        key_of(&world, user);
        world.advance("1m");
    }
    let names = |line: &str| {
        let ran = world.run(&format!("list --format json {line}"));
        let keys = ran.json();
        let keys = keys.as_array().unwrap().iter();
        keys.map(|key| key["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("--project search"), ["key-bob", "key-alice"]);
    assert_eq!(names("--project search --owner bob"), ["key-bob"]);
    assert!(names("--project search --owner dave").is_empty());
    world.line("list --project serch").run().fails(
        3,
        "there is no project 'serch'\nhint: did you mean 'search'?\n",
    );
}

#[test]
fn a_projects_owner_changes_its_members_and_a_collaborator_does_not() {
    let world = world();
    world
        .line("member add maps bob --role owner")
        .user("carol")
        .run()
        .code(0);
    for line in [
        "member add search dave --role collaborator",
        "member remove search bob",
        "member add search dave --role owner",
    ] {
        let before = world.members();
        // bob owns another project, dave is a stranger to both.
        for user in ["bob", "dave"] {
            world.line(line).user(user).run().fails(
                4,
                &format!(
                    "'{user}' may not change the members of 'search'\n\
                     hint: ask an owner of the project (alice) or an administrator of this store\n"
                ),
            );
        }
        assert_eq!(world.members(), before);
        world.line(line).user("alice").run().code(0);
        assert_ne!(world.members(), before);
        if line.contains("remove") {
            world
                .line("member add search bob --role collaborator")
                .user("carol")
                .run()
                .code(0);
        }
    }
}

#[test]
fn only_an_administrator_founds_a_project() {
    let world = world();
    world.line("member add fresh alice --role owner").run().fails(
        4,
        "'alice' may not change the members of 'fresh'\nhint: ask an administrator of this store: 'keyctl admin list' lists them\n",
    );
    world
        .line("member add fresh alice --role owner")
        .user("carol")
        .run()
        .code(0)
        .stdout("")
        .stderr("alice is now an owner of fresh\nfresh is a new project\n");
    world.run("member add fresh bob --role collaborator");
}

#[test]
fn owning_a_project_gives_no_right_to_its_members_keys() {
    let world = world();
    key_of(&world, "bob");
    for line in ["disable bob/key-bob", "edit bob/key-bob --name mine"] {
        world
            .line(line)
            .run()
            .fails(4, "'alice' may not manage keys of 'bob'");
    }
}

#[test]
fn a_member_gets_another_role_and_the_log_has_both() {
    let world = world();
    world
        .line("member add search bob --role owner -m promoted")
        .run()
        .code(0)
        .stderr("bob is now an owner of search\n");
    let last = world.events().pop().unwrap();
    assert_eq!(
        (last.action.as_str(), last.actor.as_str()),
        ("member-add", "alice")
    );
    assert_eq!(
        last.detail(),
        json!({
            "project": "search",
            "user": "bob",
            "role": {"old": "collaborator", "new": "owner"},
            "reason": "promoted",
            "uid": 4_000_001,
        })
    );
    assert_eq!(world.members().len(), 2);
    world
        .line("member add search dave --role collaborator")
        .user("bob")
        .run()
        .code(0);
    let last = world.events().pop().unwrap();
    assert_eq!(
        last.detail()["role"],
        json!({"old": null, "new": "collaborator"})
    );
    world.check_chain();
}

#[test]
fn a_role_that_a_member_has_already_is_said_and_not_logged() {
    let world = world();
    let before = world.log();
    world
        .run("member add search bob --role collaborator")
        .stderr("bob is already a collaborator in search\n");
    assert_eq!(world.log(), before);
}

#[test]
fn a_member_is_removed_and_with_the_last_one_the_project() {
    let world = world();
    world
        .run("member remove search bob -m left")
        .stdout("")
        .stderr("bob is no longer a member of search\n");
    let last = world.events().pop().unwrap();
    assert_eq!(last.action, "member-remove");
    assert_eq!(
        last.detail(),
        json!({
            "project": "search",
            "user": "bob",
            "role": "collaborator",
            "reason": "left",
            "uid": 4_000_001,
        })
    );
    world.line("member remove search bob").run().fails(
        3,
        "'bob' is not a member of 'search'\nhint: 'keyctl member list' shows the members\n",
    );
    world.line("member remove search alcie").run().fails(
        3,
        "'alcie' is not a member of 'search'\nhint: did you mean 'alice'?\n",
    );
    world.run("member remove search alice");
    world.run("member list").stdout("").stderr("no members\n");
    world
        .line("member remove search alice")
        .user("carol")
        .run()
        .fails(3, "there is no project 'search'");
}

#[test]
fn members_are_listed_by_project_and_user() {
    let world = world();
    world
        .line("member add maps zoe --role owner")
        .user("carol")
        .run()
        .code(0);
    world.run("member list").stderr("").stdout(
        "PROJECT  USER   ROLE\n\
         maps     zoe    owner\n\
         search   alice  owner\n\
         search   bob    collaborator\n",
    );
    world
        .line("member list maps")
        .user("stranger")
        .run()
        .code(0)
        .stdout("PROJECT  USER  ROLE\nmaps     zoe   owner\n");
    let ran = world.run("member list search --format json");
    assert_eq!(
        ran.json(),
        json!([
            {"project": "search", "user": "alice", "role": "owner"},
            {"project": "search", "user": "bob", "role": "collaborator"},
        ])
    );
    World::quick()
        .run("member list --format json")
        .stdout("[]\n");
}

#[test]
fn the_nearest_project_is_suggested() {
    let world = world();
    for line in ["member list serch", "list --project serch"] {
        world.line(line).run().fails(
            3,
            "there is no project 'serch'\nhint: did you mean 'search'?\n",
        );
    }
    world
        .line("member remove serch alice")
        .user("carol")
        .run()
        .fails(
            3,
            "there is no project 'serch'\nhint: did you mean 'search'?\n",
        );
    world.line("member list zzz").run().fails(
        3,
        "there is no project 'zzz'\nhint: 'keyctl member list' shows every project and its members\n",
    );
    let ran = world
        .line("member list serch --format json")
        .run()
        .code(3)
        .stdout("");
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(
        error,
        json!({"error": {
            "code": "not-found",
            "message": "there is no project 'serch'",
            "hint": "did you mean 'search'?",
        }})
    );
}

#[test]
fn what_is_no_project_user_or_role_is_a_usage_error() {
    let world = world();
    let before = world.log();
    for line in [
        "member",
        "member add search dave",
        "member add search dave --role admin",
        "member add search/x dave --role owner",
        "member add search da/ve --role owner",
        "member add search --role owner",
        "member list search/x",
        "verify --project a/b",
    ] {
        assert_eq!(world.line(line).user("carol").run().code, 2, "{line}");
    }
    assert_eq!(world.log(), before);
}

#[test]
fn member_add_says_that_the_project_is_new_and_which_one_may_be_meant() {
    let world = World::own();
    let add = |line: &str, said: &str| {
        let ran = world.run(&format!("member add {line} --role owner"));
        ran.stdout("").stderr(said);
    };
    add(
        "search alice",
        "alice is now an owner of search\nsearch is a new project\n",
    );
    add("search bob", "bob is now an owner of search\n");
    add(
        "serach bob",
        "bob is now an owner of serach\nserach is a new project\nhint: did you mean 'search'?\n",
    );
    add("serach bob", "bob is already an owner of serach\n");
    add("ads bob -q", "");
}

#[test]
fn member_list_shows_the_projects_of_one_user() {
    let world = World::own();
    for line in [
        "search alice --role owner",
        "search bob --role collaborator",
        "ads bob --role owner",
    ] {
        world.run(&format!("member add {line}"));
    }
    let listed = |line: &str| {
        let ran = world.run(&format!("member list {line} --format json"));
        ran.json()
            .as_array()
            .unwrap()
            .iter()
            .map(|member| member["project"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed("--user bob"), ["ads", "search"]);
    assert_eq!(listed("--user alice"), ["search"]);
    assert_eq!(listed("search --user bob"), ["search"]);
    assert!(listed("ads --user alice").is_empty());
    let none = |line: &str, hint: &str| {
        let ran = world.line(&format!("member list {line}")).run().code(0);
        ran.stdout("")
            .stderr(&format!("no members\nhint: {hint}\n"));
    };
    none(
        "--user bop",
        "'bop' is not a member of any project; did you mean 'bob'?",
    );
    none(
        "ads --user alice",
        "'alice' is not a member of 'ads'; 'keyctl member list' shows the members",
    );
    world
        .line("member list nosuch --user bob")
        .run()
        .fails(3, "there is no project 'nosuch'");
}
