//! A store of an older version goes on working: read as it is, and brought up to date by the
//! first command that changes it.

pub mod made;

use crate::harness::{World, id_of};
use keyctl::store::{self, Address, Mode};
use rusqlite::Connection;
use serde_json::json;
use std::fs;
use std::process::Stdio;

/// The first schema.
const FIRST: &str = include_str!("../../src/store/sqlite/0001_main.sql");

/// The steps after it.
const LATER: [&str; 5] = [
    include_str!("../../src/store/sqlite/0002_projects.sql"),
    include_str!("../../src/store/sqlite/0003_states.sql"),
    include_str!("../../src/store/sqlite/0004_one_row.sql"),
    include_str!("../../src/store/sqlite/0005_networks.sql"),
    include_str!("../../src/store/sqlite/0006_imported.sql"),
];

/// The version that all of them make.
const LAST: &str = "6";

/// How many processes come at once.
const PROCESSES: usize = 8;

/// A store of the first version, in which somebody has worked.
struct Old {
    world: World,
    live: String,
    old: String,
    deleted: String,
}

fn old() -> Old {
    let world = World::quick();
    let live = world.create("--scope project --name web --label team=search --label tier=1");
    world.advance("1h");
    world.run("edit web --expires 40d -m shorter");
    let old = world.create("--scope inference --name ci");
    world.run("rotate ci --grace 30d");
    let deleted = world.create("--scope inference --name gone");
    world.run("delete gone --yes");
    world.create("--scope inference,project --name off");
    world.run("disable off");
    let line = "create --kind legacy --name robot";
    world.line(line).user("carol").run().code(0);
    downgrade(&world.sql());
    Old {
        world,
        live,
        old,
        deleted,
    }
}

/// Takes back what the sixth step did.
const DOWNGRADE_TO_FIFTH: &str = "
DROP INDEX keys_imported;
ALTER TABLE keys DROP COLUMN imported;
PRAGMA user_version = 5";

/// Takes back what the fifth step did, and the sixth.
const DOWNGRADE_TO_FOURTH: &str = "
DROP INDEX keys_imported;
ALTER TABLE keys DROP COLUMN imported;
ALTER TABLE keys DROP COLUMN first_used_at;
ALTER TABLE keys DROP COLUMN allow_from;
PRAGMA user_version = 4";

/// Takes back what the fourth step did, and the later ones.
pub const DOWNGRADE_TO_THIRD: &str = "
DROP INDEX keys_imported;
ALTER TABLE keys DROP COLUMN imported;
ALTER TABLE keys DROP COLUMN first_used_at;
ALTER TABLE keys DROP COLUMN allow_from;
CREATE TABLE key_labels (
    key   INTEGER NOT NULL REFERENCES keys ON DELETE CASCADE,
    label TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (key, label)
) STRICT, WITHOUT ROWID;
INSERT INTO key_labels SELECT seq, key, value FROM keys, json_each(labels);
CREATE TABLE key_scopes_2 (
    key   INTEGER NOT NULL REFERENCES keys ON DELETE CASCADE,
    scope TEXT NOT NULL,
    PRIMARY KEY (key, scope)
) STRICT, WITHOUT ROWID;
INSERT INTO key_scopes_2 SELECT key, scope FROM key_scopes;
DROP TABLE key_scopes;
ALTER TABLE key_scopes_2 RENAME TO key_scopes;
CREATE INDEX key_scopes_scope ON key_scopes (scope);
ALTER TABLE keys DROP COLUMN labels;
ALTER TABLE keys DROP COLUMN scopes;
PRAGMA user_version = 3";

/// Takes back what the third step did, and the later ones.
fn downgrade_to_second(connection: &Connection) {
    connection.execute_batch(DOWNGRADE_TO_THIRD).unwrap();
    let sql = "DROP INDEX keys_state; PRAGMA user_version = 2";
    connection.execute_batch(sql).unwrap();
}

/// Takes back what all steps but the first did.
pub fn downgrade(connection: &Connection) {
    downgrade_to_second(connection);
    let from = FIRST.find("CREATE TABLE key_scopes").unwrap();
    let (key_scopes, _) = FIRST[from..].split_once("CREATE TABLE key_labels").unwrap();
    let sql = format!(
        "DROP TABLE members; DROP INDEX key_scopes_scope; ALTER TABLE key_scopes RENAME TO later; \
         {key_scopes} INSERT INTO key_scopes SELECT * FROM later; DROP TABLE later; \
         PRAGMA user_version = 1"
    );
    connection.execute_batch(&sql).unwrap();
}

