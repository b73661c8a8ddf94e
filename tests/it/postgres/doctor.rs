//! `doctor` on a server: what was changed since `init`, and who is no role.

use crate::exe::harness::Site;
use crate::harness::Ran;
use crate::harness::postgres::{Database, cluster};
use serde_json::Value;

/// A store that its founder has made.
struct Store {
    database: Database,
    site: Site,
}

impl Store {
    #[track_caller]
    fn new() -> Option<Self> {
        let cluster = cluster()?;
        let database = cluster.database();
        let founder = database.founder();
        let site = Site::at(database.url(&founder));
        site.run("init");
        Some(Store { database, site })
    }

    fn examine(&self, site: &Site) -> (u8, Value) {
        let Ran { code, stdout, .. } =
            crate::exe::harness::run(&mut site.cmd("doctor --format json"));
        (code, serde_json::from_str(&stdout).unwrap())
    }

    /// The findings or notes with this code, as one text.
    fn said(remarks: &Value, of: &str, code: &str) -> String {
        let all = remarks[of].as_array().unwrap().iter();
        let messages = all.filter(|remark| remark["code"] == code);
        messages
            .map(|remark| remark["message"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[test]
fn doctor_finds_nothing_in_a_store_that_was_just_made() {
    let Some(store) = Store::new() else { return };
    store.site.run("create --scope inference");
    let (code, remarks) = store.examine(&store.site);
    assert_eq!((code, &remarks["findings"]), (0, &Value::Array(Vec::new())));
    assert_eq!(Store::said(&remarks, "notes", "owners"), "");
}

#[test]
fn doctor_names_each_grant_and_trigger_that_differs_from_those_of_init() {
    let Some(store) = Store::new() else { return };
    let changes = [
        (
            "GRANT UPDATE ON keyctl.keys TO PUBLIC",
            "added",
            "keys: UPDATE for PUBLIC",
        ),
        (
            "GRANT SELECT (hash) ON keyctl.keys TO keyctl_{}_operator",
            "added",
            "keys.hash: SELECT for keyctl_{}_operator",
        ),
        (
            "ALTER TABLE keyctl.keys DISABLE TRIGGER logged",
            "missing",
            "keys: trigger logged on",
        ),
        (
            "ALTER TABLE keyctl.keys DISABLE ROW LEVEL SECURITY",
            "missing",
            "keys: owned by keyctl_{}_owner, row security on",
        ),
        (
            "DROP POLICY update_own ON keyctl.keys",
            "missing",
            "keys: policy update_own",
        ),
        (
            "REVOKE EXECUTE ON FUNCTION keyctl.touch FROM keyctl_{}_verifier",
            "missing",
            "function keyctl.touch(text,bigint): EXECUTE",
        ),
        (
            "CREATE OR REPLACE FUNCTION keyctl.is_admin() RETURNS boolean LANGUAGE sql STABLE RETURN true",
            "added",
            "function keyctl.is_admin(): owned by",
        ),
        (
            "GRANT keyctl_{}_admin TO keyctl_{}_verifier",
            "added",
            "role keyctl_{}_verifier: member of keyctl_{}_admin",
        ),
        (
            "GRANT CONNECT ON DATABASE {} TO PUBLIC",
            "added",
            "database: CONNECT for PUBLIC",
        ),
    ];
    for (sql, how, line) in changes {
        let filled = |text: &str| text.replace("{}", store.database.name());
        if sql.contains("_verifier") && sql.starts_with("GRANT keyctl") {
            // The other way round would be a circle of roles.
            store
                .database
                .admin(&filled("REVOKE keyctl_{}_verifier FROM keyctl_{}_operator"));
        }
        store.database.admin(&filled(sql));
        let (code, remarks) = store.examine(&store.site);
        assert_eq!(code, 1, "{sql}");
        let all = remarks["findings"].as_array().unwrap().iter();
        let messages: Vec<&str> = all
            .filter(|finding| finding["code"] == "grants")
            .filter_map(|finding| finding["message"].as_str())
            .filter(|message| message.starts_with(how))
            .collect();
        assert!(
            messages
                .iter()
                .any(|message| message.contains(&filled(line)) || message.contains("more")),
            "{sql}: {messages:?}"
        );
    }
}

#[test]
fn doctor_notes_the_owners_that_are_no_role_of_the_server() {
    let Some(store) = Store::new() else { return };
    let made = store
        .site
        .run("create --scope inference --owner nobody.at.all");
    assert!(
        made.stderr.contains(
            "warning: 'nobody.at.all' is neither a role of the server nor the owner of any key"
        ),
        "{made:?}"
    );
    let (code, remarks) = store.examine(&store.site);
    assert_eq!(code, 0);
    let noted = Store::said(&remarks, "notes", "owners");
    assert!(
        noted.contains("no role of the server: 1 key of 'nobody.at.all'"),
        "{noted}"
    );
}

#[test]
fn doctor_says_to_an_operator_that_hashes_were_not_checked() {
    let Some(store) = Store::new() else { return };
    let name = store.database.name();
    let operator = format!("operator_of_{name}");
    store.database.admin(&format!(
        "CREATE ROLE {operator} LOGIN; GRANT keyctl_{name}_operator TO {operator}"
    ));
    store.site.run("policy set hash sha256");
    let (_, remarks) = store.examine(&Site::at(store.database.url(&operator)));
    let noted = Store::said(&remarks, "notes", "hash");
    assert!(noted.contains("only administrators read them"), "{noted}");
    let (_, remarks) = store.examine(&store.site);
    assert_eq!(Store::said(&remarks, "notes", "hash"), "");
}

/// The lines that `sql` adds to those by which `doctor` compares the rights, sorted. The change is taken back.
#[track_caller]
fn added(store: &Store, sql: &str) -> Vec<String> {
    let filled = sql.replace("{}", store.database.name());
    let rows = store.database.admin(&format!(
        "BEGIN; {filled}; SELECT g FROM keyctl.grants() g EXCEPT SELECT unnest(grants) FROM keyctl.store ORDER BY 1; ROLLBACK"
    ));
    rows.into_iter().flatten().flatten().collect()
}

#[test]
fn doctor_sees_what_was_put_in_the_place_of_a_rule_or_beside_it() {
    let Some(store) = Store::new() else { return };
    let cases: [(&str, &[&str]); 4] = [
        (
            "CREATE VIEW keyctl.mine AS SELECT hash FROM keyctl.keys",
            &[
                "mine: owned by postgres, row security off",
                "mine: rule _RETURN",
            ],
        ),
        (
            "CREATE FUNCTION public.pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
             CREATE OR REPLACE TRIGGER guard_scope AFTER DELETE OR UPDATE OF name ON keyctl.scopes
                 FOR EACH ROW EXECUTE FUNCTION public.pass()",
            &["scopes: trigger guard_scope on, runs public.pass()"],
        ),
        (
            "CREATE RULE nothing AS ON DELETE TO keyctl.members DO INSTEAD NOTHING",
            &["members: rule nothing"],
        ),
        (
            "GRANT CREATE ON SCHEMA public TO keyctl_{}_owner; SET LOCAL ROLE keyctl_{}_owner;
             CREATE FUNCTION public.hashes() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT hash FROM keyctl.keys';
             CREATE VIEW public.hashes AS SELECT hash FROM keyctl.keys; RESET ROLE",
            &[
                "function public.hashes(): owned by keyctl_{}_owner",
                "view public.hashes: owned by keyctl_{}_owner",
            ],
        ),
    ];
    for (sql, lines) in cases {
        let lines: Vec<String> = lines
            .iter()
            .map(|line| line.replace("{}", store.database.name()))
            .collect();
        assert_eq!(added(&store, sql), lines, "{sql}");
    }
}

#[test]
fn doctor_sees_what_else_the_roles_of_the_store_may_do_and_who_owns_it() {
    let Some(store) = Store::new() else { return };
    let name = store.database.name();
    for role in ["owner", "admin", "operator", "verifier"] {
        for attribute in [
            "SUPERUSER",
            "CREATEROLE",
            "CREATEDB",
            "BYPASSRLS",
            "REPLICATION",
            "LOGIN",
        ] {
            assert_eq!(
                added(
                    &store,
                    &format!("ALTER ROLE keyctl_{{}}_{role} {attribute}")
                ),
                [format!("role keyctl_{name}_{role}: {attribute}")]
            );
        }
        assert_eq!(
            added(
                &store,
                &format!("GRANT pg_read_all_data TO keyctl_{{}}_{role}")
            ),
            [format!(
                "role keyctl_{name}_{role}: member of pg_read_all_data"
            )]
        );
        let user =
            format!("CREATE ROLE user_of_{name}; GRANT keyctl_{{}}_{role} TO user_of_{name}");
        let expected = match role {
            "owner" => vec![format!(
                "role user_of_{name}: member of keyctl_{name}_owner"
            )],
            // That is how users are given a role.
            _ => Vec::new(),
        };
        assert_eq!(added(&store, &user), expected);
    }
    store
        .database
        .admin(&format!("ALTER ROLE keyctl_{name}_operator BYPASSRLS"));
    let (code, remarks) = store.examine(&store.site);
    assert_eq!(code, 1);
    assert_eq!(
        Store::said(&remarks, "findings", "grants"),
        format!("added since 'init': role keyctl_{name}_operator: BYPASSRLS")
    );
}
