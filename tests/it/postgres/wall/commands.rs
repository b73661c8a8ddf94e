//! Commands of users who are no administrators: the rules of the server refuse nothing that the program allows.

use super::fixture::{HOUR, Row, Wall, now};
use crate::exe::harness::{Site, finish, run, until};
use crate::harness::Ran;
use std::fs;

/// Runs the program as users of one store.
struct Program<'a> {
    wall: &'a Wall,
    site: Site,
}

impl Program<'_> {
    /// Runs a command line, split at blanks, as `user`. A new token is written to the file `token`.
    fn run(&self, user: &str, line: &str) -> Ran {
        let token = self.site.path("token");
        let _ = fs::remove_file(&token);
        let mut command = self.site.bare(line);
        if line.starts_with("create") || (line.starts_with("rotate") && !line.contains("--undo")) {
            // Before a command, which takes the rest of the line.
            command = self
                .site
                .bare(&line.replacen(' ', &format!(" {} ", self.file(line)), 1));
        }
        run(command.env("KEYCTL_DB", self.wall.database.url(user)))
    }

    fn file(&self, line: &str) -> String {
        match line.contains("--exec") {
            true => String::new(),
            false => format!("--secret-file {}", self.site.path("token").display()),
        }
    }

    /// Requires that each command line ends with exit code 0.
    #[track_caller]
    fn pass(&self, user: &str, lines: &[&str]) {
        for line in lines {
            let ran = self.run(user, line);
            assert_eq!(ran.code, 0, "{user}: {line}: {}", ran.stderr);
        }
    }

    /// Requires that a command line ends with this exit code.
    #[track_caller]
    fn end(&self, user: &str, line: &str, code: u8) {
        let ran = self.run(user, line);
        assert_eq!(ran.code, code, "{user}: {line}: {}", ran.stderr);
    }
}

#[test]
fn what_the_commands_of_an_operator_do_the_server_lets_them_do() {
    let Some(wall) = Wall::new() else { return };
    let program = Program {
        wall: &wall,
        site: Site::new(),
    };
    program.pass(
        "anna",
        &[
            "create --scope inference --name a --label team=search --allow-from 10.0.0.0/8,2001:db8::/32",
            "rotate a --grace 1d",
            "rotate a --undo --yes",
            "rotate a --grace 90d",
            "edit a --name b --add-scope project --label x=y --remove-label team --allow-from any --expires 30d",
            "disable b",
            "enable b",
            "rotate b --expires 20d",
            "delete b --yes",
            "create --scope inference --name c --count 2",
            "create --scope inference --name d --exec cat",
            "rotate d --grace 1h --exec cat",
        ],
    );
    program.end("anna", "create --scope inference --name e --exec false", 5);
    program.end("anna", "rotate d --grace 1h --exec false", 5);
    // The old keys: one grace is moved, ended, and ended by a disable, before and after its end.
    let old = |id: &str| wall.given(&Row::new(id, "anna").rotated("000000000009"));
    for id in ["000000000001", "000000000002", "000000000003"] {
        old(id);
    }
    wall.past_triggers(&format!(
        "UPDATE keyctl.keys SET usable_until = {} WHERE id = '000000000003'",
        now(-HOUR / 2)
    ));
    program.pass(
        "anna",
        &[
            "edit 000000000001 --grace 2d",
            "edit 000000000001 --grace 0s",
            "disable 000000000002",
            "enable 000000000002",
            "disable 000000000003",
            "enable 000000000003",
            "delete 000000000001 --yes",
        ],
    );
    wall.given(
        &Row::new("000000000004", "anna")
            .with("name", "'f'")
            .with("expires_at", now(-HOUR)),
    );
    wall.given(&Row::legacy("000000000005", "anna"));
    program.pass(
        "anna",
        &[
            "create --scope inference --name f --replace-expired",
            "edit 000000000005 --name legacy --label a=b --allow-from ::/0",
            "disable legacy",
            "enable legacy",
            "purge --owner anna --yes",
            "purge --owner anna --all --yes",
            "log --check",
        ],
    );
    let left = wall.database.admin("SELECT name FROM keyctl.keys");
    assert_eq!(left, [[Some("legacy".to_owned())]]);
}

#[test]
fn what_the_commands_of_an_administrator_do_the_server_lets_them_do() {
    let Some(wall) = Wall::new() else { return };
    let program = Program {
        wall: &wall,
        site: Site::new(),
    };
    program.pass(
        "ada",
        &[
            "create --kind legacy --name a --owner anna",
            "rotate anna/a --grace 1h",
            "rotate anna/a --undo --yes",
            "rotate anna/a",
            "scope add train --implies inference",
            "policy set self-service off",
            "policy set max-expiry 10d",
            "create --scope train --name b --owner anna",
            "member add search anna --role owner",
        ],
    );
    program.end("ada", "create --kind legacy --name c --exec false", 5);
    program.end("ada", "rotate anna/a --grace 1h --exec false", 5);
    program.end("anna", "create --scope inference --name d", 4);
    program.end("ada", "scope remove train", 4);
    program.pass(
        "anna",
        &[
            "rotate b",
            "edit b --scope inference --expires 9d",
            "member add search bob --role collaborator",
            "member remove search bob",
        ],
    );
    program.pass(
        "ada",
        &[
            "disable anna/b",
            "enable anna/b",
            "edit anna/b --owner bob",
            "delete bob/b --yes",
            "purge --owner anna --all --yes",
            "scope remove train",
            "log --check",
        ],
    );
}

#[test]
fn create_prints_no_token_if_the_policy_of_its_hash_is_changed_meanwhile() {
    let Some(wall) = Wall::new() else { return };
    let site = Site::new();
    let mut create = site.bare("create --scope inference --name a");
    create.env("KEYCTL_DB", wall.database.url("anna"));
    let mut ada = wall.database.connect("ada").unwrap();
    ada.batch_execute(
        "BEGIN; INSERT INTO keyctl.policy VALUES ('hash', 'sha256');
         SELECT keyctl.append(keyctl.clock(), 'policy', NULL, '{}')",
    )
    .unwrap();
    let child = create.spawn().unwrap();
    let waits = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until("create waits for the log", || {
        !wall.database.admin(waits).is_empty()
    });
    ada.batch_execute("COMMIT").unwrap();
    let ran = finish(child)
        .code(4)
        .says("is not hashed as policy says now");
    assert_eq!(ran.stdout, "");
    let ran = run(&mut create).code(0);
    assert_eq!(ran.stdout.lines().count(), 1);
}

#[test]
fn a_change_by_a_clock_that_is_more_than_a_minute_off_says_so() {
    let Some(wall) = Wall::alone() else { return };
    wall.database.admin(
        "CREATE OR REPLACE FUNCTION keyctl.clock() RETURNS bigint LANGUAGE sql VOLATILE
             RETURN floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint + 120000",
    );
    let program = Program {
        wall: &wall,
        site: Site::new(),
    };
    let ran = program.run("ada", "policy set hash sha256").code(5);
    ran.says("refused the change: the time of an event is more than a minute off")
        .says("hint: compare the clock of this host with that of the server");
}
