//! Benchmarks of the library in one process: tokens, hashes, and whole commands by `keyctl::run` on
//! synthetic stores.
//!
//! ```sh
//! cargo bench --bench library
//! cargo bench --bench library -- verify
//! KEYCTL_BENCH_LARGEST=1 cargo bench --bench library -- verify
//! ```
//!
//! The stores of 10, 100,000 and 1,000,000 keys are made once, in half a minute, and kept under
//! `target/bench-stores/`. The store of 10,000,000 keys (five minutes, 4 GB) is made and measured only
//! if the variable `KEYCTL_BENCH_LARGEST` is set. A store of an older schema is made again. After a
//! change of the generator, remove the directory.

#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a benchmark stops at the first error"
)]

mod common;

use common::stores::{Kept, Scratch, make_if_asked};
use common::{Failed, is_asked};
use divan::Bencher;
use keyctl::hash::{Cost, Scheme};

fn main() -> Result<(), Failed> {
    if make_if_asked()? {
        return Ok(());
    }
    if !is_asked() {
        eprintln!("library: run it by 'cargo bench', it makes large stores");
        return Ok(());
    }
    divan::main();
    Ok(())
}

/// Returns the sizes of the stores for verification, in keys.
fn sizes() -> Vec<u64> {
    let mut sizes = vec![10, 100_000, 1_000_000];
    if std::env::var_os("KEYCTL_BENCH_LARGEST").is_some() {
        sizes.push(10_000_000);
    }
    sizes
}

const MILLION: u64 = 1_000_000;

/// Names of the measured hash schemes, with memory in KiB and iterations.
const SCHEMES: [&str; 3] = ["sha256", "argon2id-7168-5", "argon2id-19456-2"];

fn scheme(name: &str) -> Scheme {
    let cost = |memory_kib, iterations| {
        Scheme::Argon2id(Cost {
            memory_kib,
            iterations,
        })
    };
    match name {
        "argon2id-7168-5" => cost(7168, 5),
        "argon2id-19456-2" => cost(19456, 2),
        _ => Scheme::Sha256,
    }
}

mod token {
    use super::*;
    use divan::black_box;
    use keyctl::token::Token;

    fn token() -> String {
        Kept::open(10).expect("a store").tokens.remove(0)
    }

    #[divan::bench]
    fn right(bencher: Bencher) {
        let token = token();
        bencher.bench(|| Token::parse(black_box(token.as_bytes())).is_some());
    }

    #[divan::bench]
    fn wrong_checksum(bencher: Bencher) {
        let mut token = token();
        let last = token.pop();
        token.push(if last == Some('0') { '1' } else { '0' });
        bencher.bench(|| Token::parse(black_box(token.as_bytes())).is_some());
    }

    #[divan::bench]
    fn no_token(bencher: Bencher) {
        let token = "not-a-token".repeat(6);
        bencher.bench(|| Token::parse(black_box(token.as_bytes())).is_some());
    }
}

mod hash {
    use super::common::{hashing::hash, world};
    use super::*;
    use keyctl::hash::{Memory, Stored};

    const SECRET: &[u8; 43] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg";

    #[divan::bench(args = SCHEMES)]
    fn make(bencher: Bencher, name: &str) {
        let mut random = world::Generator::default();
        bencher.bench_local(|| {
            hash(SECRET, scheme(name), &mut random, &mut Memory::default()).expect("a hash")
        });
    }

    /// In fresh memory, as in a process that checks one token.
    #[divan::bench(args = SCHEMES)]
    fn check(bencher: Bencher, name: &str) {
        let stored = stored(name);
        bencher.bench_local(|| {
            stored
                .matches(SECRET, &mut Memory::default())
                .expect("a hash")
        });
    }

    /// In memory that an earlier hash has used, as in a batch.
    #[divan::bench(args = SCHEMES)]
    fn check_again(bencher: Bencher, name: &str) {
        let stored = stored(name);
        let mut memory = Memory::default();
        bencher.bench_local(|| stored.matches(SECRET, &mut memory).expect("a hash"));
    }

    fn stored(name: &str) -> Stored {
        let mut random = world::Generator::default();
        let phc = hash(SECRET, scheme(name), &mut random, &mut Memory::default()).expect("a hash");
        Stored::parse(&phc).expect("a stored hash")
    }
}

mod verify {
    use super::*;

    /// The whole command, from the arguments to the verdict, without the start of a process.
    #[divan::bench(args = sizes(), sample_count = 500)]
    fn sha256(bencher: Bencher, keys: u64) {
        let store = Kept::open(keys).expect("a store");
        let mut tokens = store.tokens.iter().cycle();
        bencher
            .with_inputs(|| tokens.next().expect("a token"))
            .bench_local_values(|token| {
                store.world.run("verify --no-touch", token).expect("valid")
            });
    }

    /// Only the library's call, in a store that stays open.
    #[divan::bench(args = sizes(), sample_count = 500)]
    fn sha256_in_an_open_store(bencher: Bencher, keys: u64) {
        let store = Kept::open(keys).expect("a store");
        let open = store.opened().expect("a store");
        let mut tokens = store.tokens.iter().cycle();
        bencher
            .with_inputs(|| tokens.next().expect("a token"))
            .bench_local_values(|token| store.verify(&*open, token).expect("valid"));
    }

    #[divan::bench(args = &SCHEMES[1..])]
    fn argon2id(bencher: Bencher, name: &str) {
        let store = Scratch::new(scheme(name)).expect("a store");
        bencher.bench_local(|| {
            store
                .world
                .run("verify --no-touch", &store.token)
                .expect("valid")
        });
    }

    #[divan::bench]
    fn malformed(bencher: Bencher) {
        let store = Kept::open(10).expect("a store");
        bencher.bench_local(|| store.world.exit_code("verify", "not-a-token"));
    }
}

mod list {
    use super::*;

    /// Flags of the measured lists.
    const LISTS: [&str; 7] = [
        "--format jsonl",
        "--format jsonl --limit 100",
        "--format jsonl --owner u000007",
        "--format jsonl --scope audit",
        "--format jsonl --state disabled",
        "--format jsonl --expiring-within 1d",
        "--format ids",
    ];

    #[divan::bench(args = LISTS, sample_count = 5)]
    fn million(bencher: Bencher, flags: &str) {
        let store = Kept::open(MILLION).expect("a store");
        let line = format!("list {flags}");
        bencher.bench_local(|| store.world.run(&line, "").expect("a list"));
    }
}

mod change {
    use super::*;

    #[divan::bench(args = SCHEMES)]
    fn create(bencher: Bencher, name: &str) {
        let store = Scratch::new(scheme(name)).expect("a store");
        let mut number = 0;
        bencher.bench_local(|| {
            number += 1;
            let line = format!("create --scope inference --name bench-{number}");
            store.world.run(&line, "").expect("a token")
        });
    }

    #[divan::bench(args = SCHEMES)]
    fn rotate(bencher: Bencher, name: &str) {
        let store = Scratch::new(scheme(name)).expect("a store");
        let made = store.world.run("create --scope inference --name bench", "");
        made.expect("a token");
        bencher.bench_local(|| store.world.run("rotate bench", "").expect("a token"));
    }

    #[divan::bench(sample_count = 5)]
    fn create_a_thousand(bencher: Bencher) {
        let store = Scratch::new(Scheme::Sha256).expect("a store");
        let mut number = 0;
        bencher.bench_local(|| {
            number += 1;
            let line = format!("create --scope inference --count 1000 --name bench-{number}");
            store.world.run(&line, "").expect("tokens")
        });
    }
}
