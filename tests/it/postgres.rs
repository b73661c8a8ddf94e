//! Tests on a real PostgreSQL server.

mod faults;
mod harness;
mod wall;