fn schema(connection: &Connection) -> Vec<(String, Option<String>)> {
    let mut statement = connection
        .prepare("SELECT name, sql FROM sqlite_schema ORDER BY name")
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(Result::unwrap).collect()
}

/// Every table that no step changes, and the columns of a key that every version has.
fn untouched(world: &World) -> Vec<String> {
    let (sql, rows) = (world.sql(), world.tables());
    let changed = ["event", "members", "keys", "key_scopes", "key_labels"];
    let lines = rows.lines();
    let mut all: Vec<String> = lines
        .filter(|row| !changed.iter().any(|table| row.starts_with(table)))
        .map(str::to_owned)
        .collect();
    let mut statement = sql
        .prepare(
            "SELECT json_array(seq, id, name, owner, kind, hash, created_at, created_by, expires_at, \
             last_used_at, grace_from, usable_until, disabled_at, disabled_by, deleted_at, replaces, \
             replaced_by) FROM keys ORDER BY seq",
        )
        .unwrap();
    let keys = statement.query_map([], |row| row.get(0)).unwrap();
    all.extend(keys.map(Result::unwrap));
    all
}

#[test]
fn what_is_tried_here_is_the_first_schema() {
    let first = Connection::open_in_memory().unwrap();
    first.execute_batch(FIRST).unwrap();
    let Old { world, .. } = old();
    assert_eq!(schema(&world.sql()), schema(&first));
    assert_eq!(world.query("PRAGMA user_version"), "1");
    assert_eq!(
        world.query("PRAGMA application_id"),
        0x6b63_746c.to_string()
    );
    world.check_chain();
}

#[test]
fn a_new_store_is_what_all_steps_together_make() {
    let all = Connection::open_in_memory().unwrap();
    for step in [FIRST].iter().chain(&LATER) {
        all.execute_batch(step).unwrap();
    }
    let world = World::quick();
    assert_eq!(schema(&world.sql()), schema(&all));
    assert_eq!(world.query("PRAGMA user_version"), LAST);
}

#[test]
fn a_reader_reads_an_older_store_and_leaves_it_as_it_is() {
    let Old {
        world,
        live,
        old,
        deleted,
    } = old();
    let before = (world.tables(), schema(&world.sql()));
    for line in [
        "list",
        "list --state all --format json",
        "show web",
        "log",
        "log --check",
        "log --head",
        "policy show",
        "scope list",
        "admin list",
    ] {
        world.run(line);
    }
    assert_eq!(world.verify(&live, "--scope inference"), 0);
    assert_eq!(world.verify(&old, ""), 0);
    assert_eq!(world.verify(&deleted, ""), 1);
    assert_eq!((world.tables(), schema(&world.sql())), before);
    assert_eq!(world.query("PRAGMA user_version"), "1");
}

#[test]
fn an_older_store_has_no_projects() {
    let Old { world, live, .. } = old();
    let ran = world
        .line("verify --project search --format json")
        .stdin(&live)
        .run()
        .code(6);
    assert_eq!(ran.json()["reason"], json!("project"));
    world
        .line("verify --project search")
        .stdin(&live)
        .run()
        .code(6)
        .says("an administrator can create it: keyctl member add search alice --role owner");
    world
        .line("list --project search")
        .run()
        .fails(3, "there is no project 'search'");
    world.run("member list").stdout("").stderr("no members\n");
    assert_eq!(world.query("PRAGMA user_version"), "1");
}

#[test]
fn what_is_refused_leaves_it_as_it_is() {
    let Old { world, .. } = old();
    let before = schema(&world.sql());
    for line in ["create --scope inference --expires 3y", "purge --dry-run"] {
        world.line(line).run().code(4);
        assert_eq!(schema(&world.sql()), before, "{line}");
        assert_eq!(world.query("PRAGMA user_version"), "1", "{line}");
    }
}

