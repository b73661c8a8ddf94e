//! Networks from which a key may be used, in CIDR notation.
//!
//! An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`, RFC 4291, section 2.5.5.2) counts as the IPv4 address:
//! a dual-stack socket reports a client that way.

use crate::error::{Error, Result, quote};
use ipnet::{IpNet, Ipv4Net};
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// Number of leading bits that all IPv4-mapped IPv6 addresses share.
const MAPPED_BITS: u8 = 96;

/// Maximum number of networks of one key: every read of the key reads them all.
const NETWORKS_MAX: usize = 64;

/// Advice for a text that is no network.
const NOTATION: &str = "give an address, or a network with the length of its prefix: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32";

/// IPv4 or IPv6 network: the addresses that share a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network(IpNet);

impl Network {
    /// Tells whether `address` is in this network.
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Tells whether every address of `other` is in this network.
    pub fn covers(self, other: Network) -> bool {
        self.0.contains(&other.0)
    }

    /// Parses an address as the network of this one address.
    fn of_one(address: IpAddr) -> Self {
        Network(IpNet::from(address.to_canonical()))
    }
}

/// Parses an address, or an address, `/` and the length of the prefix in bits (RFC 4632 and RFC 4291, section
/// 2.3). Refuses bits after the prefix.
impl FromStr for Network {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unreadable = || Error::usage(format!("{} is not a network", quote(text)));
        let Some((address, length)) = text.split_once('/') else {
            let address: IpAddr = text.parse().map_err(|_| unreadable().hint(NOTATION))?;
            return Ok(Network::of_one(address));
        };
        let address: IpAddr = address.parse().map_err(|_| unreadable().hint(NOTATION))?;
        let network = prefix_length(length)
            .and_then(|length| IpNet::new(address, length).ok())
            .ok_or_else(|| {
                let most = if address.is_ipv4() { 32 } else { 128 };
                unreadable().hint(format!(
                    "after the '/', give the length of the prefix: 0 to {most}"
                ))
            })?;
        if network.trunc() != network {
            return Err(Error::usage(format!(
                "the network {} has bits set after its first {}",
                quote(text),
                network.prefix_len()
            ))
            .hint(format!(
                "give {} for the network, or {address} for the address alone",
                Network(unmapped(network.trunc()))
            )));
        }
        Ok(Network(unmapped(network)))
    }
}

/// Parses decimal digits without a sign or leading zeros.
fn prefix_length(text: &str) -> Option<u8> {
    let length: u8 = text.parse().ok()?;
    (length.to_string() == text).then_some(length)
}

/// Returns the IPv4 network that an IPv4-mapped one stands for; any other network as it is.
fn unmapped(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else {
        return network;
    };
    let bits = mapped.prefix_len().checked_sub(MAPPED_BITS);
    let address = Ipv6Addr::to_ipv4_mapped(&mapped.addr());
    match bits.zip(address).map(|(bits, ip)| Ipv4Net::new(ip, bits)) {
        Some(Ok(unmapped)) => IpNet::V4(unmapped),
        _ => network,
    }
}

/// Writes the network as it is parsed and stored: always with the length of its prefix.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Tells whether `address` is in one of `networks`. An empty set admits everybody, also without an address.
pub fn admits(networks: &BTreeSet<Network>, address: Option<IpAddr>) -> bool {
    let is_inside = |address| networks.iter().any(|network| network.contains(address));
    networks.is_empty() || address.is_some_and(is_inside)
}

/// Refuses a number of networks above the maximum for one key.
pub fn check_network_count(count: usize) -> Result<()> {
    if count <= NETWORKS_MAX {
        return Ok(());
    }
    Err(
        Error::usage(format!("{count} networks are too many for one key")).hint(format!(
            "a key can have at most {NETWORKS_MAX}: give larger networks, or create more keys"
        )),
    )
}

/// Returns the networks, separated by spaces.
pub fn join(networks: &BTreeSet<Network>) -> String {
    let networks: Vec<String> = networks.iter().map(Network::to_string).collect();
    networks.join(" ")
}

