//! Hashes at rest: PHC strings, one a key, so that parameters can change while old keys go on
//! working.
//!
//! Argon2id (RFC 9106), version 1.3, one lane, a salt of 16 bytes and a tag of 32, over the 43
//! characters of a token's secret.

use crate::env::Random;
use crate::error::{Error, Result};
use argon2::password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use std::hint::black_box;
use zeroize::Zeroizing;

const SALT_LEN: usize = 16;
const TAG_LEN: usize = 32;
const LANES: u32 = 1;

/// What a stored hash may cost at most, so that a planted one cannot exhaust the machine.
const MAX_MEMORY_KIB: u32 = 1 << 20;
const MAX_ITERATIONS: u32 = 100;
const MAX_WORK_KIB: u64 = 4 << 20;
const MAX_LANES: u32 = 4;

/// What one Argon2id hash costs, with one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
}

/// One of the equivalent choices of OWASP's Password Storage Cheat Sheet: 7 MiB, 5 passes, 1 lane.
impl Default for Cost {
    fn default() -> Self {
        Cost {
            memory_kib: 7168,
            iterations: 5,
        }
    }
}

impl Cost {
    fn params(self) -> Result<Params> {
        Params::new(self.memory_kib, self.iterations, LANES, Some(TAG_LEN)).map_err(failed)
    }
}

/// Hashes `secret` with a new salt and returns the PHC string.
pub fn hash(secret: &[u8], cost: Cost, random: &mut dyn Random) -> Result<String> {
    let mut salt = [0; SALT_LEN];
    random.fill(&mut salt)?;
    let params = cost.params()?;
    let tag = derive(secret, &salt, params.clone())?;
    let phc = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(failed)?,
        salt: Some(Salt::new(&salt).map_err(failed)?),
        hash: Some(Output::new(&tag[..]).map_err(failed)?),
    };
    Ok(phc.to_string())
}

/// Does the work of one hash at `cost` and throws the result away, so that a key that is not there
/// takes as long as one whose secret is wrong.
pub fn stand_in(secret: &[u8], cost: Cost) -> Result<()> {
    let tag = derive(secret, &[0; SALT_LEN], cost.params()?)?;
    black_box(&tag);
    Ok(())
}

/// A stored hash that was read and found safe to run.
pub struct Stored {
    params: Params,
    salt: Salt,
    tag: Output,
}

impl Stored {
    /// Reads a PHC string; `None` if it is none of ours or would cost too much to run.
    pub fn parse(phc: &str) -> Option<Self> {
        let hash = PasswordHash::new(phc).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
        let ours = hash.algorithm == Algorithm::Argon2id.ident()
            && hash.version == Some(Version::V0x13.into())
            && hash.params.iter().all(|(name, _)| is_cost(&name));
        let bounded = params.m_cost() <= MAX_MEMORY_KIB
            && params.t_cost() <= MAX_ITERATIONS
            && work <= MAX_WORK_KIB
            && params.p_cost() <= MAX_LANES;
        let (salt, tag) = (hash.salt?, hash.hash?);
        (ours && bounded && tag.len() == TAG_LEN).then_some(Stored { params, salt, tag })
    }

    /// Whether this is the hash of `secret`; takes the same time either way.
    pub fn matches(&self, secret: &[u8]) -> Result<bool> {
        let tag = derive(secret, &self.salt, self.params.clone())?;
        // The comparison of `Output` runs in constant time.
        Ok(Output::new(&tag[..]).map_err(failed)? == self.tag)
    }

    /// Whether this hash was made at `cost`.
    pub fn is_at(&self, cost: Cost) -> bool {
        (
            self.params.m_cost(),
            self.params.t_cost(),
            self.params.p_cost(),
        ) == (cost.memory_kib, cost.iterations, LANES)
    }
}

/// Whether a parameter says what the hash costs; others (`keyid`, `data`) would change its meaning.
fn is_cost(name: &Ident) -> bool {
    matches!(name.as_str(), "m" | "t" | "p")
}

fn derive(secret: &[u8], salt: &[u8], params: Params) -> Result<Zeroizing<[u8; TAG_LEN]>> {
    let mut tag = Zeroizing::new([0; TAG_LEN]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(secret, salt, &mut tag[..])
        .map_err(failed)?;
    Ok(tag)
}

fn failed(cause: impl std::fmt::Display) -> Error {
    Error::store(format!("cannot hash the secret: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT_TAG: &str = "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn stored(head: &str) -> bool {
        Stored::parse(&format!("{head}${SALT_TAG}")).is_some()
    }

    #[test]
    fn what_costs_too_much_is_never_run() {
        assert!(stored("$argon2id$v=19$m=1048576,t=4,p=1"));
        assert!(stored("$argon2id$v=19$m=8192,t=100,p=4"));
        assert!(!stored("$argon2id$v=19$m=1048577,t=1,p=1"));
        assert!(!stored("$argon2id$v=19$m=8192,t=101,p=1"));
        assert!(!stored("$argon2id$v=19$m=1048576,t=5,p=1"));
        assert!(!stored("$argon2id$v=19$m=8192,t=1,p=5"));
        assert!(!stored("$argon2id$v=19$m=67108864,t=1,p=1"));
    }

    #[test]
    fn what_is_not_ours_is_not_read() {
        assert!(!stored("$argon2i$v=19$m=8192,t=5,p=1"));
        assert!(!stored("$argon2id$v=16$m=8192,t=5,p=1"));
        assert!(!stored("$argon2id$m=8192,t=5,p=1"));
        assert!(!stored("$argon2id$v=19$m=8192,t=5,p=1,keyid=AAAA"));
        assert!(
            Stored::parse("$argon2id$v=19$m=8192,t=5,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAA")
                .is_none()
        );
        assert!(Stored::parse("$argon2id$v=19$m=8192,t=5,p=1$AAAAAAAAAAAAAAAAAAAAAA").is_none());
        assert!(Stored::parse("").is_none());
        assert!(Stored::parse("\0\u{ffff}").is_none());
    }
}
