//! Names that cannot be told apart by sight: one Unicode form for what is new, nothing in it that does
//! not show, and what an older version has stored goes on working.

use super::World;
use crate::harness::{Cmd, Ran, id_of};
use keyctl::project::Role;
use serde_json::json;

const NFC: &str = "é";
const NFD: &str = "e\u{301}";

/// What shows nothing, each in a name that can be seen.
const UNSEEN: [&str; 16] = [
    "a\u{200b}",
    "a\u{2060}",
    "a\u{ad}",
    "a\u{34f}",
    "a\u{3164}",
    "a\u{2800}",
    "a\u{180e}",
    "a\u{fff9}",
    "a\u{feff}",
    "a\u{e0041}",
    "a\u{115f}",
    "a\u{a0}b",
    "a\u{2003}b",
    "a\u{200d}b",
    "a\u{200c}b",
    "a\u{fe0f}",
];

fn create<'w>(world: &'w World, more: &[&str]) -> Cmd<'w> {
    world.cmd([&["create", "--scope", "inference"], more].concat())
}

#[track_caller]
fn id(ran: Ran) -> String {
    id_of(ran.code(0).stdout.trim_end())
}

/// Renames the only project, which has one member, as an older version would have named it.
fn rename_project(world: &World, name: &str) {
    let old = world.members().remove(0);
    world.write(|tx| tx.remove_member(&old.project, &old.user));
    world.add_member(name, &old.user, old.role);
}

#[test]
fn what_does_not_show_is_refused_wherever_a_name_is_given() {
    let world = World::quick();
    world.create("--scope inference --name web");
    world
        .line("member add p alice --role owner")
        .user("carol")
        .run()
        .code(0);
    let before = world.rows();
    for bad in UNSEEN {
        let label = format!("team={bad}");
        for line in [
            &["create", "--scope", "inference", "--name", bad][..],
            &["create", "--scope", "inference", "--owner", bad],
            &["create", "--scope", "inference", "--label", &label],
            &["edit", "web", "--name", bad],
            &["edit", "web", "--label", &label],
            &["member", "add", bad, "alice", "--role", "owner"],
            &["member", "add", "p", bad, "--role", "owner"],
            &["admin", "add", bad],
        ] {
            let cmd = world.cmd(line.iter().copied()).user("carol").users(&[]);
            cmd.run()
                .fails(2, "")
                .says(" has an invisible character (U+")
                .says(
                    "\nhint: leave it out; the only blank that is allowed is the ordinary space\n",
                );
        }
    }
    assert_eq!(world.rows(), before);
    create(&world, &["--name", "a\u{200b}"]).run().fails(
        2,
        "the name 'a\u{200b}' has an invisible character (U+200B)\n",
    );
}

#[test]
fn what_joins_letters_or_pictures_is_taken() {
    let world = World::quick();
    for name in [
        "می\u{200c}خواهم",
        "क\u{94d}\u{200d}ष",
        "dev-👩\u{200d}💻",
        "🏳\u{fe0f}\u{200d}🌈",
        "❤\u{fe0f}",
        "1\u{fe0f}\u{20e3}",
        "ci deploy",
        "größe",
    ] {
        let made = id(create(&world, &["--name", name]).run());
        assert_eq!(world.record(&made)["name"], json!(name));
    }
}

#[test]
fn what_is_new_is_stored_in_nfc() {
    let world = World::quick();
    world.knows(NFC);
    let label = format!("team={NFD}");
    let made = create(&world, &["--name", NFD, "--owner", NFD, "--label", &label]);
    let made = id(made.user("carol").users(&[]).run());
    let record = world.record(&made);
    assert_eq!(
        (&record["name"], &record["owner"], &record["labels"]["team"]),
        (&json!(NFC), &json!(NFC), &json!(NFC))
    );
    for line in [
        ["member", "add", NFD, NFD, "--role", "owner"].as_slice(),
        &["admin", "add", NFD],
    ] {
        world
            .cmd(line.iter().copied())
            .user("carol")
            .users(&[])
            .run()
            .code(0);
    }
    let members = world.members();
    assert_eq!((&*members[0].project, &*members[0].user), (NFC, NFC));
    let admins = world.run("admin list").stdout;
    assert_eq!(admins, format!("carol\n{NFC}\n"));
    world
        .cmd(["edit", &made, "--name", "e\u{301}2"])
        .user("carol")
        .run()
        .code(0);
    assert_eq!(world.record(&made)["name"], json!("é2"));
}

