//! A PostgreSQL database as a kind of store.

use super::cluster;
use super::pool::Pooled;
use super::tenant::Tenant;
use crate::harness::Backend;
use crate::harness::place::Place;
use std::path::Path;
use std::sync::Arc;

/// One database on a PostgreSQL server. Where PostgreSQL is not installed, a SQLite file takes its place.
pub struct Postgres;

impl Backend for Postgres {
    const IS_A_FILE: bool = false;

    fn place(dir: &Path) -> Arc<dyn Place> {
        match cluster() {
            Some(cluster) => Arc::new(Tenant::new(Pooled::alone(cluster.database_of_world()))),
            None => Arc::new(dir.join("keyctl.db")),
        }
    }

    fn founded(dir: &Path, name: &'static str, found: &dyn Fn(&dyn Place)) -> Arc<dyn Place> {
        let Some(cluster) = cluster() else {
            let place = Self::place(dir);
            found(&*place);
            return place;
        };
        let make = |database| {
            let tenant = Tenant::new(database);
            found(&tenant);
            tenant.into_database()
        };
        Arc::new(Tenant::new(cluster.pooled(name, make)))
    }
}
