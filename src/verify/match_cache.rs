//! Cache of comparisons: this secret matches this stored hash, or does not.

use super::compare::Match;
use super::generations::Generations;
use crate::env::Random;
use crate::error::Result;
use crate::token::AnyToken;
use sha2::{Digest, Sha256};
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// Length of the process key and of fingerprints, in bytes.
const LEN: usize = 32;

/// Part of the capacity that is for mismatches. They help only where a wrong token comes again and again.
const MISMATCHES: usize = 10;

/// SHA-256 over the process key, a token and a PHC string, each with its length before it. Tells nothing
/// about the token without the process key.
pub type Fingerprint = [u8; LEN];

/// Bounded cache of comparisons, shared by threads.
///
/// A comparison depends on the token and the PHC string alone, so an entry stays true whatever happens to the
/// store. Matches and mismatches have tables of their own: a flood of wrong tokens drops no right one.
pub struct MatchCache {
    key: Zeroizing<[u8; LEN]>,
    tables: Mutex<Tables>,
}

struct Tables {
    matches: Generations<Fingerprint, Match>,
    mismatches: Generations<Fingerprint, ()>,
}

impl MatchCache {
    /// Creates a cache of up to `capacity` comparisons, with a process key drawn from `random`.
    pub fn new(capacity: usize, random: &mut dyn Random) -> Result<Self> {
        let mut key = Zeroizing::new([0; LEN]);
        random.fill(&mut *key)?;
        Ok(MatchCache {
            key,
            tables: Mutex::new(Tables {
                matches: Generations::new(capacity),
                mismatches: Generations::new(capacity / MISMATCHES),
            }),
        })
    }

    /// Returns the fingerprint of `presented` and `phc`; with an empty `phc`, that of the token alone.
    pub fn fingerprint(&self, presented: &AnyToken, phc: &str) -> Fingerprint {
        let mut hasher = Sha256::new();
        for part in [&self.key[..], presented.expose(), phc.as_bytes()] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut fingerprint = [0; LEN];
        // In place: a method that takes the hasher by value would leave a copy of the token behind.
        hasher.finalize_into_reset((&mut fingerprint).into());
        fingerprint
    }

    /// Returns the comparison with this fingerprint, if it is in the cache.
    pub fn get(&self, compared: &Fingerprint) -> Option<Match> {
        let mut tables = self.tables();
        if let Some(matched) = tables.matches.get(compared) {
            return Some(*matched);
        }
        tables.mismatches.get(compared).map(|()| Match::No)
    }

    /// Puts a comparison into the cache.
    pub fn insert(&self, compared: Fingerprint, matched: Match) {
        let mut tables = self.tables();
        match matched {
            Match::No => tables.mismatches.insert(compared, ()),
            Match::Yes(_) => tables.matches.insert(compared, matched),
        }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // A panic of another thread does not make the tables invalid: at worst an entry is missing.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Scheme;

    struct Constant(u8);

    impl Random for Constant {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
            bytes.fill(self.0);
            Ok(())
        }
    }

    fn cache(capacity: usize, key: u8) -> MatchCache {
        MatchCache::new(capacity, &mut Constant(key)).unwrap()
    }

    fn token(text: &str) -> AnyToken {
        AnyToken::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_fingerprint_depends_on_process_key_token_and_hash() {
        let (one, other) = (token("sk-0123456789abcdef"), token("sk-0123456789abcde"));
        let cache_1 = cache(10, 1);
        let all = [
            cache_1.fingerprint(&one, ""),
            cache_1.fingerprint(&one, "f"),
            cache_1.fingerprint(&other, "f"),
            cache_1.fingerprint(&other, "ff"),
            cache(10, 2).fingerprint(&one, ""),
        ];
        for (index, print) in all.iter().enumerate() {
            assert!(!all[..index].contains(print), "{index}");
        }
        assert_eq!(all[1], cache(10, 1).fingerprint(&one, "f"));
    }

    #[test]
    fn a_flood_of_mismatches_drops_no_match() {
        let cache = cache(100, 1);
        cache.insert([0; LEN], Match::Yes(Some(Scheme::Sha256)));
        for n in 1..1000_u64 {
            let mut print = [0xff; LEN];
            print[..8].copy_from_slice(&n.to_le_bytes());
            cache.insert(print, Match::No);
            assert_eq!(cache.get(&print), Some(Match::No));
        }
        assert_eq!(cache.get(&[0; LEN]), Some(Match::Yes(Some(Scheme::Sha256))));
        assert_eq!(cache.get(&[1; LEN]), None);
    }
}
