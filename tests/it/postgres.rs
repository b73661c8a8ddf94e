//! Tests on a real PostgreSQL server.

mod failover;
mod harness;
mod truth;
mod wall;
