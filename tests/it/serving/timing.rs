//! Equal work for what must not be told apart: an unknown key, a wrong secret, and a deleted key.

use super::server::{Served, rejected};
use crate::exe::timing::store;
use crate::gateways::client::{Request, send};
use crate::gateways::server::Place;

/// Metrics of the work that a verdict takes.
const WORK: [&str; 6] = [
    "keyctl_rows_read_total",
    "keyctl_store_changes_total",
    "keyctl_hashes_total{scheme=\"argon2id\"}",
    "keyctl_hashes_total{scheme=\"sha256\"}",
    "keyctl_fact_hits_total{kind=\"match\"}",
    "keyctl_fact_hits_total{kind=\"mismatch\"}",
];

/// Values of these metrics now.
fn work(metrics: &Place) -> [u64; 6] {
    let answer = send(metrics, &Request::new("GET", "/metrics"));
    let text = String::from_utf8(answer.body).unwrap();
    WORK.map(|name| {
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value
            .unwrap_or_else(|| panic!("{name}: {text}"))
            .parse()
            .unwrap()
    })
}

#[test]
fn what_is_unknown_takes_the_same_work_whatever_it_is() {
    for scheme in ["argon2id", "sha256"] {
        let (site, presented) = store(scheme);
        let flags = "--metrics 127.0.0.1:0 --no-touch --client-header x-real-ip";
        let served = Served::of(site, flags);
        let metrics = Place::from(served.server.metrics().unwrap());
        let done = |token: &str| {
            let before = work(&metrics);
            assert_eq!(served.ask(token), rejected("unknown"));
            let after = work(&metrics);
            std::array::from_fn::<u64, 6, _>(|index| after[index] - before[index])
        };
        // The first request reads the rules too.
        served.ask(&presented[0].1.replace("kc_", "xx_"));
        served.ask(&crate::exe::harness::Site::new().create());
        for turn in ["first", "second"] {
            let works = presented.each_ref().map(|(_, token)| done(token));
            assert_eq!(works[0], works[1], "{scheme}, {turn}");
            assert_eq!(works[1], works[2], "{scheme}, {turn}");
            assert!(works[0][0] > 0, "{scheme}, {turn}: a row is read");
            let hashes = works[0][2] + works[0][3] + works[0][5];
            assert_eq!(hashes, 1, "{scheme}, {turn}: a secret is compared");
        }
    }
}
