//! Users who come and go: another owner, keys chosen by owner and label, owners whom the system does not know.

use super::harness::{Site, run, run_with};

/// A user whom no system has.
const NOBODY: &str = "no-such-user-4711";

#[test]
fn edit_gives_every_key_that_a_list_prints_to_another_owner() {
    const KEYS: usize = 300;
    let site = Site::new();
    let token = site.create();
    site.sql()
        .execute_batch(&format!(
            "BEGIN; WITH RECURSIVE up(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM up WHERE n < {KEYS})
             INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by, expires_at, scopes, labels)
             SELECT printf('%012d', n), 'key-' || n, owner, kind, hash, created_at, created_by, expires_at,
                 scopes, json_object('team', iif(n % 2, 'search', 'ads'))
             FROM keys, up;
             INSERT INTO key_scopes SELECT 'inference', seq FROM keys WHERE seq > 1; COMMIT"
        ))
        .unwrap();
    let give = |options: &str| {
        let script = format!(
            "keyctl list --label team=search --format ids | keyctl edit - --owner {NOBODY} {options}"
        );
        run(&mut site.sh(&script)).code(0)
    };
    let given = || {
        site.number(&format!(
            "SELECT count(*) FROM keys WHERE owner = '{NOBODY}'"
        ))
    };
    let half = (KEYS / 2 - 1) as i64;
    let shown = give("--dry-run");
    assert_eq!(shown.stdout.matches("would change ").count() as i64, half);
    assert_eq!(given(), 0);
    give("").says(&format!("changed {half} keys\n"));
    assert_eq!(given(), half);
    assert_eq!(
        site.number("SELECT count(*) FROM events WHERE action = 'edit'"),
        half
    );
    site.log_is_whole(half + 2);
    assert_eq!(site.verify(token), 0);
}

#[test]
fn disable_enable_and_delete_choose_keys_by_label() {
    let site = Site::new();
    let tokens = ["search", "search", "ads"].map(|team| {
        let line = format!("create --scope inference --label team={team}");
        site.run(&line).stdout.trim_end().to_owned()
    });
    let codes = || tokens.each_ref().map(|token| site.verify(token));
    let listed = site.run("list --label team=search --format ids").stdout;
    let shown = site.run("disable --label team=search --dry-run --format ids");
    assert_eq!(shown.stdout, listed);
    assert_eq!(codes(), [0, 0, 0]);
    site.run("disable --label team=search -m audit");
    assert_eq!(codes(), [1, 1, 0]);
    let enable = "enable --label team=search";
    run(&mut site.cmd(enable)).fails(4, "enable needs confirmation, and this is not a terminal\n");
    assert_eq!(
        site.run(&format!("{enable} --dry-run --format ids")).stdout,
        listed
    );
    assert_eq!(codes(), [1, 1, 0]);
    site.run(&format!("{enable} --yes"));
    assert_eq!(codes(), [0, 0, 0]);
    assert_eq!(
        site.run("delete --label team --dry-run --format ids")
            .stdout
            .lines()
            .count(),
        3
    );
    site.run("delete --label team=search --yes");
    assert_eq!(codes(), [1, 1, 0]);
    run(&mut site.cmd("delete --label team=none --yes")).fails(3, "there is no key with the label");
    let ran = run_with(&mut site.cmd("disable - --dry-run"), &tokens[2]);
    ran.code(0).says("1 key would be disabled");
    assert_eq!(codes(), [1, 1, 0]);
}

#[test]
fn doctor_notes_an_owner_whom_the_system_does_not_know() {
    let site = Site::new();
    site.run(&format!(
        "create --scope inference --owner {NOBODY} --name web"
    ));
    site.create();
    let ran = run(&mut site.cmd("doctor"));
    assert!(!ran.stdout.contains("finding: "), "{ran:?}");
    assert_eq!(ran.code, 0);
    assert!(
        ran.stdout.contains(&format!(
            "note: usable, but the owner is not a user of this machine: 1 key of '{NOBODY}' (1)\n"
        )),
        "{ran:?}"
    );
}
