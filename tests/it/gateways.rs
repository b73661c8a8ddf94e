//! The recipes in `docs/gateways/`: real gateways in front of an application, with the real
//! `keyctl serve` behind them, asked as clients ask.

mod apache;
mod application;
mod caddy;
mod callers;
pub mod client;
mod envoy;
pub mod five_minutes;
mod haproxy;
mod ingress_nginx;
mod matrix;
mod nginx;
pub mod process;
mod rules;
pub mod server;
mod traefik;
mod world;

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the recipes for gateways.
fn recipe(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/gateways")
        .join(path)
}

/// The configuration at `path` in `docs/gateways`, with places replaced by those of a test. Each
/// place must be in it.
#[track_caller]
fn configuration(path: &str, places: &[(&str, &str)]) -> String {
    let text = fs::read_to_string(recipe(path)).unwrap();
    places.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{path} has no {from:?}");
        text.replace(from, to)
    })
}
