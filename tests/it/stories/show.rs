//! `keyctl show`

use super::World;
use crate::harness::{Cmd, alice, id_of};
use keyctl::event::{Action, Event};
use keyctl::when::Timestamp;
use serde_json::{Value, json};

fn show<'w>(world: &'w World, line: &str) -> Cmd<'w> {
    world.cmd(["show"].into_iter().chain(line.split_whitespace()))
}

#[track_caller]
fn text(world: &World, line: &str) -> String {
    show(world, line).run().code(0).stderr("").stdout
}

#[test]
fn text_has_all_that_is_known_with_times_absolute_and_relative() {
    let world = World::own();
    let token = world.create(
        "--scope inference,project --name ci --expires 90d --label team=search --label env=prod --owner bob",
    );
    let id = id_of(&token);
    world.advance("3h");
    assert_eq!(
        text(&world, "ci"),
        format!(
            "ID         {id}\n\
             Name       ci\n\
             Owner      bob\n\
             Kind       api\n\
             State      active\n\
             Usable     yes\n\
             Scopes     inference project\n\
             Labels     env=prod team=search\n\
             Created    2026-11-22T00:00:00Z (3h ago) by alice\n\
             Expires    2027-02-20T00:00:00Z (in 90d)\n\
             Last used  no use recorded\n\
             \n\
             Last events\n  \
             2026-11-22T00:00:00Z (3h ago)  create by alice\n"
        )
    );
    assert_eq!(world.verify(&token, ""), 0);
    world.advance("1m");
    assert!(text(&world, "ci").contains("\nLast used  2026-11-22T03:00:00Z (60s ago)\n"));
}

#[test]
fn an_event_has_the_reason_that_was_given() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name ci"));
    let disable = ["disable", "ci", "-m", "on leave until May"];
    world.cmd(disable).run().code(0);
    let events = text(&world, &id);
    assert!(
        events.contains("(now)  disable by alice: on leave until May\n"),
        "{events}"
    );
    // Somebody else may have written what is there.
    let long = format!("\u{1b}[2J{}", "x".repeat(200));
    let event = Event::new(world.now(), &alice(), Action::Disable, id.parse().ok());
    world.append(&alice(), [event.because(Some(&long))]);
    let events = text(&world, &id);
    let cut = format!(" by alice: \\u{{1b}}[2J{}…\n", "x".repeat(76));
    assert!(events.contains(&cut), "{events}");
}

#[test]
fn a_key_deleted_in_its_grace_did_not_stop_at_its_end() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name ci"));
    world.run("rotate ci --grace 24h");
    world.run(&format!("delete {id} --yes"));
    for _ in 0..2 {
        let shown = text(&world, &id);
        assert!(shown.contains("\nDeleted "), "{shown}");
        assert!(!shown.contains("Phased out"), "{shown}");
        world.advance("2d");
    }
}

#[test]
fn text_shows_both_ends_of_a_rotation() {
    let world = World::own();
    let old = id_of(&world.create("--scope inference --name ci"));
    let rotated = world.run("rotate ci --grace 1h");
    let new = id_of(rotated.stdout.trim_end());
    let shown = text(&world, &old);
    for line in [
        "\nState        phased-out\n",
        "\nUsable       yes, until its grace ends\n",
        "\nPhased out   works until 2026-11-22T01:00:00Z (in 60m)\n",
        &format!("\nReplaced by  {new}\n"),
    ] {
        assert!(shown.contains(line), "{line:?} is not in\n{shown}");
    }
    let shown = text(&world, "ci");
    let works = "which works until 2026-11-22T01:00:00Z (in 60m), no use recorded";
    assert!(
        shown.contains(&format!("\nReplaces   {old}, {works}\n")),
        "{shown}"
    );
    assert!(shown.contains("\nState      active\n"), "{shown}");
    world.advance("1h");
    let shown = text(&world, &old);
    assert!(shown.contains("\nUsable       no\n"), "{shown}");
    // Lineage may name a record that is gone.
    world.run("purge --yes");
    assert!(text(&world, "ci").contains(&format!("\nReplaces   {old}\n")));
    show(&world, &old)
        .run()
        .fails(3, &format!("there is no key {old}"));
}