#[test]
fn a_look_up_takes_the_other_form_where_there_is_none_of_the_exact_one() {
    let world = World::quick();
    world.knows(NFC);
    let (owned, label) = (format!("{NFD}/{NFD}"), format!("team={NFD}"));
    let made = create(
        &world,
        &[
            "--name",
            NFC,
            "--owner",
            NFC,
            "--label",
            &format!("team={NFC}"),
        ],
    );
    let made = id(made.user("carol").run());
    let member = ["member", "add", NFC, NFC, "--role", "owner"];
    world.cmd(member).user("carol").run().code(0);
    world.cmd(["admin", "add", NFC]).user("carol").run().code(0);
    for key in [NFD, owned.as_str()] {
        let shown = world.cmd(["show", key, "--format", "json"]).run().code(0);
        assert_eq!(shown.json()["id"], json!(made));
    }
    for filter in [["--owner", NFD], ["--project", NFD], ["--label", &label]] {
        let listed = world.cmd(["list", "--format", "ids"].iter().chain(&filter));
        assert_eq!(
            listed.run().code(0).stdout,
            format!("{made}\n"),
            "{filter:?}"
        );
    }
    let listed = world.cmd(["member", "list", NFD]).run().code(0);
    assert!(listed.stdout.contains(NFC), "{}", listed.stdout);
    world.cmd(["disable", &made]).user(NFC).run().code(0);
    let logged = world
        .cmd(["log", "--actor", NFD, "--format", "jsonl"])
        .run();
    assert_eq!(logged.code(0).stdout.lines().count(), 1);
    world.cmd(["enable", &made]).user(NFC).run().code(0);
    let carol = |args: &[&str]| world.cmd(args.iter().copied()).user("carol").run().code(0);
    carol(&["disable", "--owner", NFD]).says(&format!("disabled {made} ({NFC})\n"));
    carol(&["enable", NFD]).says(&format!("enabled {made} ({NFC})\n"));
    carol(&["purge", "--owner", NFD, "--all", "--yes"]).stderr("purged 1 key\n");
    carol(&["member", "remove", NFD, NFD]);
    carol(&["admin", "remove", NFD]);
    assert_eq!(world.members(), []);
}

#[test]
fn verify_takes_a_project_in_either_form() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    world
        .cmd(["member", "add", NFC, "alice", "--role", "owner"])
        .user("carol")
        .run()
        .code(0);
    for project in [NFC, NFD] {
        assert_eq!(
            world.verify(&token, &format!("--project {project}")),
            0,
            "{project}"
        );
    }
    rename_project(&world, NFD);
    for project in [NFC, NFD] {
        assert_eq!(
            world.verify(&token, &format!("--project {project}")),
            0,
            "{project}"
        );
    }
    assert_eq!(world.verify(&token, "--project è"), 6);
}

#[test]
fn verify_keeps_two_projects_apart_whose_names_look_the_same() {
    let world = World::quick();
    let token = world.create("--scope inference --name web");
    for (theirs, ours) in [(NFC, NFD), (NFD, NFC)] {
        for member in world.members() {
            world.write(|tx| tx.remove_member(&member.project, &member.user));
        }
        world.add_member(theirs, "bob", Role::Owner);
        world.add_member(ours, "alice", Role::Owner);
        assert_eq!(world.verify(&token, &format!("--project {ours}")), 0);
        assert_eq!(world.verify(&token, &format!("--project {theirs}")), 6);
    }
}

#[test]
fn what_is_stored_in_both_forms_is_found_by_each_exactly() {
    let world = World::quick();
    let (one, other) = (
        world.create("--scope inference --name one"),
        world.create("--scope inference --name other"),
    );
    let (one, other) = (id_of(&one), id_of(&other));
    world.alter(&one, |key| key.name = NFC.to_owned());
    world.alter(&other, |key| key.name = NFD.to_owned());
    for (name, id) in [(NFC, &one), (NFD, &other)] {
        let shown = world.cmd(["show", name, "--format", "json"]).run().code(0);
        assert_eq!(shown.json()["id"], json!(id));
        world
            .cmd(["disable", name])
            .run()
            .code(0)
            .says(&format!("disabled {id} ("));
        world.cmd(["enable", name]).run().code(0);
    }
    // A successor keeps the name as it is.
    let rotated = id(world.cmd(["rotate", &other]).run());
    assert_eq!(world.record(&rotated)["name"], json!(NFD));
    world.cmd(["edit", &rotated, "--name", NFC]).run().fails(
        4,
        &format!("'alice' already has a live key named '{NFC}': {one} (active)\n"),
    );
    world
        .cmd(["edit", &rotated, "--name", "apart"])
        .run()
        .code(0);
}

