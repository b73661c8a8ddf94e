//! Tests on a real PostgreSQL server.

mod harness;
