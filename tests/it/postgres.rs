//! Tests on a real PostgreSQL server.

mod doctor;
mod failover;
mod faults;
mod harness;
mod init;
mod moving;
mod serving;
mod truth;
mod wall;
