//! Generation of tokens and of the hashes of their secrets.

use crate::cmd::Cx;
use crate::env::{Random, Unit};
use crate::error::Result;
use crate::hash::{Memory, Recipe};
use crate::id::KeyId;
use crate::parallel::in_order;
use crate::policy::Policy;
use crate::token::Token;
use std::num::NonZeroUsize;

/// A new token and the hash of its secret.
pub struct Minted {
    /// Token.
    pub token: Token,
    /// Hash, a PHC string.
    pub hash: String,
}

impl Minted {
    /// ID of the token's key.
    pub fn id(&self) -> KeyId {
        self.token.id()
    }
}

/// Generates `count` tokens and hashes their secrets by `policy`, on every core.
pub fn mint(cx: &mut Cx<'_>, policy: &Policy, count: usize) -> Result<Vec<Minted>> {
    let mut drawn = Vec::with_capacity(count);
    for _ in 0..count {
        drawn.push(draw(policy, &mut *cx.env.random)?);
    }
    // One hash needs no second thread and no progress bar.
    let (cores, mut progress) = match count {
        0 | 1 => (NonZeroUsize::MIN, None),
        _ => (
            policy.scheme().threads(*cx.env.cores),
            Some(cx.progress(Unit::Keys, count as u64)),
        ),
    };
    let worker = || {
        let mut memory = Memory::default();
        move |(token, recipe): &(Token, Recipe)| recipe.hash(token.secret(), &mut memory)
    };
    let mut hashes = Vec::with_capacity(count);
    in_order(cores, drawn.iter(), worker, |hash| {
        hashes.push(hash?);
        if let Some(progress) = &mut progress {
            progress.advance(1);
        }
        Ok(())
    })?;
    let minted = drawn.into_iter().zip(hashes);
    Ok(minted
        .map(|((token, _), hash)| Minted { token, hash })
        .collect())
}

fn draw(policy: &Policy, random: &mut dyn Random) -> Result<(Token, Recipe)> {
    let id = KeyId::generate(random)?;
    let token = Token::generate(&policy.key_prefix, id, random)?;
    Ok((token, Recipe::draw(policy.scheme(), random)?))
}