#[test]
fn a_writer_brings_it_up_to_date_and_everything_stays() {
    let Old {
        world,
        live,
        old,
        deleted,
    } = old();
    let (keys_before, events_before) = (untouched(&world), world.events());
    let head = world.run("log --head").stdout;
    let listed = world.run("list --state all --format json").stdout;
    world
        .line("member add search alice --role owner")
        .user("carol")
        .run()
        .code(0)
        .stderr("alice is now an owner of search\nsearch is a new project\n");
    assert_eq!(world.query("PRAGMA user_version"), LAST);
    assert_eq!(
        world.query("PRAGMA application_id"),
        0x6b63_746c.to_string()
    );
    assert_eq!(world.query("PRAGMA integrity_check"), "ok");
    assert_eq!(schema(&world.sql()), schema(&World::quick().sql()));
    assert_eq!(untouched(&world), keys_before);
    let events = world.events();
    assert_eq!(events[..events.len() - 1], events_before);
    assert_eq!(world.log().pop().as_deref(), Some("member-add"));
    world.check_chain();
    world.run(&format!("log --check --head {}", head.trim_end()));
    assert_eq!(world.run("list --state all --format json").stdout, listed);
    for (token, code) in [(&live, 0), (&old, 0), (&deleted, 1)] {
        assert_eq!(world.verify(token, ""), code, "{}", id_of(token));
        assert_eq!(world.verify(token, "--project search"), code);
    }
}

#[test]
fn any_command_that_changes_something_brings_it_up_to_date() {
    for line in [
        "create --scope inference",
        "edit web --name other",
        "rotate web",
        "enable off",
        "purge --owner alice --yes",
    ] {
        let Old { world, .. } = old();
        world.run(line);
        assert_eq!(world.query("PRAGMA user_version"), LAST, "{line}");
        world.check_chain();
    }
}

#[test]
fn bringing_it_up_to_date_leaves_nothing_in_the_log() {
    let Old { world, .. } = old();
    let address = Address::of_file(&world.db()).unwrap();
    drop(store::open(&address, Mode::Write).unwrap());
    let log = fs::metadata(world.path("keyctl.db-wal")).unwrap();
    assert_eq!(log.len(), 0);
    let alone = world.path("alone.db");
    fs::copy(world.db(), &alone).unwrap();
    let sql = Connection::open(alone).unwrap();
    let version = sql.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    assert_eq!(version.unwrap().to_string(), LAST);
}

#[test]
fn a_step_that_fails_leaves_the_store_as_it_was() {
    let Old { world, .. } = old();
    world
        .sql()
        .execute_batch("CREATE TABLE members (in_the_way)")
        .unwrap();
    let before = (world.tables(), schema(&world.sql()));
    world.line("edit web --name other").run().fails(5, "");
    assert_eq!((world.tables(), schema(&world.sql())), before);
    assert_eq!(world.query("PRAGMA user_version"), "1");
}

