//! `keyctl serve`: an HTTP endpoint that gateways ask whether to let a request in.

pub mod client;
pub mod listen;
pub mod log;
pub mod metrics;
pub mod presented;
pub mod query;
