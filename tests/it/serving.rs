//! `keyctl serve` as a process, asked over HTTP.

mod at_once;
mod failing;
mod remote;
pub mod server;
mod shutdown;
mod systemd;
mod timing;
mod verdicts;