#[test]
fn several_processes_at_once_bring_it_up_to_date_once() {
    let Old { world, .. } = old();
    let before = world.query("SELECT count(*) FROM keys");
    let children: Vec<_> = (0..PROCESSES)
        .flat_map(|_| [world.real("create --scope inference"), world.real("list")])
        .map(|mut command| {
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(world.query("PRAGMA user_version"), LAST);
    assert_eq!(schema(&world.sql()), schema(&World::quick().sql()));
    let after: usize = world.query("SELECT count(*) FROM keys").parse().unwrap();
    assert_eq!(after, before.parse::<usize>().unwrap() + PROCESSES);
    world.check_chain();
}

#[test]
fn a_store_without_the_index_of_states_lists_the_same() {
    let Old { world, live, .. } = old();
    world
        .line("member add search alice --role owner")
        .user("carol")
        .run()
        .code(0);
    let lines = [
        "list --state deleted",
        "list --state phased-out",
        "list --state disabled",
        "list --state expired",
        "list --state expired,disabled",
        "list --expiring-within 40d",
    ];
    let listed =
        |form: &str| lines.map(|line| world.run(&format!("{line} --format {form}")).stdout);
    let before = listed("jsonl");
    downgrade_to_second(&world.sql());
    assert_eq!(listed("jsonl"), before);
    assert_eq!(world.verify(&live, "--project search"), 0);
    assert_eq!(world.query("PRAGMA user_version"), "2");
    world.run("edit web --name other");
    assert_eq!(world.query("PRAGMA user_version"), LAST);
    assert_eq!(schema(&world.sql()), schema(&World::quick().sql()));
    assert_eq!(listed("ids"), before.map(|lines| ids(&lines)));
}

/// The IDs of the keys in JSON lines.
fn ids(lines: &str) -> String {
    let id = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].clone();
    lines
        .lines()
        .map(|line| format!("{}\n", id(line).as_str().unwrap()))
        .collect()
}

/// Takes back what the sixth step did.
fn downgrade_to_fifth(connection: &Connection) {
    connection.execute_batch(DOWNGRADE_TO_FIFTH).unwrap();
}

/// Takes back what the fifth step did, and the sixth.
fn downgrade_to_fourth(connection: &Connection) {
    connection.execute_batch(DOWNGRADE_TO_FOURTH).unwrap();
}

/// Takes back what the fourth step did, and the fifth.
fn downgrade_to_third(connection: &Connection) {
    connection.execute_batch(DOWNGRADE_TO_THIRD).unwrap();
}

/// Ways from this program's schema to each older one in which scopes and labels have tables of their own.
const DOWNGRADES: [fn(&Connection); 3] = [downgrade, downgrade_to_second, downgrade_to_third];

/// Runs `sql` on a store whose `table` takes values of every type meanwhile.
pub fn spoil(connection: &Connection, table: &str, sql: &str) {
    let made = "SELECT sql FROM sqlite_schema WHERE name = ?1";
    let made: String = connection
        .query_one(made, [table], |row| row.get(0))
        .unwrap();
    let loose = made.replace("STRICT, ", "").replace(") STRICT", ")");
    let edit = "UPDATE sqlite_schema SET sql = ?1 WHERE name = ?2";
    let begin = "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; PRAGMA writable_schema = ON";
    connection.execute_batch(begin).unwrap();
    connection.execute(edit, [&loose, table]).unwrap();
    let tamper = format!("PRAGMA writable_schema = RESET; {sql}; PRAGMA writable_schema = ON");
    connection.execute_batch(&tamper).unwrap();
    connection.execute(edit, [&made, table]).unwrap();
}

/// First line that `list` says on standard error.
fn notice(world: &World, line: &str) -> Option<String> {
    let listed = world.run(line);
    listed.stderr.lines().next().map(str::to_owned)
}

#[test]
fn migration_leaves_a_damaged_row_damaged_and_keeps_the_rest() {
    for change in [
        "kind = 'root'",
        "id = x'ff'",
        "name = x'61'",
        "owner = x'61'",
        "kind = x'61'",
        "created_at = 'never'",
        "created_by = x'61'",
        "hash = x'61'",
        "disabled_by = x'61'",
        "replaces = x'61'",
        "replaced_by = x'61'",
        "expires_at = 'never'",
        "last_used_at = 'never'",
        "grace_from = 'never', usable_until = 5",
        "usable_until = 'never', grace_from = 5",
        "disabled_at = 'never'",
        "deleted_at = 'never'",
    ] {
        let Old { world, live, .. } = old();
        let sql = format!("UPDATE keys SET {change} WHERE name = 'off'");
        spoil(&world.sql(), "keys", &sql);
        world.run("create --scope inference --name new");
        assert_eq!(world.query("PRAGMA user_version"), LAST, "{change}");
        let told = notice(&world, "list --state all");
        let one = told
            .as_deref()
            .is_some_and(|line| line.starts_with("1 key is damaged"));
        assert!(one, "{change}: {told:?}");
        assert_eq!(world.verify(&live, "--scope inference"), 0, "{change}");
        world.run("disable web");
        assert_eq!(world.verify(&live, ""), 1, "{change}");
    }
}

#[test]
fn migration_leaves_scopes_and_labels_that_are_no_text_damaged() {
    for (table, sql) in [
        (
            "key_scopes",
            "UPDATE key_scopes SET scope = x'70726f6a656374' WHERE key = 1",
        ),
        (
            "key_labels",
            "UPDATE key_labels SET value = x'61' WHERE label = 'tier'",
        ),
        (
            "key_labels",
            "UPDATE key_labels SET label = x'61' WHERE label = 'tier'",
        ),
    ] {
        let Old { world, .. } = old();
        // Up to the third step, which no longer has the first one's foreign key.
        world.run("edit web --expires 39d");
        downgrade_to_third(&world.sql());
        spoil(&world.sql(), table, sql);
        let before = notice(&world, "list --state all");
        let one = before
            .as_deref()
            .is_some_and(|line| line.starts_with("1 key is damaged"));
        assert!(one, "{sql}: {before:?}");
        world.run("create --scope inference --name new");
        assert_eq!(world.query("PRAGMA user_version"), LAST, "{sql}");
        assert_eq!(notice(&world, "list --state all"), before, "{sql}");
        assert_eq!(notice(&world, "list --label team=search"), before, "{sql}");
    }
}

#[test]
fn migration_drops_the_scopes_and_labels_that_belong_to_no_key() {
    for to_older in DOWNGRADES {
        let Old { world, .. } = old();
        world.run("edit web --expires 39d");
        to_older(&world.sql());
        let loose = "PRAGMA foreign_keys = OFF;
             INSERT INTO key_scopes VALUES (99, 'project');
             INSERT INTO key_labels VALUES (99, 'team', 'none')";
        world.sql().execute_batch(loose).unwrap();
        world.run("edit web --name other");
        assert_eq!(world.query("PRAGMA user_version"), LAST);
        let line = "list --state all --scope project --format ids";
        let listed = world.run(line).stdout.lines().count().to_string();
        let indexed = "SELECT count(*) FROM key_scopes WHERE scope = 'project'";
        assert_eq!(world.query(indexed), listed);
        assert_eq!(
            world.query("SELECT count(*) FROM pragma_foreign_key_check"),
            "0"
        );
    }
}

#[test]
fn migration_leaves_a_key_with_an_oversized_value_damaged() {
    let huge = "CAST(zeroblob(17000000) AS TEXT)";
    for change in [
        format!("UPDATE key_labels SET value = {huge} WHERE label = 'tier'"),
        format!("UPDATE key_scopes SET scope = {huge} WHERE key = 1"),
        format!("UPDATE keys SET name = {huge} WHERE name = 'off'"),
        format!("UPDATE keys SET hash = {huge} WHERE name = 'off'"),
    ] {
        let Old { world, .. } = old();
        world.run("edit web --expires 39d");
        downgrade_to_third(&world.sql());
        world.sql().execute_batch(&change).unwrap();
        world.run("create --scope inference --name new");
        assert_eq!(world.query("PRAGMA user_version"), LAST, "{change}");
        assert_eq!(
            world.query("SELECT count(*) FROM keys WHERE scopes IS NULL"),
            "1"
        );
    }
}

#[test]
fn migration_sorts_nothing_in_memory() {
    let store = Connection::open_in_memory().unwrap();
    let [second, third, fourth, ..] = LATER;
    for step in [FIRST, second, third] {
        store.execute_batch(step).unwrap();
    }
    let (before, copying) = fourth.split_once("INSERT INTO key_scopes_4").unwrap();
    store.execute_batch(before).unwrap();
    let (select, _) = copying.split_once(';').unwrap();
    let plan = format!("EXPLAIN QUERY PLAN INSERT INTO key_scopes_4{select}");
    let mut statement = store.prepare(&plan).unwrap();
    let steps = statement
        .query_map([], |row| row.get::<_, String>(3))
        .unwrap();
    let steps: Vec<String> = steps.map(Result::unwrap).collect();
    assert!(
        !steps.iter().any(|step| step.contains("TEMP B-TREE")),
        "{steps:?}"
    );
}

#[test]
fn disable_and_delete_stop_keys_of_an_older_store_without_a_migration() {
    let downgrades = DOWNGRADES
        .into_iter()
        .chain([downgrade_to_fourth as _, downgrade_to_fifth as _]);
    for (version, to_older) in ["1", "2", "3", "4", "5"].into_iter().zip(downgrades) {
        let Old {
            world, live, old, ..
        } = old();
        let late = world.create("--scope inference,project --name late --label a=b");
        let leaked = world.create("--scope inference --name leaked --label a=b");
        to_older(&world.sql());
        world.run("disable web");
        world.line("disable -").stdin(&leaked).run().code(0);
        world.run("delete late --yes");
        world.run(&format!("delete {} --yes", id_of(&old)));
        assert_eq!(world.query("PRAGMA user_version"), version);
        for token in [&live, &leaked, &late, &old] {
            assert_eq!(world.verify(token, ""), 1);
        }
        let listed = world.run("list --state all --format json").stdout;
        world.check_chain();
        world
            .line("member add search alice --role owner")
            .user("carol")
            .run()
            .code(0);
        assert_eq!(world.query("PRAGMA user_version"), LAST);
        assert_eq!(world.run("list --state all --format json").stdout, listed);
    }
}

#[test]
fn a_damaged_key_of_an_older_store_is_deleted_without_a_migration() {
    let Old { world, .. } = old();
    let id = world.query("SELECT id FROM keys WHERE name = 'off'");
    spoil(
        &world.sql(),
        "keys",
        "UPDATE keys SET created_at = 'never' WHERE name = 'off'",
    );
    world.run(&format!("delete {id} --yes"));
    assert_eq!(world.query("PRAGMA user_version"), "1");
    assert_eq!(
        world.query("SELECT count(*) FROM keys WHERE name = 'off'"),
        "0"
    );
    let left = "SELECT count(*) FROM key_scopes WHERE key NOT IN (SELECT seq FROM keys)";
    assert_eq!(world.query(left), "0");
}