#[test]
fn a_new_name_that_looks_like_one_of_an_older_version_is_taken() {
    let world = World::quick();
    let old = id_of(&world.create("--scope inference --name web"));
    world.alter(&old, |key| key.name = NFD.to_owned());
    for name in [NFC, NFD] {
        create(&world, &["--name", name]).run().fails(
            4,
            &format!("'alice' already has a live key named '{NFD}': {old} (active)\n"),
        );
    }
    // It may be brought into the usual form itself.
    world.cmd(["edit", &old, "--name", NFC]).run().code(0);
    assert_eq!(world.record(&old)["name"], json!(NFC));
}

#[test]
fn a_user_who_is_known_in_another_form_gets_no_second_one() {
    // On a server its roles are the users: `doctor_notes_the_owners_that_are_no_role_of_the_server`.
    if !World::is_a_file() {
        return;
    }
    let world = World::quick();
    let old = id_of(&world.create("--scope inference --name web"));
    world.alter(&old, |key| key.owner = NFD.to_owned());
    // By the form that the store has, and by the one that the system has.
    for (users, owner, stored) in [(&[][..], NFC, NFD), (&["o\u{308}"], "ö", "o\u{308}")] {
        let made = create(&world, &["--name", "new", "--owner", owner]);
        let made = id(made.user("carol").users(users).run());
        assert_eq!(world.record(&made)["owner"], json!(stored));
    }
    // Whose own name the system has in another form goes by that.
    let own = id(create(&world, &[]).user("u\u{308}").run());
    assert_eq!(world.record(&own)["owner"], json!("u\u{308}"));
    let name = world.record(&own)["name"].clone();
    assert!(name.as_str().unwrap().starts_with("kc-apikey-ü-"), "{name}");
    world.cmd(["disable", &own]).user("u\u{308}").run().code(0);
    assert_eq!(world.record(&old)["owner"], json!(NFD));
}

#[test]
fn a_store_with_older_names_works_is_noted_and_can_be_copied() {
    let world = World::quick();
    let token = world.create("--scope inference --name web --label team=x");
    let id = id_of(&token);
    world
        .line("member add p alice --role owner")
        .user("carol")
        .run()
        .code(0);
    let odd = "a\u{200b}";
    world.alter(&id, |key| {
        key.name = odd.to_owned();
        key.labels.insert("team".to_owned(), odd.to_owned());
    });
    rename_project(&world, odd);
    let doctor = |code: u8| world.line("doctor").user("carol").run().code(code).stdout;
    let report = doctor(0);
    assert!(report.contains(&format!("note: a name, owner or label that may look like another (Unicode that does not show, or another form than NFC): 1 key ({id})\n")), "{report}");
    assert!(
        report.contains("or another form than NFC): 1 ('a\\u{200b}')\n"),
        "{report}"
    );
    assert_eq!(world.verify(&token, &format!("--project {odd}")), 0);
    world.cmd(["show", odd]).run().code(0);
    let listed = world.cmd(["list", "--format", "ids", "--label", &format!("team={odd}")]);
    assert_eq!(listed.run().stdout, format!("{id}\n"));
    let copy = world.path("copy.db");
    let backup = world.cmd(["backup", copy.to_str().unwrap()]);
    backup.user("carol").run().code(0);
    // A restore on a server is for its owner, and leaves no file.
    if !World::is_a_file() {
        return;
    }
    world
        .cmd(["restore", copy.to_str().unwrap(), "--yes"])
        .user("carol")
        .run()
        .code(0);
    assert_eq!(
        doctor(0).matches("note: ").count(),
        report.matches("note: ").count() + 1
    );
    world.cmd(["rotate", odd]).run().code(0);
    world.cmd(["disable", odd]).run().code(0);
    world.cmd(["edit", odd, "--label", "team=y"]).run().code(0);
    let member = ["member", "remove", odd, "alice"];
    world.cmd(member).user("carol").run().code(0);
}
