//! A database as the place of a store.

use super::pool::Pooled;
use super::quoted;
use crate::harness::place::{Admitted, Place};
use keyctl::when::Timestamp;
use nix::unistd::{Uid, User};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};

/// The time that the database's `keyctl.clock()` tells is not known.
const UNKNOWN: i64 = i64::MIN;

/// A database in which one store is, with the users who may use it.
pub struct Tenant {
    database: Pooled,
    /// The users who were admitted since there is a store.
    admitted: Mutex<BTreeSet<String>>,
    /// The time that `keyctl.clock()` tells.
    clock: AtomicI64,
}

impl Tenant {
    /// The place in a database that was made for a world.
    pub fn new(database: Pooled) -> Self {
        Tenant {
            database,
            admitted: Mutex::default(),
            clock: AtomicI64::new(UNKNOWN),
        }
    }

    /// The database.
    pub fn into_database(self) -> Pooled {
        self.database
    }

    /// Name of the role with these rights, in quotes.
    fn role(&self, rights: &str) -> String {
        quoted(&format!("keyctl_{}_{rights}", self.database.name()))
    }

    /// Lets `user` use the store or, as long as there is none, found one.
    fn let_in(&self, user: &str) {
        self.database.cluster().login(user);
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        if admitted.contains(user) {
            return;
        }
        let operator = self.role("operator");
        let found = self
            .database
            .admin(&format!("SELECT to_regrole('{operator}')"));
        if found == [[None]] {
            self.database.let_found(user);
        } else {
            self.database
                .admin(&format!("GRANT {operator} TO {}", quoted(user)));
            admitted.insert(user.to_owned());
        }
    }
}

impl Place for Tenant {
    fn address(&self) -> PathBuf {
        self.database.url_of_actor().into()
    }

    fn address_of(&self, user: &str) -> PathBuf {
        self.database.url(user).into()
    }

    fn unruled(&self) -> PathBuf {
        self.database.url(super::UNRULED).into()
    }

    fn shown(&self, user: &str) -> String {
        self.database.shown(user)
    }

    fn know(&self, user: &str) {
        self.database.cluster().login(user);
    }

    fn set_uses(&self, id: &str, first: Option<Timestamp>, last: Option<Timestamp>) {
        let sql =
            |at: Option<Timestamp>| at.map_or("NULL".to_owned(), |at| at.millis().to_string());
        let (first, last) = (sql(first), sql(last));
        self.database.admin(&format!(
            "UPDATE keyctl.keys SET first_used_at = {first}, last_used_at = {last} WHERE id = '{id}'"
        ));
    }

    fn admit(&self, user: &str, uid: u32) -> Option<Admitted> {
        self.let_in(user);
        let admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        if uid != 0 || !admitted.contains(user) {
            return None;
        }
        let (admin, name) = (self.role("admin"), quoted(user));
        let is_one = format!(
            "SELECT true FROM pg_auth_members
             WHERE roleid = to_regrole('{admin}') AND member = to_regrole('{}')",
            name.replace('\'', "''")
        );
        if !self.database.admin(&is_one).is_empty() {
            return None;
        }
        self.database.admin(&format!("GRANT {admin} TO {name}"));
        let database = self.database.share();
        Some(Admitted::until(move || {
            database.admin(&format!("REVOKE {admin} FROM {name}"));
        }))
    }

    fn admit_this_process(&self) -> PathBuf {
        let uid = Uid::effective();
        let user = User::from_uid(uid).unwrap();
        let name = user.map_or_else(|| format!("uid:{uid}"), |user| user.name);
        self.let_in(&name);
        if uid.is_root() {
            let admin = self.role("admin");
            self.database
                .admin(&format!("GRANT {admin} TO {}", quoted(&name)));
        }
        let mut address = self.address().into_os_string();
        address.push("&application_name=present");
        address.into()
    }

    fn set_clock(&self, now: i64) {
        if self.clock.swap(now, Relaxed) != now {
            self.database
                .admin(&format!("UPDATE public.test_clock SET ms = {now}"));
        }
    }
}
