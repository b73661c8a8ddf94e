//! What the benchmarks share: the keys of a synthetic store, how one is made, and a world in which
//! commands run in process.

#![allow(
    dead_code,
    reason = "each target is a program of its own and uses a part of this"
)]

pub mod hashing;
pub mod population;
pub mod stores;
pub mod synthetic;
pub mod world;

/// Why a benchmark cannot run.
pub type Failed = Box<dyn std::error::Error>;

/// Whether `cargo bench` runs this program. Others that build or run every target do not mean to
/// wait for what it does.
pub fn is_asked() -> bool {
    std::env::args_os().any(|argument| argument == "--bench")
}
