//! Makes a synthetic store, of up to some ten million keys:
//!
//! ```sh
//! cargo bench --bench synthetic -- --keys 10000000 /var/tmp/big.db
//! cargo bench --bench synthetic -- --keys 100000 --tokens 1000 --tokens-to /var/tmp/tokens /var/tmp/k.db
//! ```
//!
//! Ten million keys take five minutes of a processor, 1.7 GB of memory and 4 GB of disk. What such a store is, and
//! what it is not, stands in `common/synthetic.rs`. Without `--keys` nothing is made: `cargo bench`
//! runs every target.

#![allow(
    clippy::print_stderr,
    reason = "a program for people who measure has nobody else to tell"
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
    /// How many keys
    #[arg(long)]
    keys: Option<u64>,
    /// What they are drawn from: the same seed, the same tokens
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many of them, from the oldest on, are hashed with Argon2id; the others with SHA-256
    #[arg(long, default_value_t = 0)]
    argon2: u64,
    /// The memory of such a hash, in KiB
    #[arg(long, default_value_t = Cost::default().memory_kib)]
    memory: u32,
    /// The passes over that memory
    #[arg(long, default_value_t = Cost::default().iterations)]
    iterations: u32,
    /// Write the tokens of so many active keys, drawn at random, of those with Argon2id if there
    /// are any; needs --tokens-to
    #[arg(long, requires = "tokens_to")]
    tokens: Option<u64>,
    /// The new file, mode 0600, that they go to, one a line
    #[arg(long, requires = "tokens")]
    tokens_to: Option<PathBuf>,
    /// Where the store is to be
    #[arg(required_unless_present = "keys")]
    path: Option<PathBuf>,
    // What cargo adds.
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
    let told = |count: u64| eprintln!("{count} keys, {} s", start.elapsed().as_secs());
    synthetic::make(&path, &plan, &mut { told })?;
    if let Some((count, path)) = args.tokens.zip(args.tokens_to) {
        synthetic::write_tokens(&path, &plan, count)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("{}: {keys} keys in {seconds:.1} s", path.display());
    Ok(())
}
