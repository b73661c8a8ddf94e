//! Every test that goes through the command line: in process, with a fixed clock and generator,
//! and (`exe`) with the real executable.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has failed"
)]
#![cfg_attr(
    feature = "postgres",
    allow(
        clippy::duplicate_mod,
        reason = "stories are compiled once for each kind of store"
    )
)]

mod harness;

mod attacks;
mod backup;
mod between;
mod contracts;
mod damaged;
mod dependencies;
mod doctor;
mod documents;
mod exe;
mod gateways;
mod generated;
mod help;
mod hostile;
mod imported;
mod init;
mod input;
mod kept;
mod layers;
mod migrations;
mod postgres;
mod properties;
mod recipes;
mod restore;
mod retired;
mod serving;
mod sqlite;
mod store;
mod tampered;
mod week;

/// Stories on a SQLite file. They say nothing of the file, so that each of them is to hold on any
/// store: another one that commands can open is another module like this.
#[path = "stories"]
mod on_sqlite {
    use crate::harness::{On, Sqlite};

    /// A world on this store.
    pub type World = On<Sqlite>;

    mod of_a_file;
    #[path = "all.rs"]
    mod stories;
}

/// The same stories on a PostgreSQL server.
#[cfg(feature = "postgres")]
#[path = "stories"]
mod on_postgres {
    use crate::harness::On;
    use crate::harness::postgres::Postgres;

    /// A world on this store.
    pub type World = On<Postgres>;

    #[path = "all.rs"]
    mod stories;
}
