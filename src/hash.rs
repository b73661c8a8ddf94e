//! Stored hashes of secrets, as PHC strings: each names its own parameters, so that these can change
//! while old keys go on working.
//!
//! Two schemes hash the 43 characters of a token's secret:
//!
//! - Argon2id (RFC 9106): version 1.3, one lane, a salt of 16 bytes, a tag of 32 bytes;
//! - SHA-256 for hot paths: `$sha256$` and the digest in unpadded base64. A generated secret has 256
//!   random bits, so a slow hash would not make it harder to guess.
//!
//! A token that another system made is hashed whole, by SHA-256: `$sha256-token$` and the digest. So the hash of
//! one kind of token never matches a token of the other kind.

mod cost;
mod digest;
mod memory;

pub use cost::Cost;
pub use digest::TokenDigest;
pub use memory::Memory;

use crate::env::Random;
use crate::error::{Error, ErrorSource, Result};
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::BASE64_NOPAD;
use sha2::{Digest, Sha256};
use std::io;
use std::num::NonZeroUsize;
use zeroize::Zeroizing;

const SALT_LEN: usize = 16;
const TAG_LEN: usize = 32;
const SHA256: &str = "$sha256$";
const TOKEN_SHA256: &str = "$sha256-token$";
const LANES: u32 = 1;

/// Parameters of a stored Argon2id hash: memory, iterations, lanes; each exactly once.
///
/// Hashes with others (`keyid`, `data`) are refused: these change the result.
const COSTS: [&str; 3] = ["m", "t", "p"];

/// Maximum number of lanes of a stored hash.
const MAX_LANES: u32 = 4;

/// Maximum number of threads that hash at once.
const MAX_THREADS: u32 = 64;

/// Scheme by which a secret is hashed, with its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Slow, and takes much memory, on purpose.
    Argon2id(Cost),
    /// Fast.
    Sha256,
}

impl Scheme {
    /// Returns the number of threads that may hash at once: at most `cores` and 64.
    ///
    /// Together they take no more memory than the largest hash that is ever run.
    pub fn threads(self, cores: NonZeroUsize) -> NonZeroUsize {
        let room = match self {
            Scheme::Argon2id(cost) => cost.at_once(),
            Scheme::Sha256 => MAX_THREADS,
        };
        let most = usize::try_from(room.clamp(1, MAX_THREADS)).ok();
        cores.min(most.and_then(NonZeroUsize::new).unwrap_or(cores))
    }
}

/// Scheme and salt of one new hash.
///
/// The salt is drawn before the hashing, so that the order of draws stays fixed even if several
/// threads hash.
pub struct Recipe {
    scheme: Scheme,
    salt: [u8; SALT_LEN],
}

impl Recipe {
    /// Draws a new salt for `scheme`, if it takes one.
    pub fn draw(scheme: Scheme, random: &mut dyn Random) -> Result<Self> {
        let mut salt = [0; SALT_LEN];
        if let Scheme::Argon2id(_) = scheme {
            random.fill(&mut salt)?;
        }
        Ok(Recipe { scheme, salt })
    }

    /// Hashes `secret` and returns the PHC string.
    pub fn hash(&self, secret: &[u8], memory: &mut Memory) -> Result<String> {
        match self.scheme {
            Scheme::Argon2id(cost) => {
                let params = params(cost)?;
                let tag = derive(secret, &self.salt, params.clone(), memory)?;
                in_argon2id(params, &self.salt, &tag)
            }
            Scheme::Sha256 => Ok(in_phc(SHA256, &digest(secret))),
        }
    }
}

fn params(cost: Cost) -> Result<Params> {
    Params::new(cost.memory_kib, cost.iterations, LANES, Some(TAG_LEN)).map_err(failed)
}

fn in_phc(head: &str, digest: &[u8; TAG_LEN]) -> String {
    format!("{head}{}", BASE64_NOPAD.encode(digest))
}

fn in_argon2id(params: Params, salt: &[u8], tag: &[u8; TAG_LEN]) -> Result<String> {
    let phc = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(failed)?,
        salt: Some(Salt::new(salt).map_err(failed)?),
        hash: Some(Output::new(tag).map_err(failed)?),
    };
    Ok(phc.to_string())
}

