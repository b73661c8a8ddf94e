//! Forms of headers and queries: several tokens, odd characters, long heads, and bytes at random.

use super::target::{Target, get, statuses, unknown_token};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

#[test]
fn a_token_is_read_from_every_sound_form_of_header_and_from_no_other() {
    let target = Target::start("");
    let token = &target.token;
    let unknown = unknown_token();
    let basic = "Authorization: Basic a2V5OnNlY3JldA==";
    for (reason, headers) in [
        ("", format!("x-api-key: {token}")),
        ("", format!("X-API-KEY:{token}")),
        ("", format!("x-api-key:\t {token}\t ")),
        ("", format!("x-api-key: Bearer {token}")),
        ("", format!("x-api-key: {token}\r\nx-api-key: {token}")),
        ("", format!("x-api-key: {token}\r\nx-api-key:")),
        ("", format!("Authorization: bEARER  {token}")),
        (
            "",
            format!("Authorization: Bearer {token}\r\nx-api-key: {token}"),
        ),
        ("", format!("{basic}\r\nx-api-key: {token}")),
        ("missing", String::new()),
        ("missing", "x-api-key:".to_owned()),
        ("missing", "Authorization: Bearer".to_owned()),
        ("missing", basic.to_owned()),
        ("missing", format!("Authorization: {token}")),
        ("missing", format!("x_api_key: {token}")),
        ("missing", format!("x-api-keys: {token}")),
        ("missing", format!("Cookie: x-api-key={token}")),
        (
            "missing",
            format!("x-forwarded-authorization: Bearer {token}"),
        ),
        (
            "several",
            format!("x-api-key: {token}\r\nx-api-key: {unknown}"),
        ),
        (
            "several",
            format!("x-api-key: {unknown}\r\nx-api-key: {token}"),
        ),
        ("several", format!("x-api-key: {token}\r\nx-api-key: x")),
        (
            "several",
            format!("x-api-key: {token}\r\nAuthorization: Bearer {unknown}"),
        ),
        (
            "several",
            format!("x-api-key: {token}\r\nAuthorization: Bearer\t{token}"),
        ),
        ("malformed", format!("x-api-key: {token}, {token}")),
        ("malformed", format!("x-api-key: {token},{unknown}")),
        ("malformed", format!("x-api-key: \"{token}\"")),
        ("malformed", format!("x-api-key: {token}\u{a0}")),
        ("malformed", format!("x-api-key: \u{ff4b}{token}")),
        ("malformed", format!("x-api-key: {}", &token[..64])),
        (
            "malformed",
            format!("x-api-key: {}{token}", "x".repeat(9000)),
        ),
        ("malformed", format!("Authorization: Bearer\t{token}")),
        ("malformed", format!("Authorization: Bearer Bearer {token}")),
        ("unknown", format!("x-api-key: {unknown}")),
        // The store has no tokens of other systems.
        ("malformed", format!("x-api-key: {}", "x".repeat(512))),
    ] {
        let answers = target.exchange(get("/verify", &[&headers, "connection: close"]));
        let status = if reason.is_empty() { 200 } else { 401 };
        let got: Vec<_> = answers.iter().map(|it| (it.status, &*it.reason)).collect();
        assert_eq!(got, [(status, reason)], "{headers:?}");
    }
    for bytes in [&b"\xff"[..], b"\x80\xfe"] {
        let head = get("/verify", &["connection: close"]);
        let line = [b"x-api-key: ", bytes, token.as_bytes(), b"\r\n\r\n"].concat();
        let head = [head.trim_end().as_bytes(), b"\r\n", &line].concat();
        assert_eq!(statuses(&target.exchange(head)), [401]);
    }
    for part in ["\0", "\r", "\x01", "\x7f"] {
        let head = get(
            "/verify",
            &[&format!("x-api-key: {token}{part}"), "connection: close"],
        );
        assert_eq!(statuses(&target.exchange(head)), [400], "{part:?}");
    }
    assert!(!target.log().contains(&token[20..]), "a token was logged");
    assert!(!target.log().contains(&unknown[20..]), "a token was logged");
}

