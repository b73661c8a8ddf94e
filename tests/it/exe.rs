//! The real executable: what only a process shows, on real pipes, terminals, files and users.

mod files;
mod harness;
mod oracles;
mod pipes;
mod processes;
mod readonly;
mod secrets;
mod terminal;
mod terminals;
