//! Store in a database on a PostgreSQL server.

mod server;
mod tls;

pub use server::{Host, Server, TlsMode};
pub use tls::{TlsFailure, connector, explain};
