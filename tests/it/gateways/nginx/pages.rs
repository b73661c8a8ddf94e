//! The page and the files of the recipe.

use super::super::configuration;
use crate::recipes::{blocks, page};

/// A file of the recipe, line by line.
fn lines(file: &str) -> Vec<String> {
    let text = configuration(&format!("nginx/{file}"), &[]);
    text.lines().map(str::to_owned).collect()
}

/// The lines of `of` that are not in `other`, at whatever place.
fn missing(of: &str, other: &str) -> Vec<String> {
    let there = lines(other);
    let mut of = lines(of);
    of.retain(|line| !there.contains(line));
    of
}

#[test]
fn the_file_for_a_unix_socket_differs_in_the_place_of_the_server_alone() {
    let missing = missing("tcp.conf", "socket.conf");
    let [comment, server] = <[String; 2]>::try_from(missing).unwrap();
    assert!(comment.starts_with('#'), "{comment}");
    assert_eq!(server.trim(), "server 127.0.0.1:9091;");
    assert_eq!(lines("tcp.conf").len(), lines("socket.conf").len());
}

#[test]
fn the_file_for_browsers_has_every_line_of_the_one_without() {
    assert_eq!(missing("tcp.conf", "browsers.conf"), Vec::<String>::new());
}

#[test]
fn the_file_with_scopes_by_route_sets_every_header_that_the_other_sets() {
    let missing = missing("tcp.conf", "scopes.conf");
    assert!(
        missing.iter().all(|line| !line.contains("_set")),
        "{missing:?}"
    );
}

#[test]
fn what_the_page_shows_of_a_configuration_is_in_a_file() {
    let files = [
        "tcp.conf",
        "socket.conf",
        "browsers.conf",
        "scopes.conf",
        "limits.conf",
    ];
    let texts = files.map(|file| configuration(&format!("nginx/{file}"), &[]));
    let blocks = blocks(&page("gateways/nginx"), "nginx");
    assert!(!blocks.is_empty());
    for block in blocks {
        let shown: Vec<&str> = block.lines().map(str::trim).collect();
        let is_part = |text: &String| {
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            lines.windows(shown.len()).any(|part| part == shown)
        };
        assert!(texts.iter().any(is_part), "{block}");
    }
}

#[test]
fn the_page_names_every_header_that_the_application_gets() {
    let page = page("gateways/nginx");
    for line in lines("tcp.conf") {
        if let Some(header) = line.trim().strip_prefix("proxy_set_header X-Key-") {
            let (name, _) = header.split_once(' ').unwrap();
            assert!(page.contains(&format!("`X-Key-{name}`")), "{name}");
        }
    }
}