#[test]
fn text_shows_who_disabled_a_key_and_when_it_was_deleted() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name ci"));
    world.run("disable ci");
    world.advance("2d");
    let shown = text(&world, "ci");
    for line in [
        "\nState      disabled\n",
        "\nUsable     no\n",
        "\nDisabled   2026-11-22T00:00:00Z (2d ago) by alice\n",
    ] {
        assert!(shown.contains(line), "{line:?} is not in\n{shown}");
    }
    world.run("delete ci --yes");
    let shown = text(&world, &id);
    assert!(shown.contains("\nState      deleted\n"), "{shown}");
    assert!(
        shown.contains("\nDeleted    2026-11-24T00:00:00Z (now)\n"),
        "{shown}"
    );
    // A tombstone has no name any more: only its ID leads to it.
    show(&world, "ci")
        .run()
        .fails(3, "the key 'ci' was deleted at ");
}

#[test]
fn the_last_five_events_are_shown_the_newest_first() {
    let world = World::own();
    world.create("--scope inference --name ci");
    world.create("--scope inference --name other");
    for _ in 0..3 {
        world.advance("1m");
        world.run("disable ci");
        world.run("enable ci");
    }
    let shown = text(&world, "ci");
    let (_, events) = shown.split_once("\nLast events\n").unwrap();
    assert_eq!(
        events,
        "  2026-11-22T00:03:00Z (now)  enable by alice\n  \
           2026-11-22T00:03:00Z (now)  disable by alice\n  \
           2026-11-22T00:02:00Z (60s ago)  enable by alice\n  \
           2026-11-22T00:02:00Z (60s ago)  disable by alice\n  \
           2026-11-22T00:01:00Z (2m ago)  enable by alice\n  \
           2 more: keyctl log --key ID\n"
            .replace("ID", world.record("ci")["id"].as_str().unwrap())
    );
    let shown = text(&world, "other");
    assert!(!shown.contains(" more: "), "{shown}");
}

#[test]
fn show_says_what_each_event_changed() {
    let world = World::own();
    let old = id_of(&world.create("--scope inference --name ci --expires 90d"));
    let edit = "edit ci --add-scope project --expires 30d --label team=search --name site -m more";
    world.run(edit);
    world.run("edit site --allow-from 10.0.0.0/8,192.0.2.1");
    let new = id_of(world.run("rotate site --grace 1h").stdout.trim_end());
    world.run(&format!("edit {old} --grace 0s"));
    let shown = text(&world, &old);
    let (_, events) = shown.split_once("\nLast events\n").unwrap();
    assert_eq!(
        events.replace("2026-11-22T00:00:00Z (now)", "NOW"),
        format!(
            "  NOW  edit by alice\n\
             \x20   usable_until: 2026-11-22T01:00:00Z → 2026-11-22T00:00:00Z\n\
             \x20 NOW  rotate by alice\n\
             \x20   replaced_by: {new}\n\
             \x20   usable_until: 2026-11-22T01:00:00Z\n\
             \x20 NOW  edit by alice\n\
             \x20   allow_from: anywhere → 10.0.0.0/8,192.0.2.1/32\n\
             \x20 NOW  edit by alice: more\n\
             \x20   expires_at: 2027-02-20T00:00:00Z → 2026-12-22T00:00:00Z\n\
             \x20   labels: none → team=search\n\
             \x20   name: ci → site\n\
             \x20   scopes: inference → inference,project\n\
             \x20 NOW  create by alice\n"
        )
    );
    let shown = text(&world, "site");
    assert!(
        shown.ends_with(&format!(" create by alice\n    replaces: {old}\n")),
        "{shown}"
    );
}

