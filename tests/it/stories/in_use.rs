//! `keyctl rotate` without a grace period, of a key that is in use.

use super::World;
use crate::harness::{Cmd, id_of};
use std::io::ErrorKind;

const WARNING: &str = "warning: ";

/// What there is before a rotation.
type Prepare<'f> = &'f dyn Fn(&World);

/// A token of a key `web` that was last used five minutes ago.
fn used(world: &World) -> String {
    let token = world.create("--scope inference --name web");
    assert_eq!(world.verify(&token, ""), 0);
    world.advance("5m");
    token
}

fn at_terminal<'w>(world: &'w World, line: &str) -> Cmd<'w> {
    world.line(line).terminal(80)
}

#[test]
fn rotate_at_a_terminal_asks_before_it_stops_a_key_in_use() {
    let world = World::quick();
    let token = used(&world);
    let id = id_of(&token);
    let before = world.rows();
    let question = format!(
        "{id} (web) was last used 5m ago; without a grace period its token stops now, and whatever uses it will fail\n\
         hint: to let it work for another day: keyctl rotate {id} --grace 1d\n"
    );
    let no = at_terminal(&world, "rotate web").answer("n").run();
    assert_eq!(no.asked, "Rotate it without a grace period? [y/N] \n");
    no.fails(4, "not confirmed: nothing was changed\n")
        .says(&question);
    let interrupted = at_terminal(&world, "rotate web").prompt_fails(ErrorKind::Interrupted);
    interrupted.run().code(130).stdout("");
    assert_eq!(world.rows(), before);
    assert_eq!(world.verify(&token, "--no-touch"), 0);

    let yes = at_terminal(&world, "rotate web").answer("y").run().code(0);
    assert!(!yes.stderr.contains(WARNING), "{yes:#?}");
    assert_eq!(world.verify(&token, "--no-touch"), 1);
    assert_eq!(world.verify(yes.stdout.trim_end(), ""), 0);
}

#[test]
fn rotate_elsewhere_warns_that_it_stopped_a_key_in_use() {
    let world = World::quick();
    let id = id_of(&used(&world));
    let ran = world.run("rotate web --quiet");
    ran.stderr(&format!(
        "warning: {id}, last used 5m ago, has stopped working: whatever uses its token will fail\n\
         hint: with --grace 1d both tokens work for a day; \
         --grace 0s stops the old one without this warning\n"
    ));
}

#[test]
fn rotate_neither_asks_nor_warns_where_the_command_line_says_what_shall_be() {
    for flags in ["--yes", "--grace 0s", "--grace 1h"] {
        let world = World::quick();
        used(&world);
        for terminal in [true, false] {
            let line = format!("rotate web {flags}");
            let ran = match terminal {
                true => at_terminal(&world, &line).run().code(0),
                false => world.run(&line),
            };
            assert_eq!(ran.asked, "", "{flags}");
            assert!(!ran.stderr.contains(WARNING), "{ran:#?}");
            assert_eq!(world.verify(ran.stdout.trim_end(), ""), 0);
        }
    }
}

#[test]
fn rotate_neither_asks_nor_warns_of_a_key_that_is_not_in_use_or_has_a_grace() {
    let unused = |world: &World| drop(world.create("--scope inference --name web"));
    let a_day_ago = |world: &World| {
        used(world);
        world.advance_millis(24 * 3_600_000 - 300_000);
    };
    let expired = |world: &World| {
        used(world);
        world.run("edit web --expires 1h");
        world.advance("1h");
    };
    let with_default = |world: &World| {
        used(world);
        world.policy("default-grace", "1h");
    };
    let worlds: [(&str, Prepare<'_>); 4] = [
        ("unused", &unused),
        ("a day ago", &a_day_ago),
        ("expired", &expired),
        ("default-grace", &with_default),
    ];
    for (what, prepare) in worlds {
        for terminal in [true, false] {
            let world = World::quick();
            prepare(&world);
            let ran = match terminal {
                true => at_terminal(&world, "rotate web").run().code(0),
                false => world.run("rotate web"),
            };
            assert_eq!(ran.asked, "", "{what}");
            assert!(!ran.stderr.contains(WARNING), "{what}: {ran:#?}");
        }
    }
}

#[test]
fn rotate_asks_of_a_key_last_used_just_within_a_day() {
    let world = World::quick();
    used(&world);
    world.advance_millis(24 * 3_600_000 - 300_001);
    let ran = at_terminal(&world, "rotate web").answer("y").run().code(0);
    ran.says("was last used 24h ago;");
}

#[test]
fn rotate_of_an_imported_key_that_was_not_used_here_asks_or_warns() {
    let world = World::own();
    let text = "name,token\nweb,sk-Zq8mT3vXw1Lr7KpYb2Nc\n";
    let ran = world.line("import - --scope inference").stdin(text).run();
    let id = ran.code(0).stdout.trim_end().to_owned();
    let no = at_terminal(&world, "rotate web").answer("n").run();
    no.fails(4, "not confirmed: nothing was changed\n")
        .says(&format!("{id} (web) was imported, and perhaps in use; "));
    let warning = format!("warning: {id}, imported, and perhaps in use, has stopped working: ");
    world.run("rotate web").says(&warning);
    // The new key's token is one of ours.
    let second = world.run("rotate web");
    assert!(!second.stderr.contains(WARNING), "{second:#?}");
}
