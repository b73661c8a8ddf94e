//! The section of the README that puts keys in front of a model server: its files, and the servers that it starts.

use super::reader::Machine;
use crate::gateways::five_minutes::{Addresses, WAIT, tools_are_here};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The heading of the section.
pub const HEADING: &str = "Guard a model server";

/// A machine that is ready for the section. Dropping it ends nginx, should the section not have done so.
pub struct Guarded {
    pid: PathBuf,
}

impl Guarded {
    /// Lays the recipe's files where alice's copy of the tree is, and lets free addresses stand for those of the page.
    /// Returns `None`, which is said, if a tool is missing.
    pub fn prepare(machine: &mut Machine) -> Option<Self> {
        if !tools_are_here() {
            return None;
        }
        let recipe = machine.path("home/alice/docs/gateways/five-minutes");
        fs::create_dir_all(&recipe).unwrap();
        let addresses = Addresses::free();
        addresses.write_files(&recipe);
        machine.stand_in(addresses.stand_ins());
        // A shell that has no jobs says nothing of their end.
        machine.types_to("sh", "alice", "set +m");
        Some(Guarded {
            pid: machine.path("home/alice/try/nginx.pid"),
        })
    }

    /// Waits for the servers that the section's last block has started, as a person does.
    pub fn wait(&self, machine: &mut Machine) {
        machine.types_to("sh", "alice", WAIT.trim_end());
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(&self.pid) {
            // It may have ended meanwhile.
            let _ = Command::new("kill").arg(pid.trim()).status();
        }
    }
}