#[test]
fn show_says_what_was_refused_and_cuts_and_escapes_what_an_event_changed() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --name ci"));
    let line = format!("edit {id} --name mine");
    world.line(&line).user("mallory").run().code(4);
    let shown = text(&world, &id);
    assert!(
        shown.contains(" refuse by mallory\n    message: 'mallory' may not"),
        "{shown}"
    );
    let long = format!("\u{1b}[2J{}", "x".repeat(200));
    let event = Event::new(world.now(), &alice(), Action::Edit, id.parse().ok());
    world.append(
        &alice(),
        [event.with("name", json!({"old": long, "new": "ci"}))],
    );
    let shown = text(&world, &id);
    let cut = format!("\n    name: \\u{{1b}}[2J{}… → ci\n", "x".repeat(76));
    assert!(shown.contains(&cut), "{shown}");
}

#[test]
fn json_is_the_record_in_its_order() {
    let world = World::own();
    let old = id_of(&world.create("--scope project --name ci --expires 90d --label a=1"));
    let rotated = world.run("rotate ci --grace 1h --expires 30d");
    let new = id_of(rotated.stdout.trim_end());
    world.advance("1m");
    world.run(&format!("disable {old}"));
    world.run(&format!("delete {old} --yes"));
    show(&world, &format!("{old} --format json")).run().code(0).stderr("").stdout(&format!(
        "{{\"id\":\"{old}\",\"name\":\"ci\",\"owner\":\"alice\",\"kind\":\"api\",\"state\":\"deleted\",\"usable\":false,\
         \"scopes\":[\"project\"],\"labels\":{{\"a\":\"1\"}},\"allow_from\":[],\"imported\":false,\
         \"created_at\":\"2026-11-22T00:00:00Z\",\"created_by\":\"alice\",\"expires_at\":\"2027-02-20T00:00:00Z\",\
         \"first_used_at\":null,\"last_used_at\":null,\"usable_until\":\"2026-11-22T00:01:00Z\",\"disabled_at\":\"2026-11-22T00:01:00Z\",\
         \"deleted_at\":\"2026-11-22T00:01:00Z\",\"replaces\":null,\"replaced_by\":\"{new}\"}}\n"
    ));
    let record = world.record(&new);
    assert_eq!(record["replaces"], old);
    assert_eq!(record["replaced_by"], Value::Null);
}

#[test]
fn times_in_json_are_whole_seconds() {
    let world = World::own();
    world.advance_millis(1999);
    let id = id_of(&world.create("--scope inference --expires 1s"));
    let record = world.record(&id);
    assert_eq!(record["created_at"], "2026-11-22T00:00:01Z");
    assert_eq!(record["expires_at"], "2026-11-22T00:00:02Z");
    // What is written short is still kept to the millisecond.
    world.advance_millis(999);
    assert_eq!(world.record(&id)["usable"], true);
    world.advance_millis(1);
    assert_eq!(world.record(&id)["usable"], false);
}

#[test]
fn a_leaked_token_is_looked_up_from_stdin() {
    let world = World::own();
    let token = world.create("--scope inference --name ci");
    let id = id_of(&token);
    let shown = text(&world, "ci");
    for presented in [
        format!("{token}\n"),
        format!("  Bearer {token}\r\n"),
        format!("{id}\n"),
        "ci".to_owned(),
    ] {
        let note = match presented.contains(&token) {
            true => {
                "note: only the ID in the token was looked up; 'keyctl verify' checks its secret\n"
            }
            false => "",
        };
        let ran = show(&world, "-")
            .stdin(&presented)
            .run()
            .code(0)
            .stderr(note)
            .stdout(&shown);
        assert!(!ran.stdout.contains(&token[16..]));
    }
    // Nothing is verified: the ID alone tells which key it is, even of one that is deleted.
    world.run("delete ci --yes");
    let ran = show(&world, "- --format json").stdin(&token).run().code(0);
    assert_eq!(
        (&ran.json()["id"], &ran.json()["state"]),
        (&id.into(), &"deleted".into())
    );
}