/// Returns a PHC string by `scheme` that no known secret matches.
///
/// Secrets of unknown keys are compared with it: they take as long as a wrong secret of a known key.
pub fn stand_in(scheme: Scheme) -> Result<String> {
    match scheme {
        Scheme::Argon2id(cost) => in_argon2id(params(cost)?, &[0; SALT_LEN], &[0; TAG_LEN]),
        Scheme::Sha256 => Ok(in_phc(SHA256, &[0; TAG_LEN])),
    }
}

/// Returns the PHC string of the digest of no known token, in the manner of [`stand_in`].
pub fn token_stand_in() -> String {
    TokenDigest::new([0; TAG_LEN]).phc()
}

/// Tells whether a comparison with the stored hash `phc` takes milliseconds and more: only SHA-256 does not.
pub fn is_slow(phc: &str) -> bool {
    !phc.starts_with(SHA256) && !phc.starts_with(TOKEN_SHA256)
}

/// Parsed stored hash, with parameters that are safe to run.
pub struct Stored {
    tag: Output,
    method: Method,
}

enum Method {
    Argon2id(Params, Salt),
    Sha256,
    /// SHA-256 of a whole token.
    Token,
}

impl Stored {
    /// Parses a PHC string; `None` for another format, and for a hash that costs too much to run.
    pub fn parse(phc: &str) -> Option<Self> {
        let digests = [(SHA256, Method::Sha256), (TOKEN_SHA256, Method::Token)];
        for (head, method) in digests {
            if let Some(digest) = phc.strip_prefix(head) {
                let tag = Output::new(&BASE64_NOPAD.decode(digest.as_bytes()).ok()?).ok()?;
                return Self::checked(tag, method);
            }
        }
        let (tag, method) = Self::parse_argon2id(phc)?;
        Self::checked(tag, method)
    }

    fn checked(tag: Output, method: Method) -> Option<Self> {
        (tag.len() == TAG_LEN).then_some(Stored { tag, method })
    }

    fn parse_argon2id(phc: &str) -> Option<(Output, Method)> {
        let hash = PasswordHash::new(phc).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let cost = Cost {
            memory_kib: params.m_cost(),
            iterations: params.t_cost(),
        };
        let ours = hash.algorithm == Algorithm::Argon2id.ident()
            && hash.version == Some(Version::V0x13.into())
            && hash.params.iter().count() == COSTS.len()
            && hash
                .params
                .iter()
                .zip(COSTS)
                .all(|((name, _), cost)| name.as_str() == cost);
        let bounded = cost.is_affordable() && params.p_cost() <= MAX_LANES;
        let (salt, tag) = (hash.salt?, hash.hash?);
        (ours && bounded).then_some((tag, Method::Argon2id(params, salt)))
    }

    /// Tells whether this is the hash of `secret`, in constant time.
    pub fn matches(&self, secret: &[u8], memory: &mut Memory) -> Result<bool> {
        let tag = match &self.method {
            Method::Argon2id(params, salt) => derive(secret, salt, params.clone(), memory)?,
            Method::Sha256 | Method::Token => digest(secret),
        };
        // `Output` compares in constant time.
        Ok(Output::new(&tag[..]).map_err(failed)? == self.tag)
    }

    /// Tells whether this is the hash of a whole token, not of the secret in one.
    pub fn is_of_token(&self) -> bool {
        matches!(self.method, Method::Token)
    }

    /// Returns the scheme that makes such hashes; `None` for several lanes and for whole tokens, which no scheme
    /// makes.
    pub fn scheme(&self) -> Option<Scheme> {
        match &self.method {
            Method::Argon2id(params, _) if params.p_cost() == LANES => {
                Some(Scheme::Argon2id(Cost {
                    memory_kib: params.m_cost(),
                    iterations: params.t_cost(),
                }))
            }
            Method::Argon2id(..) | Method::Token => None,
            Method::Sha256 => Some(Scheme::Sha256),
        }
    }
}

fn digest(secret: &[u8]) -> Zeroizing<[u8; TAG_LEN]> {
    let mut tag = Zeroizing::new([0; TAG_LEN]);
    let mut hasher = Sha256::new_with_prefix(secret);
    // In place: a method that takes the hasher by value would leave a copy of the secret behind.
    hasher.finalize_into_reset((&mut *tag).into());
    tag
}

fn derive(
    secret: &[u8],
    salt: &[u8],
    params: Params,
    memory: &mut Memory,
) -> Result<Zeroizing<[u8; TAG_LEN]>> {
    let mut tag = Zeroizing::new([0; TAG_LEN]);
    let blocks = memory.blocks(params.block_count()).map_err(out_of_memory)?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(secret, salt, &mut tag[..], blocks)
        .map_err(failed)?;
    Ok(tag)
}

