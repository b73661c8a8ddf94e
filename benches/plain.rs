//! Program that only hashes, by the plain call of the `argon2` crate in fresh memory. `compare.py`
//! measures keyctl's use of the crate against it.
//!
//! ```sh
//! plain --memory 7168 --iterations 5 --count 1
//! ```
//!
//! `--threads` divides the hashes among threads. `--reuse` keeps the memory of each thread, which is the
//! fastest way to make many hashes. Without `--count` the program does nothing, because `cargo bench`
//! runs every target.

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
    /// Number of hashes
    #[arg(long)]
    count: u32,
    /// Number of threads
    #[arg(long, default_value_t = 1)]
    threads: u32,
    /// Use the memory of one hash for the next
    #[arg(long)]
    reuse: bool,
    // Added by cargo.
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
        // This thread works too: one thread starts no other.
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

/// Returns the number of hashes for the thread `worker` of `threads`.
fn share(count: u32, threads: u32, worker: u32) -> u32 {
    count / threads + u32::from(worker < count % threads)
}

/// Makes `count` hashes and returns that number.
fn hash(args: &Args, count: u32) -> argon2::Result<u64> {
    // 43 characters, like the secret of a token.
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
