//! Parts that the benchmarks share: keys of a synthetic store, its making, and commands run in process.

#![allow(
    dead_code,
    reason = "each benchmark is a program of its own and uses only some of the parts"
)]

pub mod hashing;
pub mod population;
pub mod stores;
pub mod synthetic;
pub mod world;

/// Error of a benchmark that cannot run.
pub type Failed = Box<dyn std::error::Error>;

/// Tells whether `cargo bench` runs this program: `cargo test --all-targets` must not wait for it.
pub fn is_asked() -> bool {
    std::env::args_os().any(|argument| argument == "--bench")
}
