//! Address of the client, in the header that the gateway sets.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Bits of an IPv6 address that tell one client from another: a host picks the rest itself (RFC 4291, section 2.5.4).
const PREFIX: u128 = !0 << 64;

/// Parses the values of the header: one value with one address, with a port or not.
///
/// Returns an IPv4-mapped address as the IPv4 address. `None` for a list, a repeated header and any other text: a
/// client could have written part of it.
pub fn address<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Option<IpAddr> {
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    // A zone is part of a socket address, and holds on one machine only.
    let text = str::from_utf8(value).ok().filter(|it| !it.contains('%'))?;
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = text
        .parse()
        .ok()
        .or_else(|| bracketed().map(IpAddr::V6))
        .or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()))?;
    Some(address.to_canonical())
}

/// Clients that share one place in the queue of hashes: an IPv4 address, the /64 of an IPv6 address, or all requests
/// without an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bucket(Option<IpAddr>);

impl From<Option<IpAddr>> for Bucket {
    fn from(address: Option<IpAddr>) -> Self {
        Bucket(address.map(|address| match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & PREFIX).into(),
            address => address,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn one(value: &str) -> Option<IpAddr> {
        address([value.as_bytes()].into_iter())
    }

    #[test]
    fn address_takes_one_address_with_a_port_or_not() {
        for (value, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:80", "192.0.2.1"),
            ("192.0.2.1:65535", "192.0.2.1"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("[::1]:80", "::1"),
            ("2001:DB8:0::1", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:c000:201]:80", "192.0.2.1"),
        ] {
            assert_eq!(one(value), Some(expected.parse().unwrap()), "{value}");
        }
    }

    #[test]
    fn address_takes_nothing_else() {
        for value in [
            "",
            "unknown",
            "localhost",
            "_hidden",
            "192.0.2.1, 192.0.2.2",
            "192.0.2.1,",
            "192.0.2.1 ",
            "192.0.2.1\0",
            "192.0.2.1:",
            "192.0.2.1:x",
            "192.0.2.1:65536",
            "192.0.2.1:-1",
            "192.0.2.256",
            "192.0.2.01",
            "192.0.2.1/32",
            "192.0.2",
            "[192.0.2.1]",
            "[192.0.2.1]:80",
            "[::1",
            "::1]",
            "[[::1]]",
            "[::1]80",
            "[::1]:65536",
            "fe80::1%eth0",
            "fe80::1%2",
            "[fe80::1%2]:80",
            "for=192.0.2.1",
            "\"[::1]\"",
            "\u{ff11}92.0.2.1",
        ] {
            assert_eq!(one(value), None, "{value:?}");
        }
        assert_eq!(address([&b"192.0.2.1\xff"[..]].into_iter()), None);
    }

    #[test]
    fn address_takes_no_repeated_header() {
        assert_eq!(address([].into_iter()), None);
        assert_eq!(address([&b"192.0.2.1"[..]; 2].into_iter()), None);
        assert_eq!(address([&b"192.0.2.1"[..], b""].into_iter()), None);
    }

    #[test]
    fn bucket_is_an_ipv4_address_or_the_64_bits_of_an_ipv6_network() {
        let bucket = |text: &str| Bucket::from(Some(text.parse::<IpAddr>().unwrap()));
        assert_eq!(bucket("192.0.2.1"), bucket("::ffff:192.0.2.1"));
        assert_ne!(bucket("192.0.2.1"), bucket("192.0.2.2"));
        assert_eq!(bucket("2001:db8::1"), bucket("2001:db8::ffff:0:0:2"));
        assert_ne!(bucket("2001:db8::1"), bucket("2001:db8:0:1::1"));
        assert_ne!(bucket("::"), bucket("0.0.0.0"));
        assert_ne!(bucket("::"), Bucket::from(None));
    }

    proptest! {
        #[test]
        fn address_never_panics(values in vec("[0-9a-f.:%\\[\\]]{0,20}", 0..3)) {
            let _ = address(values.iter().map(String::as_bytes));
        }

        #[test]
        fn address_reads_each_form_of_an_address(given: IpAddr, port: u16) {
            let expected = Some(given.to_canonical());
            prop_assert_eq!(one(&given.to_string()), expected);
            prop_assert_eq!(one(&SocketAddr::new(given, port).to_string()), expected);
        }
    }
}
