//! The rules of access, policy and state against plain SQL, past the program: each is refused to whom it binds, and the
//! same statement passes for those whom it does not.

mod chain;
mod commands;
mod create;
mod edit;
mod fixture;
mod log;
mod rights;
mod rotate;
mod settings;
mod stop;
