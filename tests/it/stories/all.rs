//! Behaviour of commands on any store: nothing here speaks of a file. Run once for each store.

use super::World;

mod admin;
mod batch;
mod called;
mod choice;
mod completions;
mod create;
mod delete;
mod disable;
mod edit;
mod enable;
mod held;
mod in_use;
mod kinds;
mod leaked;
mod lines;
mod list;
mod log;
mod lookup;
mod member;
mod names;
mod networks;
mod policy;
mod purge;
mod refusals;
mod rotate;
mod scope;
mod scripts;
mod show;
mod states;
mod time;
mod undo;
mod verdicts;
mod verify;
mod widths;
