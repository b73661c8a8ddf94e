//! Tests on a real PostgreSQL server.

mod failover;
mod faults;
mod harness;
mod moving;
mod truth;
mod wall;
