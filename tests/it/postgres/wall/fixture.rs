//! A store with users of each role, and keys as rows.

use crate::harness::postgres::{Cluster, Database, Pooled, cluster};
use keyctl::store::{self, Address, Surroundings};
use std::collections::BTreeMap;

/// An hour and a day, in milliseconds.
pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;

/// SQLSTATEs.
pub const NO_EVENT: &str = "KC001";
pub const POLICY: &str = "KC002";
pub const ACCESS: &str = "KC003";
pub const STATE: &str = "KC004";
pub const CLOCK: &str = "KC005";
pub const DENIED: &str = "42501";
pub const CHECK: &str = "23514";

/// A hash by the policy that is not set, of no known secret.
pub const HASH: &str = "$argon2id$v=19$m=7168,t=5,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Rows as text.
pub type Rows = Vec<Vec<Option<String>>>;

/// Outcome of a statement: whether it changed a row, or the SQLSTATE of its refusal.
pub type Outcome = Result<bool, String>;

/// A store in a database of its own. Ada is its administrator, Alice and Bob are operators, Vera is a verifier, and Oscar
/// has no role.
pub struct Wall {
    pub database: Pooled,
}

impl Wall {
    /// A store in a database that other tests use afterwards, with the rows and members that it has now. `None` if
    /// PostgreSQL is not installed.
    #[track_caller]
    pub fn new() -> Option<Self> {
        let cluster = cluster()?;
        // Not the database that it offers: that one has a clock that tests set.
        let database = cluster.pooled("wall", |_| Pooled::alone(made(cluster)));
        Some(Wall { database })
    }

    /// A store for a test that changes its schema or its rights.
    #[track_caller]
    pub fn alone() -> Option<Self> {
        let database = Pooled::alone(made(cluster()?));
        Some(Wall { database })
    }

    /// The name of a role of this store.
    pub fn role(&self, name: &str) -> String {
        role(&self.database, name)
    }

    /// Runs `sql` as `user`. Returns its rows, or the SQLSTATE of its refusal.
    pub fn sql(&self, user: &str, sql: &str) -> Result<Rows, String> {
        let done = self.database.sql(user, sql);
        done.map_err(|(state, message)| {
            // A refusal names its reason; a mistake in the SQL of a test must not pass as one.
            assert!(
                !state.starts_with("42") || state == DENIED,
                "{sql}: {message}"
            );
            state
        })
    }

    /// Runs changes as `user` in one transaction with an event for each of `ids`. `sql` returns the word `changed` for each
    /// row that it changed.
    pub fn change(&self, user: &str, ids: &[&str], sql: &str) -> Outcome {
        let events: String = ids.iter().map(|id| event("edit", id)).collect();
        let rows = self.sql(user, &format!("BEGIN; {sql}; {events} COMMIT"))?;
        Ok(rows
            .iter()
            .flatten()
            .any(|field| field.as_deref() == Some("changed")))
    }

    /// Updates a key as `user`.
    pub fn update(&self, user: &str, id: &str, set: &str) -> Outcome {
        self.change(user, &[id], &update(id, set))
    }

    /// Updates a key as `user`, whose key it is not, without an event: they may append none about it.
    pub fn reach(&self, user: &str, id: &str, set: &str) -> Outcome {
        self.change(user, &[], &update(id, set))
    }

    /// Inserts a key as `user`.
    pub fn insert(&self, user: &str, key: &Row) -> Outcome {
        self.change(user, &[&key.id], &key.insert())
    }

    /// Purges a key as `user`.
    pub fn purge(&self, user: &str, id: &str) -> Outcome {
        self.change(user, &[], &purge(id))
    }

    /// Inserts a key by the superuser, past all triggers.
    #[track_caller]
    pub fn given(&self, key: &Row) {
        self.past_triggers(&key.insert());
    }

    /// Runs SQL as the superuser, past all triggers.
    #[track_caller]
    pub fn past_triggers(&self, sql: &str) {
        self.database.admin(&format!(
            "SET session_replication_role = replica; {sql}; RESET session_replication_role"
        ));
    }

    /// Sets a policy as the administrator.
    #[track_caller]
    pub fn policy(&self, name: &str, value: &str) {
        let set = self.sql("ada", &format!(
            "BEGIN; INSERT INTO keyctl.policy VALUES ('{name}', '{value}') ON CONFLICT (name) DO UPDATE SET value = excluded.value;
             SELECT keyctl.append(keyctl.clock(), 'policy', NULL, '{{}}'); COMMIT"
        ));
        assert!(set.is_ok(), "{set:?}");
    }

