//! Hashes with the `argon2` crate called plainly, in fresh memory, and does nothing else: the
//! process that keyctl's use of the crate is measured against by `compare.py`.
//!
//! ```sh
//! plain --memory 7168 --iterations 5 --count 1
//! ```
//!
//! With `--threads` the hashes are shared out; with `--reuse` each thread keeps its blocks, which is
//! the least that many hashes cost. Without `--count` nothing is hashed: `cargo bench` runs every
//! target.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use clap::Parser;
use std::thread;

/// Hash plainly
#[derive(Parser)]
#[command(name = "plain")]
struct Args {
    /// Memory in KiB
    #[arg(long, default_value_t = 7168)]
    memory: u32,
    /// Passes over the memory
    #[arg(long, default_value_t = 5)]
    iterations: u32,
    /// How many hashes
    #[arg(long)]
    count: u32,
    /// On how many threads
    #[arg(long, default_value_t = 1)]
    threads: u32,
    /// Use the memory of one hash for the next
    #[arg(long)]
    reuse: bool,
    // What cargo adds.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<(), String> {
    if !std::env::args().any(|argument| argument.starts_with("--count")) {
        return Ok(());
    }
    let args = Args::parse();
    let threads = args.threads.max(1);
    let hashed = thread::scope(|scope| {
        let work = |worker| hash(&args, share(args.count, threads, worker));
        let workers: Vec<_> = (1..threads)
            .map(|worker| scope.spawn(move || work(worker)))
            .collect();
        // One thread is none beside this one.
        let mut all = vec![work(0)];
        all.extend(workers.into_iter().filter_map(|worker| worker.join().ok()));
        all.into_iter().collect::<argon2::Result<Vec<u64>>>()
    });
    let hashed: u64 = hashed.map_err(|error| error.to_string())?.iter().sum();
    if hashed == u64::from(args.count) {
        Ok(())
    } else {
        Err("a thread panicked".to_owned())
    }
}

/// How many of `count` hashes the thread `worker` of `threads` makes.
fn share(count: u32, threads: u32, worker: u32) -> u32 {
    count / threads + u32::from(worker < count % threads)
}

/// Makes `count` hashes and returns how many it made.
fn hash(args: &Args, count: u32) -> argon2::Result<u64> {
    // 43 characters, as a token's secret.
    let secret = [b'a'; 43];
    let params = Params::new(args.memory, args.iterations, 1, Some(32))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut blocks = vec![Block::default(); if args.reuse { params.block_count() } else { 0 }];
    for salt in 0..count {
        let salt = u128::from(salt).to_be_bytes();
        let mut tag = [0; 32];
        if args.reuse {
            argon2.hash_password_into_with_memory(&secret, &salt, &mut tag, &mut blocks)?;
        } else {
            argon2.hash_password_into(&secret, &salt, &mut tag)?;
        }
        std::hint::black_box(tag);
    }
    Ok(u64::from(count))
}
