//! Every test that goes through the command line: in process, with a fixed clock and generator,
//! and (`exe`) with the real executable.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has failed"
)]

mod harness;

mod admin;
mod backup;
mod batch;
mod between;
mod called;
mod completions;
mod create;
mod damaged;
mod delete;
mod disable;
mod doctor;
mod documents;
mod edit;
mod enable;
mod exe;
mod generated;
mod help;
mod hostile;
mod init;
mod input;
mod kinds;
mod layers;
mod leaked;
mod lines;
mod list;
mod log;
mod lookup;
mod member;
mod migrations;
mod names;
mod policy;
mod properties;
mod purge;
mod recipes;
mod refusals;
mod restore;
mod rotate;
mod scope;
mod scripts;
mod show;
mod states;
mod store;
mod time;
mod verdicts;
mod verify;
mod widths;
