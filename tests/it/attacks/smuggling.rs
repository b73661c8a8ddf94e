//! Requests that two programs could split at different places: a gateway that sends one, and the server that reads two,
//! would give the answer to the second to another client.

use super::target::{Target, get, statuses, unknown_token};
use std::iter::once;

#[test]
fn no_request_behind_an_ambiguous_end_is_answered() {
    let target = Target::start("");
    let behind = target.good("connection: close");
    let length = format!("Content-Length: {}", behind.len());
    let chunk = format!("{:x}\r\n{behind}\r\n0\r\n\r\n", behind.len());
    // Header lines, and what follows the head. None of the requests has a token.
    for (status, headers, body) in [
        (401, "Content-Length: 5", "abcde"),
        (401, "Content-Length: 5", "0\r\n\r\n"),
        (401, "Content-Length: 5 ", "abcde"),
        (401, &length, ""),
        (401, "Transfer-Encoding: chunked", "0\r\n\r\n"),
        (401, "Transfer-Encoding: chunked", "0;a=\"b\r\n\r\n"),
        (
            401,
            "Transfer-Encoding: chunked",
            "00000000000000000\r\n\r\n",
        ),
        (
            401,
            "Transfer-Encoding: chunked",
            "0\r\nx-api-key: a\r\n\r\n",
        ),
        (401, "Transfer-Encoding: chunked", "0\n\n"),
        (401, "Transfer-Encoding: chunked", "+0\r\n\r\n"),
        (401, "Transfer-Encoding: chunked", &chunk),
        (401, "transfer-encoding:\tCHUNKED\t", "0\r\n\r\n"),
        (401, "Transfer-Encoding: chunked, chunked", "0\r\n\r\n"),
        (401, "Transfer-Encoding: gzip, chunked", "0\r\n\r\n"),
        (
            401,
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "0\r\n\r\n",
        ),
        (
            401,
            "Transfer-Encoding: chunked\r\nContent-Length: 0",
            "0\r\n\r\n",
        ),
        (401, "Content-Length: 5\r\nExpect: 100-continue", "abcde"),
        (400, "Transfer-Encoding: identity", ""),
        (400, "Transfer-Encoding: xchunked", "0\r\n\r\n"),
        (400, "Transfer-Encoding: chunked, identity", "0\r\n\r\n"),
        (400, "Transfer-Encoding: \x0bchunked", "0\r\n\r\n"),
        (400, "Transfer-Encoding: chunked\0", "0\r\n\r\n"),
        (400, "Transfer-Encoding:\r\n chunked", "0\r\n\r\n"),
        (400, "Transfer-Encoding : chunked", "0\r\n\r\n"),
        (400, "Content-Length: 5\r\nContent-Length: 0", "abcde"),
        (400, "Content-Length: 0\r\nContent-Length: 5", "abcde"),
        (400, "Content-Length: 0, 5", "abcde"),
        (400, "Content-Length: 0, 0", ""),
        (400, "Content-Length: +5", "abcde"),
        (400, "Content-Length: -0", ""),
        (400, "Content-Length: 0x0", ""),
        (400, "Content-Length:", ""),
        (400, "Content-Length: 99999999999999999999", ""),
        (400, "Content-Length: 0\x0b", ""),
        (400, "Content-Length : 5", "abcde"),
        (400, "Content-Length:\r\n\t0", ""),
        (400, " Content-Length: 5", "abcde"),
        (400, "x: a\rContent-Length: 5", "abcde"),
        (400, ": 5", ""),
        (400, "x", ""),
    ] {
        for request in ["POST /verify HTTP/1.1", "GET /verify HTTP/1.1"] {
            let sent = format!("{request}\r\nhost: keys.test\r\n{headers}\r\n\r\n{body}{behind}");
            let answers = target.exchange(sent);
            assert_eq!(
                statuses(&answers),
                [status],
                "{request} {headers:?} {body:?}"
            );
            assert!(answers[0].closes, "{headers:?}");
        }
    }
    let old = "POST /verify HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(statuses(&target.exchange(format!("{old}{behind}"))), [400]);
    target.check();
}