/// Parses the text of [`join`] for at least one network; `None` for any other text.
pub fn split(text: &str) -> Option<BTreeSet<Network>> {
    let networks: BTreeSet<Network> = text
        .split(' ')
        .map(|network| network.parse().ok())
        .collect::<Option<_>>()?;
    (join(&networks) == text).then_some(networks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn parse_takes_addresses_and_prefixes() {
        for (text, shown) in [
            ("192.0.2.7", "192.0.2.7/32"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::1", "::1/128"),
            ("2001:DB8:0::/32", "2001:db8::/32"),
            ("::/0", "::/0"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:0:0/95", ""),
            ("::fffe:0:0/95", "::fffe:0:0/95"),
        ] {
            let parsed = text.parse::<Network>();
            assert_eq!(
                parsed.map_or_else(|_| String::new(), |it| it.to_string()),
                shown
            );
        }
    }

    #[test]
    fn parse_refuses_everything_else() {
        for text in [
            "",
            "/",
            "any",
            "10",
            "10/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0.0/255.0.0.0",
            "010.0.0.0/8",
            " 10.0.0.0/8",
            "10.0.0.0:80",
            "::/129",
            "[::1]",
            "fe80::1%eth0",
            "localhost",
            "10.0.0.0-10.0.0.9",
            "10.*",
        ] {
            let error = text.parse::<Network>().unwrap_err();
            assert!(
                error.message.contains("is not a network"),
                "{text}: {}",
                error.message
            );
            assert!(error.hint.is_some(), "{text}");
        }
    }

    #[test]
    fn parse_refuses_bits_after_the_prefix_and_names_the_network() {
        let error = "10.1.2.3/8".parse::<Network>().unwrap_err();
        assert_eq!(
            error.message,
            "the network '10.1.2.3/8' has bits set after its first 8"
        );
        let hint = "give 10.0.0.0/8 for the network, or 10.1.2.3 for the address alone";
        assert_eq!(error.hint, Some(hint.into()));
        assert!("2001:db8::1/32".parse::<Network>().is_err());
        assert!("::ffff:10.1.2.3/104".parse::<Network>().is_err());
    }

    #[test]
    fn admits_an_ipv4_mapped_address_as_ipv4() {
        let private = BTreeSet::from([network("10.0.0.0/8")]);
        assert!(admits(&private, Some(address("10.9.8.7"))));
        assert!(admits(&private, Some(address("::ffff:10.9.8.7"))));
        assert!(!admits(&private, Some(address("11.0.0.0"))));
        assert!(!admits(&private, Some(address("::10.9.8.7"))));
        assert!(!admits(&private, None));
        // Every IPv6 address, which leaves out those that stand for IPv4.
        let all = BTreeSet::from([network("::/0")]);
        assert!(admits(&all, Some(address("2001:db8::1"))));
        assert!(!admits(&all, Some(address("::ffff:10.9.8.7"))));
        assert!(!admits(&all, Some(address("10.9.8.7"))));
    }

    #[test]
    fn an_empty_set_admits_everybody() {
        assert!(admits(&BTreeSet::new(), None));
        assert!(admits(&BTreeSet::new(), Some(address("::1"))));
    }

    #[test]
    fn split_takes_only_what_join_writes() {
        let networks = BTreeSet::from([network("::/0"), network("10.0.0.0/8"), network("9.9.9.9")]);
        assert_eq!(join(&networks), "9.9.9.9/32 10.0.0.0/8 ::/0");
        assert_eq!(split(&join(&networks)), Some(networks));
        for text in [
            "",
            " ",
            "any",
            "10.0.0.0/8 ",
            "10.0.0.0/8  ::/0",
            "::/0 10.0.0.0/8",
            "9.9.9.9",
        ] {
            assert_eq!(split(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn contains_compares_the_leading_bits(bits: u32, length in 0_u8..=32, other: u32) {
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            let prefix = Ipv4Addr::from_bits(bits & mask);
            let network = network(&format!("{prefix}/{length}"));
            let other = Ipv4Addr::from_bits(other);
            let is_inside = other.to_bits() & mask == bits & mask;
            prop_assert_eq!(network.contains(other.into()), is_inside);
            prop_assert_eq!(network.contains(other.to_ipv6_mapped().into()), is_inside);
        }

        #[test]
        fn parse_never_panics(text: String) {
            drop(text.parse::<Network>());
        }

        #[test]
        fn covers_means_that_it_contains_every_address(
            bits: u32, length in 0_u8..=32, inner in 0_u8..=32, host: u32,
        ) {
            let cut = |length: u8| {
                let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
                (network(&format!("{}/{length}", Ipv4Addr::from_bits(bits & mask))), mask)
            };
            let ((outer, _), (within, mask)) = (cut(length), cut(inner));
            prop_assert_eq!(outer.covers(within), length <= inner);
            let some = Ipv4Addr::from_bits((bits & mask) | (host & !mask));
            prop_assert!(within.contains(some.into()));
            if outer.covers(within) {
                prop_assert!(outer.contains(some.into()));
            }
        }
    }
}
