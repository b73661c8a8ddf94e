//! Program that makes a synthetic store, of up to some ten million keys:
//!
//! ```sh
//! cargo bench --bench synthetic -- --keys 10000000 /var/tmp/big.db
//! cargo bench --bench synthetic -- --keys 100000 --tokens 1000 --tokens-to /var/tmp/tokens /var/tmp/k.db
//! ```
//!
//! Ten million keys take five minutes of CPU, 1.7 GB of memory and 4 GB of disk. `common/synthetic.rs`
//! describes the store. Without `--keys` the program does nothing, because `cargo bench` runs every
//! target.

#![allow(
    clippy::print_stderr,
    reason = "a program for people reports on standard error"
)]

mod common;

use clap::Parser;
use common::Failed;
use common::synthetic::{self, Plan};
use keyctl::hash::Cost;
use std::path::PathBuf;
use std::time::Instant;

/// Make a synthetic store
#[derive(Parser)]
#[command(name = "cargo bench --bench synthetic --")]
struct Args {
    /// Number of keys
    #[arg(long)]
    keys: Option<u64>,
    /// Seed: the same seed gives the same tokens
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of keys, from the oldest on, hashed with Argon2id; the others with SHA-256
    #[arg(long, default_value_t = 0)]
    argon2: u64,
    /// Memory of an Argon2id hash, in KiB
    #[arg(long, default_value_t = Cost::default().memory_kib)]
    memory: u32,
    /// Number of passes over that memory
    #[arg(long, default_value_t = Cost::default().iterations)]
    iterations: u32,
    /// Number of active keys, drawn at random, whose tokens are written; only Argon2id keys if there are
    /// any; needs --tokens-to
    #[arg(long, requires = "tokens_to")]
    tokens: Option<u64>,
    /// New file for the tokens, one a line, mode 0600
    #[arg(long, requires = "tokens")]
    tokens_to: Option<PathBuf>,
    /// Path of the new store
    #[arg(required_unless_present = "keys")]
    path: Option<PathBuf>,
    // Added by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<(), Failed> {
    if !std::env::args().any(|argument| argument.starts_with("--keys")) {
        eprintln!("synthetic: nothing is made without --keys; see benches/synthetic.rs");
        return Ok(());
    }
    let args = Args::parse();
    let (Some(keys), Some(path)) = (args.keys, args.path) else {
        return Err("both --keys and a path are needed".into());
    };
    let plan = Plan {
        seed: args.seed,
        argon2: args.argon2,
        cost: Cost {
            memory_kib: args.memory,
            iterations: args.iterations,
        },
        ..Plan::new(keys)?
    };
    let start = Instant::now();
    let report = |count: u64| eprintln!("{count} keys, {} s", start.elapsed().as_secs());
    synthetic::make(&path, &plan, &mut { report })?;
    if let Some((count, path)) = args.tokens.zip(args.tokens_to) {
        synthetic::write_tokens(&path, &plan, count)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("{}: {keys} keys in {seconds:.1} s", path.display());
    Ok(())
}