#[test]
fn a_valid_request_with_a_body_is_answered_and_nothing_behind_it() {
    let target = Target::start("");
    let behind = target.good("");
    let long = "x".repeat(900_000);
    for (headers, body) in [
        ("Content-Length: 5", "abcde"),
        // It never comes.
        ("Content-Length: 5", ""),
        ("Content-Length: 5\r\nExpect: 100-continue", ""),
        ("Content-Length: 900000", &long),
        ("Transfer-Encoding: chunked", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked", ""),
    ] {
        let behind = if body.is_empty() { "" } else { &behind };
        let answers = target.exchange(target.good(headers) + body + behind);
        assert_eq!(statuses(&answers), [200], "{headers:?}");
        assert!(answers[0].closes, "{headers:?}");
    }
}

#[test]
fn a_request_that_is_not_http_1_is_refused() {
    let target = Target::start("");
    let behind = target.good("connection: close");
    for line in [
        "GET /verify",
        "GET /verify HTTP/1.2",
        "GET /verify HTTP/0.9",
        "GET /verify HTTP/1.1 HTTP/1.1",
        "GET  /verify HTTP/1.1",
        "GET\t/verify HTTP/1.1",
        "GET /ver ify HTTP/1.1",
        "GET /verify\0 HTTP/1.1",
        " GET /verify HTTP/1.1",
        "G(T /verify HTTP/1.1",
        "\x16\x03\x01\x02",
    ] {
        let answers = target.exchange(format!("{line}\r\nhost: keys.test\r\n\r\n{behind}"));
        assert_eq!(statuses(&answers), [400], "{line:?}");
        assert!(answers[0].closes);
    }
    let version_2 = format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{behind}");
    assert!(!statuses(&target.exchange(version_2)).contains(&200));
}

#[test]
fn every_form_of_request_gets_200_only_with_a_token() {
    let target = Target::start("");
    let key = format!("x-api-key: {}", target.token);
    for (line, expected) in [
        ("GET /verify HTTP/1.1", 200),
        ("HEAD /verify HTTP/1.1", 200),
        ("OPTIONS /verify HTTP/1.1", 200),
        ("DELETE /verify HTTP/1.1", 200),
        ("PURGE /verify HTTP/1.1", 200),
        ("GET /verify HTTP/1.0", 200),
        ("GET http://other.test/verify HTTP/1.1", 200),
        ("GET /at/inference/../..//x?scope=%00 HTTP/1.1", 200),
        ("GET http://other.test/verify?scope=project HTTP/1.1", 403),
        ("GET http://other.test?scope=inference HTTP/1.1", 404),
        ("GET /verify/ HTTP/1.1", 404),
        ("GET verify HTTP/1.1", 404),
        ("GET //verify HTTP/1.1", 404),
        ("GET /./verify HTTP/1.1", 404),
        ("GET /%76erify HTTP/1.1", 404),
        ("GET /Verify HTTP/1.1", 404),
        ("GET /at HTTP/1.1", 404),
        ("OPTIONS * HTTP/1.1", 404),
        ("CONNECT other.test:443 HTTP/1.1", 404),
    ] {
        for upgrade in ["", "Connection: upgrade\r\nUpgrade: websocket\r\n"] {
            let sent = |key: &str| format!("{line}\r\nConnection: close\r\n{upgrade}{key}\r\n\r\n");
            let answers = target.exchange(sent(&key));
            assert_eq!(statuses(&answers), [expected], "{line}");
            let answers = target.exchange(sent("x: y"));
            let expected = if expected == 404 { 404 } else { 401 };
            assert_eq!(statuses(&answers), [expected], "{line}");
        }
    }
    // A tunnel is never opened.
    for key in [key.as_str(), "x: y"] {
        let connect = format!("CONNECT /verify HTTP/1.1\r\nConnection: close\r\n{key}\r\n\r\n");
        assert!(!statuses(&target.exchange(connect)).contains(&200));
    }
}

#[test]
fn pipelined_requests_are_answered_in_order_each_with_its_own_verdict() {
    let target = Target::start("");
    let key = format!("x-api-key: {}", target.token);
    let unknown = format!("x-api-key: {}", unknown_token());
    let round = [
        (get("/verify", &[&key]), 200, ""),
        (get("/verify", &[]), 401, "missing"),
        (get("/verify?scope=project", &[&key]), 403, "scope"),
        (
            get("/at/inference/x", &[&key, "content-length: 0"]),
            200,
            "",
        ),
        (get("/verify?scope=nothing", &[&key]), 500, "usage"),
        (get("/verify?scope=", &[&key]), 500, "usage"),
        (get("/verify", &[&unknown]), 401, "unknown"),
        (get("/verify", &["x-api-key: x"]), 401, "malformed"),
        (get("/verify", &[&key, &unknown]), 401, "several"),
        // Some programs end lines without a carriage return.
        (get("/verify", &[&key]).replace('\r', ""), 200, ""),
        (get("/livez", &[]), 200, ""),
    ];
    let last = (get("/verify", &["connection: close"]), 401, "missing");
    let all: Vec<_> = round
        .iter()
        .cycle()
        .take(round.len() * 20)
        .chain(once(&last))
        .collect();
    let bytes: String = all.iter().map(|(request, ..)| request.as_str()).collect();
    // All at once, and in pieces that end anywhere.
    for size in [bytes.len(), 1000, 7] {
        let mut client = target.connect();
        let mut answers = Vec::new();
        if size == bytes.len() {
            answers = client.exchange(&bytes);
        } else {
            for piece in bytes.as_bytes().chunks(size) {
                assert!(client.send(piece));
            }
            answers.extend(client.answers());
        }
        let got: Vec<(u16, &str)> = answers.iter().map(|it| (it.status, &*it.reason)).collect();
        let expected: Vec<(u16, &str)> = all
            .iter()
            .map(|(_, status, reason)| (*status, *reason))
            .collect();
        assert_eq!(got, expected, "in pieces of {size}");
    }
}