#[test]
fn a_query_that_is_not_understood_requires_no_less() {
    let target = Target::start("");
    for query in [
        "scope=inference%00",
        "scope=%00",
        "scope=inference%",
        "scope=inference%2",
        "scope=inference%zz",
        "scope=inference%ff",
        "scope=inference%C0%80",
        "scope=inference%0d%0ax-api-key:a",
        "scope=inference+project",
        "scope=inference,",
        "scope=,",
        "scope=",
        "scope",
        "=inference",
        "&",
        "scope=inference&",
        "scope=inference&scope=inference",
        "scope=inference;scope=project",
        "scopes=inference",
        "SCOPE=inference",
        "%73cope=inference",
        "scope=nothing",
        "project=a+b",
        "project=%00",
        "project=%09",
        "project=a%2Fb",
        "project=",
        "token=x",
    ] {
        let key = format!("x-api-key: {}", target.token);
        let answers = target.exchange(get(
            &format!("/verify?{query}"),
            &[&key, "connection: close"],
        ));
        let got: Vec<_> = answers.iter().map(|it| (it.status, &*it.reason)).collect();
        assert_eq!(got, [(500, "usage")], "{query}");
    }
    for path in [
        "/verify#",
        "/verify#?scope=project",
        "/verify?scope=inference#,project",
        "/at/inference#",
        "/#",
    ] {
        let key = format!("x-api-key: {}", target.token);
        let answers = target.exchange(get(path, &[&key]) + &target.good(""));
        assert_eq!(statuses(&answers), [500], "{path}");
        assert!(answers[0].closes, "{path}");
    }
    // Elsewhere it means nothing.
    let body = "GET /# HTTP/1.1\r\n\r\n";
    let length = format!("content-length: {}\r\nx: #", body.len());
    assert_eq!(
        statuses(&target.exchange(target.good(&length) + body)),
        [200]
    );
    let in_query = target.exchange(get(
        &format!("/verify?project={}", target.token),
        &["connection: close"],
    ));
    assert_eq!(statuses(&in_query), [500]);
    assert!(
        !target.log().contains(&target.token[20..]),
        "a token was logged"
    );
    target.check();
}

#[test]
fn a_long_head_is_refused_with_431() {
    let target = Target::start("");
    let long = "a".repeat(17_000);
    for head in [
        get("/verify", &[&format!("x: {long}")]),
        get("/verify", &[&format!("{long}: x")]),
        get("/verify", &[&format!("x-api-key: {long}")]),
        get(&format!("/verify?{long}"), &[]),
        get(&format!("/at/inference/{long}"), &[]),
        get("/verify", &["x: y"; 101]),
        // Without an end.
        format!("GET /verify HTTP/1.1\r\nx: {long}"),
        format!("GET /verify HTTP/1.1\r\n{}", "x: y\r\n".repeat(101)),
    ] {
        let behind = target.good("connection: close");
        let answers = target.exchange(head + &behind);
        assert_eq!(statuses(&answers), [431]);
        assert!(answers[0].closes);
    }
    let fits = format!("x: {}", &long[..15_000]);
    let good = target.good(&format!("{fits}\r\nconnection: close"));
    assert_eq!(statuses(&target.exchange(good)), [200]);
    target.check();
}

/// Pieces of which heads are made.
fn piece(unknown: String) -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "GET ",
        "POST ",
        "CONNECT ",
        "/verify",
        "/at/inference",
        "/at/",
        "/livez",
        "/",
        "http://a/verify",
        "?",
        "scope=inference",
        "scope=",
        "project=",
        "&",
        "%00",
        "%",
        "#",
        " HTTP/1.1\r\n",
        " HTTP/1.0\r\n",
        "\r\n",
        "\n",
        "\r",
        " ",
        "\t",
        ":",
        "\0",
        "host: a\r\n",
        "x-api-key: ",
        "Authorization: Bearer ",
        "Content-Length: 5\r\n",
        "Content-Length: 0\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\n",
        "Expect: 100-continue\r\n",
        "Upgrade: h2c\r\n",
        "0\r\n\r\n",
        "5\r\nabcde\r\n",
        "GET /verify HTTP/1.1\r\nx-api-key: ",
    ];
    prop_oneof![
        20 => proptest::sample::select(pieces.map(|it| it.as_bytes().to_vec()).to_vec()),
        1 => Just(unknown.into_bytes()),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
        1 => "[ -~]{0,30}".prop_map(String::into_bytes),
    ]
}

#[test]
fn no_bytes_without_a_token_get_200_for_a_verdict() {
    let target = Target::start("");
    let heads = proptest::collection::vec(piece(unknown_token()), 0..20);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&heads, |pieces| {
            let mut client = target.connect();
            let bytes = pieces.concat();
            client.send(&bytes);
            client.finish();
            let answers = client.answers();
            let is_verdict = |it: &&super::client::Answer| it.status == 200;
            let text = String::from_utf8_lossy(&bytes);
            let lives = text.matches("/livez").count();
            prop_assert!(
                answers.iter().filter(is_verdict).count() <= lives,
                "{text:?}: {answers:?}"
            );
            let known = [200, 400, 401, 404, 431, 500];
            prop_assert!(
                answers.iter().all(|it| known.contains(&it.status)),
                "{text:?}: {answers:?}"
            );
            Ok(())
        })
        .unwrap();
    target.check();
}