    /// The value of an expression about the key `id`, as text.
    #[track_caller]
    pub fn value(&self, id: &str, expression: &str) -> Option<String> {
        let rows = self.database.admin(&format!(
            "SELECT ({expression})::text FROM keyctl.keys WHERE id = '{id}'"
        ));
        rows.into_iter().flatten().next().flatten()
    }
}

/// A new database with a store and its users.
fn made(cluster: &'static Cluster) -> Database {
    let database = cluster.database();
    let around = Surroundings {
        variable: &|_| None,
        user: &|| "postgres".to_owned(),
    };
    let address = Address::new(database.url("postgres").as_ref(), None, &around).unwrap();
    // The first administrator is who makes the store.
    database.admin(&store::script(&address).unwrap());
    for user in ["ada", "anna", "bob", "vera", "oscar"] {
        cluster.login(user);
    }
    for (name, users) in [
        ("admin", "ada"),
        ("operator", "anna, bob"),
        ("verifier", "vera"),
    ] {
        database.admin(&format!("GRANT {} TO {users}", role(&database, name)));
    }
    database
}

fn role(database: &Database, name: &str) -> String {
    format!("keyctl_{}_{name}", database.name())
}

/// SQL that updates a key.
pub fn update(id: &str, set: &str) -> String {
    format!("UPDATE keyctl.keys SET {set} WHERE id = '{id}' RETURNING 'changed'")
}

/// SQL that purges a key. The event is appended before that: it is about a key that is there.
pub fn purge(id: &str) -> String {
    format!(
        "{} SELECT 'changed' WHERE keyctl.purge('{id}')",
        event("purge", id)
    )
}

/// SQL that appends an event about a key.
pub fn event(action: &str, id: &str) -> String {
    format!("SELECT keyctl.append(keyctl.clock(), '{action}', '{id}', '{{}}');")
}

/// A row of a key: an expression for each column.
#[derive(Clone)]
pub struct Row {
    pub id: String,
    columns: BTreeMap<&'static str, String>,
}

impl Row {
    /// A key of kind api of `owner`, made by them now, for a day.
    pub fn new(id: &str, owner: &str) -> Self {
        let text = |text: &str| format!("'{text}'");
        let columns = [
            ("id", text(id)),
            ("name", text(&format!("key {id}"))),
            ("owner", text(owner)),
            ("kind", text("api")),
            ("hash", text(HASH)),
            ("created_at", now(0)),
            ("created_by", text(owner)),
            ("expires_at", now(DAY)),
            ("scopes", text("{inference}")),
            ("labels", text("{}")),
            ("allow_from", text("{}")),
            ("imported", "false".to_owned()),
        ];
        Row {
            id: id.to_owned(),
            columns: columns.into(),
        }
    }

    /// A legacy key of `owner`, made by the administrator.
    pub fn legacy(id: &str, owner: &str) -> Self {
        Row::new(id, owner)
            .with("kind", "'legacy'")
            .with("created_by", "'ada'")
            .with("expires_at", "NULL")
            .with("scopes", "'{}'")
    }

    /// The same with another expression for a column.
    #[must_use]
    pub fn with(mut self, column: &'static str, expression: impl Into<String>) -> Self {
        self.columns.insert(column, expression.into());
        self
    }

    /// The same, rotated an hour ago into `successor` with a grace of a day.
    #[must_use]
    pub fn rotated(self, successor: &str) -> Self {
        self.with("replaced_by", format!("'{successor}'"))
            .with("grace_from", now(-HOUR))
            .with("usable_until", now(23 * HOUR))
    }

    /// The same, disabled an hour ago by `user`.
    #[must_use]
    pub fn disabled_by(self, user: &str) -> Self {
        self.with("disabled_at", now(-HOUR))
            .with("disabled_by", format!("'{user}'"))
    }

    /// The same, deleted an hour ago.
    #[must_use]
    pub fn deleted(self) -> Self {
        self.with("deleted_at", now(-HOUR)).with("hash", "NULL")
    }

    /// SQL that inserts it.
    pub fn insert(&self) -> String {
        let columns: Vec<&str> = self.columns.keys().copied().collect();
        let values: Vec<&str> = self.columns.values().map(String::as_str).collect();
        format!(
            "INSERT INTO keyctl.keys ({}) VALUES ({}) RETURNING 'changed'",
            columns.join(", "),
            values.join(", ")
        )
    }
}

/// An expression for the server's time and so many milliseconds more.
pub fn now(more: i64) -> String {
    format!("keyctl.clock() + ({more})")
}

/// The outcome of a refusal with this SQLSTATE.
pub fn refused(state: &str) -> Outcome {
    Err(state.to_owned())
}

/// A change that was made.
pub const CHANGED: Outcome = Ok(true);

/// A statement that found no row, since row-level security hides it from a change.
pub const HIDDEN: Outcome = Ok(false);
