//! Edits of the networks from which a key may be used.

use super::Key;
use crate::error::{Error, Result};
use crate::hint::{Hint, run};
use crate::network::{self, Network, check_network_count};
use std::collections::BTreeSet;

/// Changes of a key's networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks {
    /// Networks that replace all present ones; an empty set lets the key work from anywhere.
    pub replace: Option<BTreeSet<Network>>,
    /// Networks to add.
    pub add: BTreeSet<Network>,
    /// Networks to remove.
    pub remove: BTreeSet<Network>,
}

impl Key {
    /// Applies `networks`. Only an empty `replace` lets a key with networks work from anywhere, and only
    /// `replace` restricts a key that does.
    pub(super) fn edit_networks(&mut self, networks: &Networks) -> Result<()> {
        let before = self.allow_from.len();
        if let Some(replace) = &networks.replace {
            self.allow_from.clone_from(replace);
        } else if before == 0 && !networks.add.is_empty() {
            return Err(self
                .refusal("given another network", "it works from anywhere")
                .hint(Hint::from("to let it work only from there: ").and(run!(
                    "edit {} --allow-from {}",
                    self.id,
                    network::join(&networks.add).replace(' ', ",")
                ))));
        }
        for network in &networks.remove {
            if !self.allow_from.remove(network) {
                return Err(self.has_no(*network));
            }
        }
        self.allow_from.extend(&networks.add);
        if self.allow_from.is_empty() && !networks.remove.is_empty() {
            return Err(self
                .refusal("left without a network", "it would work from anywhere")
                .hint(
                    Hint::from("to let it work from anywhere: ")
                        .and(run!("edit {} --allow-from any", self.id)),
                ));
        }
        // A later version may allow more than this one; such a key can still be edited.
        match self.allow_from.len() > before {
            true => check_network_count(self.allow_from.len()),
            false => Ok(()),
        }
    }

    /// Error for a network to remove that the key does not have.
    fn has_no(&self, network: Network) -> Error {
        let has = match self.allow_from.is_empty() {
            true => "it works from anywhere".to_owned(),
            false => format!("it has: {}", network::join(&self.allow_from)),
        };
        let message = format!("{} does not have the network {network}", self.label());
        Error::not_found(message).hint(has)
    }
}
