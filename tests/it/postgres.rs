//! Tests on a real PostgreSQL server.

mod failover;
mod faults;
mod harness;
mod truth;
mod wall;
