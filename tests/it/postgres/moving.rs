//! Keys on their way from a file to a server and back: `backup`, `restore` and `backup --retire`.

use crate::harness::postgres::{Database, cluster, quoted};
use crate::harness::{Ran, World, alice, id_of};
use keyctl::event::{Action, Event};
use keyctl::id::KeyId;
use keyctl::key::Key;
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// Token of another system.
const FOREIGN: &str = "sk-Zq8mT3vXw1Lr7KpYb2Nc";

/// A store in a file, and a database without a store in which carol may make one.
struct Move {
    world: World,
    database: Database,
    /// Directory of the file.
    _dir: TempDir,
}

impl Move {
    /// `None` where PostgreSQL is not installed.
    #[track_caller]
    fn new() -> Option<Self> {
        let cluster = cluster()?;
        for name in ["alice", "bob", "carol", "dave"] {
            cluster.login(name);
        }
        let database = cluster.database();
        let name = database.name();
        database.admin(&format!(
            "ALTER ROLE carol CREATEROLE; ALTER DATABASE {name} OWNER TO carol"
        ));
        let dir = tempfile::tempdir().unwrap();
        let world = World::of(&dir.path().join("k.db"));
        world.run("init");
        world.hash_fast();
        Some(Move {
            world,
            database,
            _dir: dir,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.world.db().with_file_name(name)
    }

    /// Runs a command on the server as `user`.
    fn on_server(&self, user: &str, line: &str) -> Ran {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = since.as_millis().try_into().unwrap();
        self.world.clock().store(now, Relaxed);
        let line = format!("--db {} {line}", self.database.url(user));
        self.world.line(&line).without_db().run()
    }

    /// Copies the file's store to a new file, and returns its path as text.
    fn copy(&self, name: &str) -> String {
        let path = self.path(name).to_str().unwrap().to_owned();
        self.world.run(&format!("backup {path}"));
        path
    }

    /// Restores a new copy into the database as carol.
    #[track_caller]
    fn move_to_server(&self) {
        let copy = self.copy("moved.db");
        self.on_server("carol", &format!("restore {copy} --yes"))
            .code(0);
    }

    /// Gives `user` one of the roles of the store.
    fn admit(&self, user: &str, rights: &str) {
        let role = quoted(&format!("keyctl_{}_{rights}", self.database.name()));
        self.database
            .admin(&format!("GRANT {role} TO {}", quoted(user)));
    }

    fn sql(&self, sql: &str) -> String {
        let rows = self.database.admin(sql);
        let rows = rows.into_iter().map(|row| {
            let fields = row.into_iter().map(Option::unwrap_or_default);
            fields.collect::<Vec<_>>().join("|")
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    /// Files beside the store, without SQLite's own.
    fn files(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.path("")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.starts_with("k.db")).collect()
    }
}

impl Drop for Move {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(self.path("")));
    }
}

/// Fills the store with a key of each kind and state, and with settings. Returns the tokens that work.
fn work_in(world: &World) -> Vec<String> {
    let web = world.create(
        "--scope project --name web --label team=search --label note=ü\"\\ \
         --allow-from 10.1.0.0/16,::1,203.0.113.7",
    );
    let old = world.create("--scope inference --name ci");
    let new = world.run("rotate ci --grace 30d").stdout.trim().to_owned();
    world.create("--scope inference --name gone");
    world.run("delete gone --yes");
    world.create("--scope inference,project --name off");
    world.run("disable off -m leaked");
    world.create("--scope inference --name short --expires 3d");
    let line = "create --kind legacy --name robot --owner bob";
    let robot = world.line(line).run().code(0).stdout.trim().to_owned();
    let import = world.line("import - --scope inference");
    let table = format!("name,token\nforeign,{FOREIGN}\n");
    import.stdin(table).run().code(0);
    assert_eq!(world.verify(&old, ""), 0);
    assert_eq!(world.verify(&web, "--ip 10.1.2.3"), 0);
    world.run("scope add train --description training --implies inference");
    world.run("policy set max-expiry 400d");
    world.run("member add search bob --role owner");
    world.run("admin add bob");
    vec![old, new, robot, FOREIGN.to_owned()]
}

fn tables(path: &str) -> BTreeSet<String> {
    let tables = World::of(Path::new(path)).tables();
    tables.lines().map(str::to_owned).collect()
}

/// The rows that `after` has more than `before`, of which it lacks none.
#[track_caller]
fn added(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (tables(before), tables(after));
    let lost: Vec<_> = before.difference(&after).collect();
    assert!(lost.is_empty(), "lost: {lost:#?}");
    after.difference(&before).cloned().collect()
}

#[test]
fn a_store_keeps_everything_on_its_way_to_a_server_and_back() {
    let Some(it) = Move::new() else { return };
    let tokens = work_in(&it.world);
    let head = it.world.run("log --head").stdout;
    let there = it.copy("there.db");
    let ran = it.on_server("carol", &format!("restore {there} --yes"));
    let url = it.on_server("carol", "log --head").code(0);
    ran.code(0).says("made a new store in postgres://carol@");
    assert_ne!(url.stdout, head);

    // The same records, events and settings, as commands show them.
    for line in [
        "list --state all --format json",
        "policy show --format json",
        "scope list --format json",
        "member list --format json",
    ] {
        let here = it.world.run(line).stdout;
        assert_eq!(it.on_server("carol", line).code(0).stdout, here, "{line}");
    }
    let log = it.world.run("log --format jsonl").stdout;
    let moved = it.on_server("carol", "log --format jsonl").stdout;
    assert!(moved.starts_with(&log), "{moved}");
    let check = format!("log --check --head {}", head.trim());
    it.on_server("carol", &check).code(0);
    // The same hashes, by SQL.
    let hashes = "SELECT seq, id, coalesce(hash, '') FROM keys ORDER BY seq";
    let sqlite = it.world.sql();
    let mut statement = sqlite.prepare(hashes).unwrap();
    let rows = statement.query_map([], |row| {
        let (seq, id, hash): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("{seq}|{id}|{hash}"))
    });
    let here: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
    let on_server = it.sql(&hashes.replace("FROM keys", "FROM keyctl.keys"));
    assert_eq!(on_server, here.join("\n"));
    for token in &tokens {
        let line = format!("--db {} verify --no-touch", it.database.url("carol"));
        let verify = it.world.line(&line).without_db().stdin(token);
        verify.run().code(0);
    }
    let back = it.path("back.db").to_str().unwrap().to_owned();
    it.on_server("carol", &format!("backup {back}"))
        .code(0)
        .says("copied 8 keys to ");
    let mode = fs::metadata(&back).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let more = added(&there, &back);
    assert_eq!(more.len(), 1, "{more:#?}");
    assert!(more[0].contains("Text(\"restore\")"), "{more:?}");

    let new = World::of(&it.path("new.db"));
    new.run(&format!("restore {back} --yes"));
    for token in &tokens {
        assert_eq!(new.verify(token, "--no-touch"), 0);
    }
    new.run(&check);
    let more = added(&back, new.db().to_str().unwrap());
    assert_eq!(more.len(), 1, "{more:#?}");
    new.run("edit short --label again=yes");
    new.run("doctor");
}

#[test]
fn a_server_gives_a_new_key_the_place_behind_those_that_were_moved() {
    let Some(it) = Move::new() else { return };
    work_in(&it.world);
    it.move_to_server();
    it.on_server("carol", "create --scope train --name later")
        .code(0);
    let last = it.sql("SELECT name FROM keyctl.keys ORDER BY seq DESC LIMIT 1");
    assert_eq!(last, "later");
    it.on_server("carol", "log --check").code(0);
    it.on_server("carol", "doctor").code(0);
}

#[test]
fn thousands_of_keys_and_events_keep_their_order() {
    let Some(it) = Move::new() else { return };
    let now = it.world.now();
    let first = it.world.create("--scope inference --name first");
    let hash = it.world.hash(&id_of(&first)).unwrap();
    it.world.write(|tx| {
        for i in 0..2345 {
            // By ID, the order is another one.
            let id = format!("{:012}", (i * 7919) % 10_000);
            let id: KeyId = id.parse().unwrap();
            let key = Key::new(id, format!("key-{i}"), "alice".to_owned(), now);
            tx.insert(&key, &hash)?;
        }
        Ok(())
    });
    for _ in 0..3 {
        it.world.write(|tx| {
            for _ in 0..700 {
                tx.append(&Event::new(now, &alice(), Action::Rehash, None))?;
            }
            Ok(())
        });
    }
    it.move_to_server();
    let back = it.path("back.db").to_str().unwrap().to_owned();
    it.on_server("carol", &format!("backup {back}")).code(0);
    let more = added(it.path("moved.db").to_str().unwrap(), &back);
    assert_eq!(more.len(), 1, "{more:#?}");
}

#[test]
fn restore_with_dry_run_makes_no_store_on_a_server() {
    let Some(it) = Move::new() else { return };
    work_in(&it.world);
    let copy = it.copy("copy.db");
    it.on_server("carol", &format!("restore {copy} --dry-run"))
        .code(0)
        .says("nothing was changed: this was a dry run");
    assert_eq!(it.sql("SELECT to_regnamespace('keyctl')"), "");
    assert_eq!(it.files(), BTreeSet::from(["copy.db".to_owned()]));
}

#[test]
fn restore_over_a_store_on_a_server_keeps_that_one_out_of_reach() {
    let Some(it) = Move::new() else { return };
    work_in(&it.world);
    it.move_to_server();
    it.admit("alice", "operator");
    it.on_server("carol", "create --scope inference --name later")
        .code(0);
    let copy = it.copy("copy.db");
    let ran = it
        .on_server("carol", &format!("restore {copy} --yes"))
        .code(0)
        .says("1 key will stop working:")
        .says("the replaced store is kept in the schema keyctl_before_");
    let (_, kept) = ran.stderr.split_once("in the schema ").unwrap();
    let kept = kept.split(' ').next().unwrap();
    let names = format!("SELECT count(*) FROM {kept}.keys WHERE name = 'later'");
    assert_eq!(it.sql(&names), "1");
    assert_eq!(it.sql(&names.replace(kept, "keyctl")), "0");
    it.on_server("carol", "log --check").code(0);
    // Nobody but the owner of the schema goes on with what is kept.
    for sql in [
        format!("SELECT name FROM {kept}.keys"),
        format!("SELECT {kept}.append({kept}.clock(), 'edit', NULL, '{{}}')"),
        format!("SELECT * FROM {kept}.look(NULL, NULL)"),
    ] {
        let (state, message) = it.database.sql("alice", &sql).unwrap_err();
        assert_eq!(state, "42501", "{message}");
    }
    it.on_server("alice", "list").code(0);
    // And again, within the same second or not.
    it.on_server("carol", &format!("restore {copy} --yes"))
        .code(0);
    let kept = "SELECT count(*) FROM pg_namespace WHERE starts_with(nspname, 'keyctl_before_')";
    assert_eq!(it.sql(kept), "2");
}

#[test]
fn restore_with_keep_revoked_on_a_server_keeps_keys_stopped() {
    let Some(it) = Move::new() else { return };
    let web = it.world.create("--scope project --name web");
    let copy = it.copy("copy.db");
    it.move_to_server();
    let id = id_of(&web);
    it.on_server("carol", &format!("disable {id} -m leaked"))
        .code(0);
    it.on_server("carol", &format!("restore {copy} --yes --keep-revoked"))
        .code(0)
        .says("will stay disabled, deleted or phased-out");
    let line = format!("--db {} verify", it.database.url("carol"));
    let verify = it.world.line(&line).without_db().stdin(&web);
    verify.run().code(1);
    it.on_server("carol", "log --check").code(0);
    let log = it.on_server("carol", "log --format jsonl").stdout;
    assert!(
        log.contains("\"reason\":\"leaked\"") && log.contains("keep_revoked"),
        "{log}"
    );
    // Without it, the key works again.
    it.on_server("carol", &format!("restore {copy} --yes"))
        .code(0)
        .says("1 key will become valid again");
    let verify = it.world.line(&line).without_db().stdin(&web);
    verify.run().code(0);
}

#[test]
fn restore_on_a_server_is_for_those_who_own_the_schema() {
    let Some(it) = Move::new() else { return };
    it.move_to_server();
    let copy = it.copy("copy.db");
    let line = format!("restore {copy} --yes");
    it.admit("dave", "operator");
    it.on_server("dave", &line)
        .fails(4, "'dave' may not restore the store");
    it.admit("bob", "admin");
    it.on_server("bob", &line).fails(
        4,
        &format!(
            "'bob' may not replace the store in '{name}': only members of the role \
             'keyctl_{name}_owner' own its schema",
            name = it.database.name()
        ),
    );
    let kept = "SELECT count(*) FROM pg_namespace WHERE starts_with(nspname, 'keyctl_before_')";
    assert_eq!(it.sql(kept), "0");
}

#[test]
fn restore_on_a_server_names_users_who_have_no_role_there() {
    let Some(it) = Move::new() else { return };
    for i in 0..7 {
        let line = format!("create --scope inference --name key --owner nobody-{i}");
        it.world.line(&line).run().code(0);
    }
    it.world.run("admin add nobody-else");
    it.world.run("admin add bob");
    let copy = it.copy("copy.db");
    it.on_server("carol", &format!("restore {copy} --yes"))
        .code(0)
        .says("nobody-0, nobody-1, nobody-2, nobody-3, nobody-4 and 2 more; for each: CREATE ROLE")
        .says(
            "no administrators after the restore, since they have no role on the server: nobody-else;",
        );
    // Carol owns the schema, and was not appointed.
    let listed = it.on_server("bob", "admin list --format json").code(0);
    assert!(!listed.stdout.contains("nobody-else"), "{listed:?}");
    for name in ["alice", "bob"] {
        assert!(listed.stdout.contains(name), "{listed:?}");
    }
    assert!(!listed.stdout.contains("carol"), "{listed:?}");
    // A restore takes the right from those who have it not in the copy.
    it.world.run("admin remove bob");
    let copy = it.copy("without-bob.db");
    it.on_server("carol", &format!("restore {copy} --yes"))
        .code(0)
        .says("no longer administrators after the restore: bob");
    let is_admin = format!(
        "SELECT pg_has_role('bob', 'keyctl_{}_admin', 'MEMBER')",
        it.database.name()
    );
    assert_eq!(it.sql(&is_admin), "f");
}

#[test]
fn restore_on_a_server_refuses_a_copy_that_was_tampered_with() {
    let Some(it) = Move::new() else { return };
    work_in(&it.world);
    let damages = [
        (
            "UPDATE events SET actor = 'eve' WHERE seq = 2",
            "its log is broken",
        ),
        (
            "PRAGMA ignore_check_constraints = 1; UPDATE keys SET hash = NULL WHERE name = 'web'",
            "a server takes no damaged record",
        ),
    ];
    for (i, (sql, message)) in damages.iter().enumerate() {
        let copy = it.copy(&format!("copy{i}.db"));
        let connection = Connection::open(&copy).unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        it.on_server("carol", &format!("restore {copy} --yes"))
            .code(5)
            .says(message);
        assert_eq!(it.sql("SELECT to_regnamespace('keyctl')"), "");
    }
}

#[test]
fn backup_from_a_server_is_for_administrators() {
    let Some(it) = Move::new() else { return };
    it.move_to_server();
    let path = it.path("stolen.db").to_str().unwrap().to_owned();
    for (rights, flag, what) in [
        (
            "verifier",
            "",
            "back up the store, whose copy holds the hashes",
        ),
        (
            "operator",
            "",
            "back up the store, whose copy holds the hashes",
        ),
        ("operator", "--retire", "retire the store"),
    ] {
        it.admit("bob", rights);
        let ran = it.on_server("bob", &format!("backup {path} {flag}"));
        ran.fails(4, &format!("'bob' may not {what}"));
    }
    assert_eq!(it.files(), BTreeSet::from(["moved.db".to_owned()]));
    it.admit("bob", "admin");
    it.on_server("bob", &format!("backup {path}")).code(0);
}

#[test]
fn backup_from_a_server_refuses_a_path_that_is_taken() {
    let Some(it) = Move::new() else { return };
    it.move_to_server();
    let path = it.path("taken.db");
    fs::write(&path, "mine").unwrap();
    for flag in ["", "--retire"] {
        let line = format!("backup {flag} {}", path.display());
        it.on_server("carol", &line)
            .fails(5, &format!("{} already exists", path.display()));
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    it.on_server("carol", "create --scope inference --name new")
        .code(0);
}

#[test]
fn backup_from_a_server_names_the_copy_that_cannot_be_made() {
    let Some(it) = Move::new() else { return };
    it.world.create("--scope inference --name web");
    it.move_to_server();
    // More than a file may hold, past the rules of the server.
    it.database.admin(
        "SET session_replication_role = replica;
         UPDATE keyctl.events SET detail = '{\"a\":\"' || repeat('x', 17000000) || '\"}' WHERE seq = 1",
    );
    let path = it.path("large.db");
    for flag in ["", "--retire"] {
        let ran = it.on_server("carol", &format!("backup {flag} {}", path.display()));
        let ran = ran.fails(5, &format!("a value in the copy {}", path.display()));
        assert!(!ran.stderr.contains(".keyctl-"), "{ran:?}");
    }
    assert_eq!(it.files(), BTreeSet::from(["moved.db".to_owned()]));
}

#[test]
fn a_store_on_a_server_that_was_retired_is_only_read() {
    let Some(it) = Move::new() else { return };
    let web = it.world.create("--scope project --name web");
    it.move_to_server();
    it.admit("alice", "operator");
    let head = it.on_server("carol", "log --head").stdout;
    let copy = it.path("retired.db").to_str().unwrap().to_owned();
    it.on_server("carol", &format!("backup --retire {copy}"))
        .code(0)
        .says(&format!("log head (keep a copy elsewhere): {head}"))
        .says("retired the store postgres://");
    let why = format!("its keys were moved with the copy {copy}");
    let line = format!("--db {} verify", it.database.url("alice"));
    let verify = it.world.line(&line).without_db().stdin(&web);
    verify
        .run()
        .code(5)
        .says(&why)
        .says("was retired by carol on ");
    for line in [
        "create --scope inference --name x",
        "disable --owner alice",
        "policy set max-expiry 9d",
        "backup --retire other.db",
    ] {
        it.on_server("carol", line).code(4).says(&why);
    }
    for line in ["list", "show web", "log", "log --check"] {
        it.on_server("alice", line).code(0);
    }
    let doctor = it.on_server("carol", "doctor").stdout;
    assert!(doctor.contains(&why), "{doctor}");
    // By plain SQL, nobody appends an event, and so nobody changes a key.
    let appended = "SELECT keyctl.append(keyctl.clock(), 'edit', NULL, '{}')";
    let (state, message) = it.database.sql("alice", appended).unwrap_err();
    assert_eq!(state, "KC004", "{message}");
    let disable = "UPDATE keyctl.keys SET name = 'other' WHERE name = 'web'";
    let (state, _) = it.database.sql("alice", disable).unwrap_err();
    assert_eq!(state, "KC001");
    // The copy is the store before its mark. In the file it works, and on the server again once it is restored.
    let file = World::of(Path::new(&copy));
    assert_eq!(file.run("log --head").stdout, head);
    assert_eq!(file.verify(&web, ""), 0);
    it.on_server("carol", &format!("restore {copy} --yes"))
        .code(0);
    let verify = it.world.line(&line).without_db().stdin(&web);
    verify.run().code(0);
    it.on_server("carol", &format!("disable {}", id_of(&web)))
        .code(0);
}

#[test]
fn a_store_on_a_server_that_cannot_be_marked_leaves_no_copy() {
    let Some(it) = Move::new() else { return };
    it.move_to_server();
    let name = it.database.name();
    it.database.admin(&format!(
        "REVOKE EXECUTE ON FUNCTION keyctl.retire(bigint, text) FROM keyctl_{name}_admin"
    ));
    it.admit("bob", "admin");
    let path = it.path("retired.db").to_str().unwrap().to_owned();
    it.on_server("bob", &format!("backup --retire {path}"))
        .code(4);
    assert_eq!(it.files(), BTreeSet::from(["moved.db".to_owned()]));
    it.on_server("carol", "create --scope inference --name new")
        .code(0);
}
