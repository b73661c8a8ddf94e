//! Contracts of `Read`, `Tx` and `Store`, held against every store: SQLite's, and one in memory that
//! shows what a database server has to keep. A test takes each of `stores()` in turn.

mod fixtures;
mod keys;
mod log;
mod lookups;
mod memory;
mod model;
mod scan;
mod settings;
mod snapshots;
mod stores;
mod uses;
mod writes;
