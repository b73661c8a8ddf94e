//! The real executable: what only a process shows, on real pipes, terminals, files and users.

mod addresses;
mod batch;
mod clock;
mod crash;
mod crowd;
mod disks;
mod doctor;
mod exposure;
mod failures;
mod files;
pub mod harness;
mod journal;
mod links;
mod lists;
mod locales;
mod memory;
mod namespaces;
mod oracles;
mod owners;
mod package;
mod parts;
mod people;
mod pictures;
mod pipes;
mod processes;
mod readonly;
mod restore;
mod secrets;
mod shells;
mod siblings;
pub mod strace;
pub mod terminal;
mod terminals;
mod timing;
mod work;

pub use harness::skipped;
