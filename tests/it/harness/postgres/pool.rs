//! Databases with a store that are used by one test after another.
//!
//! To make a database and a store in it takes 100 ms, to put the rows back to what they were 5.

use super::{Cluster, Database};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::panicking;

/// Databases that nobody uses now, by the name of what was done to all of a kind.
#[derive(Default)]
pub struct Pool(Mutex<BTreeMap<&'static str, Vec<Arc<Database>>>>);

/// Keeps the rows of every table and the members of every role.
const SAVE: &str = "
DO $$
DECLARE t name;
BEGIN
    CREATE SCHEMA saved;
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'keyctl' LOOP
        EXECUTE format('CREATE TABLE saved.%I AS TABLE keyctl.%I', t, t);
    END LOOP;
    CREATE TABLE public.saved_members AS
        SELECT m.roleid, m.member FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
        WHERE starts_with(r.rolname, 'keyctl_' || current_database() || '_');
END $$";

/// Ends other sessions, puts back the rows that [`SAVE`] has kept, and expels other members.
const RESTORE: &str = "
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$
DECLARE
    t name;
    gone record;
BEGIN
    -- No trigger fires: these changes have no event.
    SET LOCAL session_replication_role = replica;
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'saved' LOOP
        EXECUTE format('DELETE FROM keyctl.%I', t);
        EXECUTE format('INSERT INTO keyctl.%I SELECT * FROM saved.%I', t, t);
    END LOOP;
    PERFORM setval(pg_get_serial_sequence('keyctl.keys', 'seq'), 1, false);
    FOR gone IN
        SELECT m.roleid::regrole AS role, m.member::regrole AS member
        FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
        WHERE starts_with(r.rolname, 'keyctl_' || current_database() || '_')
            AND (m.roleid, m.member) NOT IN (SELECT roleid, member FROM public.saved_members)
    LOOP
        EXECUTE format('REVOKE %s FROM %s', gone.role, gone.member);
    END LOOP;
END $$";

impl Cluster {
    /// A database as `make` has made it from a new one, or a used one that was put back to that. For
    /// every `kind`, `make` does the same: it makes a store.
    pub fn pooled(
        &'static self,
        kind: &'static str,
        make: impl FnOnce(Pooled) -> Pooled,
    ) -> Pooled {
        let free = self.pool.take(kind);
        if let Some(database) = free {
            database.admin(RESTORE);
            return Pooled(database, Some(kind));
        }
        let made = make(Pooled::alone(self.database_of_world()));
        made.admin(SAVE);
        Pooled(made.share(), Some(kind))
    }
}

impl Pool {
    fn take(&self, kind: &str) -> Option<Arc<Database>> {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        free.get_mut(kind)?.pop()
    }

    fn put(&self, kind: &'static str, database: Arc<Database>) {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        free.entry(kind).or_default().push(database);
    }
}

/// A database, and to which kind it goes back when this is dropped. It is dropped itself if the test
/// failed, or if it is of no kind.
pub struct Pooled(Arc<Database>, Option<&'static str>);

impl Pooled {
    /// A database that does not go back.
    pub fn alone(database: Database) -> Self {
        Pooled(Arc::new(database), None)
    }

    /// The database, for what is done at the end of a command.
    pub fn share(&self) -> Arc<Database> {
        Arc::clone(&self.0)
    }
}

impl Deref for Pooled {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.0
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        if let Some(kind) = self.1
            && !panicking()
        {
            self.0.cluster().pool.put(kind, Arc::clone(&self.0));
        }
    }
}
