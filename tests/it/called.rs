//! The program under another name than its own: what it says names what can be run.

use crate::harness::World;

#[test]
fn help_and_its_examples_go_by_the_name_that_was_called() {
    let world = World::new();
    let help = |args: &[&str]| {
        let cmd = world.cmd(args.to_vec()).without_db();
        cmd.called("/usr/bin/api-keyctl").run().code(0).stdout
    };
    let own = help(&["--help"]);
    for line in [
        "Usage: api-keyctl [OPTIONS] <COMMAND>",
        "  help         Explain a command: api-keyctl help create",
        "  $ api-keyctl list",
        "  $ printf %s \"$TOKEN\" | api-keyctl verify --scope inference",
        "  ~/.local/share/keyctl/keyctl.db                      the store on Linux",
        "The keyctl in Linux's keyutils is a different program.",
    ] {
        assert!(own.lines().any(|shown| shown == line), "{line}: {own}");
    }
    let create = help(&["create", "--help"]);
    assert!(create.contains("$(api-keyctl create --scope inference --quiet)"));
    assert!(create.contains("Usage: api-keyctl create [OPTIONS]"));
    assert!(!create.contains(" keyctl "), "{create}");
}

#[test]
fn errors_and_hints_go_by_the_name_that_was_called() {
    let world = World::new();
    let ran = |args: &[&str]| world.cmd(args.to_vec()).called("api-keyctl").run();
    let none = ran(&["list"]).code(5).stderr;
    assert!(
        none.starts_with("api-keyctl: there is no store at "),
        "{none}"
    );
    assert!(
        none.contains("\nhint: 'api-keyctl init' makes one; "),
        "{none}"
    );
    let none = ran(&["list", "--format", "json"]).code(5).stderr;
    assert!(
        none.contains("\"hint\":\"'api-keyctl init' makes one; "),
        "{none}"
    );
    let bare = world.cmd([""; 0]).without_db().called("api-keyctl").run();
    let bare = bare.code(2).stderr;
    assert!(bare.contains("Usage: api-keyctl "), "{bare}");
}

#[test]
fn a_verdict_s_hint_and_the_doctor_s_go_by_the_name_that_was_called() {
    let world = World::quick();
    let token = world.create("--scope inference --name ci");
    let verify = world.line("verify --project search").stdin(&token);
    verify.called("kc").run().code(6).says(
        "hint: an administrator can add them: kc member add search alice --role collaborator",
    );
    world
        .sql()
        .execute(
            "UPDATE keys SET usable_until = 4102444800000, grace_from = 1",
            [],
        )
        .unwrap();
    let doctor = world.line("doctor").called("kc").run();
    assert!(
        doctor.stdout.contains("kc edit KEY --grace D"),
        "{doctor:?}"
    );
}

#[test]
fn what_is_no_name_is_not_repeated() {
    let world = World::new();
    for odd in ["", "\u{1b}[2J", "a b", "-x"] {
        let ran = world.cmd(["list"]).called(odd).run().code(5);
        assert!(ran.stderr.starts_with("keyctl: "), "{odd:?}: {ran:?}");
    }
}
