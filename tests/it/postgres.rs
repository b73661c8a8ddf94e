//! Tests on a real PostgreSQL server.

mod harness;
mod wall;