#[test]
fn stdin_must_hold_one_key() {
    let world = World::own();
    let token = world.create("--scope inference --name ci");
    show(&world, "-").stdin("").run().fails(
        2,
        "standard input has no KEY\nhint: give a key ID, a name or a token on each line\n",
    );
    show(&world, "-")
        .stdin("\n \n")
        .run()
        .fails(2, "standard input has no KEY");
    show(&world, "-").stdin("ci\nci\n").run().fails(
        2,
        "standard input has 2 KEYs\nhint: this command takes one\n",
    );
    let cut = &token[..60];
    let ran = show(&world, "-").stdin(cut).run().fails(
        2,
        &format!("the token kc_{}_… on standard input is mistyped, cut short or inside other text\nhint: give its key ID instead\n", id_of(&token)),
    );
    assert!(!ran.stderr.contains(&token[16..32]));
    show(&world, "-").stdin([0xff, 0xfe]).run().fails(
        2,
        "the KEY '\u{fffd}\u{fffd}' on standard input is not UTF-8",
    );
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let world = World::own();
    let id = id_of(&world.create("--scope inference --label note=x"));
    let hostile = "a\u{1b}]0;x\u{7}\nb\u{202e}".to_owned();
    let escaped = "a\\u{1b}]0;x\\u{7}\\u{a}b\\u{202e}";
    world.alter(&id, |key| {
        key.name.clone_from(&hostile);
        key.owner.clone_from(&hostile);
        key.created_by.clone_from(&hostile);
        key.disabled_at = Timestamp::from_millis(0);
        key.disabled_by = Some(hostile.clone());
        key.labels.insert("note".to_owned(), hostile.clone());
    });
    world.append_by(&hostile, Action::Edit, Some(&id));
    let shown = text(&world, &id);
    assert_eq!(shown.matches(escaped).count(), 6, "{shown}");
    assert!(
        !shown.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')),
        "{shown:?}"
    );
    assert_eq!(world.record(&id)["name"], hostile);
}

#[test]
fn a_page_fits_its_terminal_and_cuts_no_id() {
    let world = World::own();
    let name = "n".repeat(128);
    let args = [
        "create",
        "--scope=inference,project",
        "--name",
        &name,
        "--label",
        "note=a long note on what this key is for",
    ];
    let id = id_of(world.cmd(args).run().code(0).stdout.trim_end());
    let rotated = world.run(&format!("rotate {id} --grace 1h"));
    let successor = id_of(rotated.stdout.trim_end());
    for width in 40..=160 {
        let page = show(&world, &format!("{id} --color never"))
            .terminal(width)
            .run()
            .code(0)
            .stdout;
        let (table, _) = page.split_once("\nLast events\n").unwrap();
        let longest = table.lines().map(str::len).max().unwrap();
        assert!(
            longest <= usize::from(width),
            "{longest} of {width} columns:\n{page}"
        );
        for id in [&id, &successor] {
            assert!(page.contains(id.as_str()), "at {width} columns:\n{page}");
        }
    }
}

#[test]
fn a_terminal_gets_the_state_in_colour_unless_told_otherwise() {
    let world = World::own();
    world.create("--scope inference --name ci");
    let colored = |cmd: Cmd<'_>| cmd.run().code(0).stdout.contains('\u{1b}');
    assert!(colored(show(&world, "ci").terminal(80)));
    assert!(colored(show(&world, "ci --color always")));
    assert!(!colored(show(&world, "ci")));
    assert!(!colored(
        show(&world, "ci").terminal(80).var("NO_COLOR", "1")
    ));
    assert!(!colored(show(&world, "ci --color never").terminal(80)));
    assert!(!colored(
        show(&world, "ci --format json --color always").terminal(80)
    ));
}

#[test]
fn shows_to_everyone_and_writes_nothing() {
    let world = World::own();
    world.create("--scope inference --name ci");
    show(&world, "alice/ci").user("mallory").run().code(0);
    assert_eq!(world.log(), ["init", "create"]);
}