const UNHASHED: &str = "cannot hash the secret";

fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::io(UNHASHED).because(ErrorSource::of(cause))
}

/// Error for memory that the system refuses to give.
fn out_of_memory(cause: io::Error) -> Error {
    Error::memory(UNHASHED)
        .because(cause)
        .hint("free memory or raise the limit ('ulimit -v' shows it), and run the command again")
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
    fn a_digest_is_read_whole_or_not_at_all() {
        // SHA-256 of "abc", FIPS 180-4.
        let abc = "$sha256$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0";
        assert!(
            Stored::parse(abc)
                .unwrap()
                .matches(b"abc", &mut Memory::default())
                .unwrap()
        );
        assert!(
            !Stored::parse(abc)
                .unwrap()
                .matches(b"abd", &mut Memory::default())
                .unwrap()
        );
        for bad in [
            "$sha256$",
            "$sha256$ungW",
            &format!("{abc}="),
            &format!("{abc}$"),
        ] {
            assert!(Stored::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_stand_in_is_checked_as_a_hash_by_its_scheme_is() {
        let cost = Cost {
            memory_kib: 8,
            iterations: 1,
        };
        for scheme in [Scheme::Sha256, Scheme::Argon2id(cost)] {
            let stored = Stored::parse(&stand_in(scheme).unwrap()).unwrap();
            assert_eq!(stored.scheme(), Some(scheme));
            assert!(!stored.matches(b"abc", &mut Memory::default()).unwrap());
        }
    }

    #[test]
    fn a_hash_is_by_the_scheme_that_made_it_and_no_other() {
        struct Zero;
        impl Random for Zero {
            fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
                bytes.fill(0);
                Ok(())
            }
        }
        let argon2id = |memory_kib, iterations| {
            Scheme::Argon2id(Cost {
                memory_kib,
                iterations,
            })
        };
        let schemes = [
            argon2id(16, 2),
            argon2id(16, 3),
            argon2id(24, 2),
            Scheme::Sha256,
        ];
        let mut memory = Memory::default();
        for made in schemes {
            let recipe = Recipe::draw(made, &mut Zero).unwrap();
            let phc = recipe.hash(b"secret", &mut memory).unwrap();
            let stored = Stored::parse(&phc).unwrap();
            assert!(stored.matches(b"secret", &mut memory).unwrap());
            assert_eq!(stored.scheme(), Some(made), "{phc}");
        }
        let lanes = format!("$argon2id$v=19$m=32,t=1,p=4${SALT_TAG}");
        assert_eq!(Stored::parse(&lanes).unwrap().scheme(), None);
    }

    #[test]
    fn threads_share_the_memory_of_the_largest_hash() {
        let threads = |memory_kib, cores| {
            let cost = Cost {
                memory_kib,
                iterations: 1,
            };
            let cores = NonZeroUsize::new(cores).unwrap();
            Scheme::Argon2id(cost).threads(cores).get()
        };
        assert_eq!(threads(7168, 2), 2);
        assert_eq!(threads(7168, 1000), 64);
        assert_eq!(threads(256 << 10, 8), 4);
        assert_eq!(threads(1 << 20, 64), 1);
        let many = NonZeroUsize::new(1000).unwrap();
        assert_eq!(Scheme::Sha256.threads(many).get(), 64);
    }

    #[test]
    fn what_is_not_ours_is_not_read() {
        assert!(!stored("$argon2i$v=19$m=8192,t=5,p=1"));
        assert!(!stored("$argon2id$v=16$m=8192,t=5,p=1"));
        assert!(!stored("$argon2id$m=8192,t=5,p=1"));
        assert!(!stored("$argon2id$v=19$m=8192,t=5,p=1,keyid=AAAA"));
        assert!(!stored("$argon2id$v=19$m=8,m=8192,t=5,p=1"));
        assert!(!stored("$argon2id$v=19$m=8192,t=5"));
        assert!(!stored("$argon2id$v=19"));
        assert!(
            Stored::parse("$argon2id$v=19$m=8192,t=5,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAA")
                .is_none()
        );
        assert!(Stored::parse("$argon2id$v=19$m=8192,t=5,p=1$AAAAAAAAAAAAAAAAAAAAAA").is_none());
        assert!(Stored::parse("").is_none());
        assert!(Stored::parse("\0\u{ffff}").is_none());
    }
}
