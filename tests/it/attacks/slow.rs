//! Clients that send or read too slowly, or not at all.

use super::client::Client;
use super::target::Target;
use crate::exe::harness::until;

/// Number of slow clients.
const CLIENTS: usize = 60;

#[test]
fn clients_that_send_half_a_head_hold_up_nobody_and_are_disconnected() {
    let target = Target::start("");
    let head = target.good("");
    // Cut in the request line, in a header's name, in the token, and before the last line feed.
    let cuts = [1, 10, 40, 80, head.len() - 1];
    let mut slow: Vec<Client> = (0..CLIENTS).map(|_| target.connect()).collect();
    for (client, cut) in slow.iter_mut().zip(cuts.iter().cycle()) {
        assert!(client.send(&head[..*cut]));
    }
    for _ in 0..20 {
        target.check();
    }
    for client in &mut slow {
        assert_eq!(client.answer(), None);
    }
    target.check();
}

#[test]
fn a_client_that_sends_its_head_byte_by_byte_is_disconnected() {
    let target = Target::start("");
    let mut client = target.connect();
    assert!(client.send("GET /verify HTTP/1.1\r\nx: "));
    // Each byte comes in time; the head never ends. A good client is answered meanwhile.
    until("it is disconnected", || {
        assert_eq!(target.status(), 200);
        !client.send("a")
    });
    assert_eq!(client.answer(), None);
}

#[test]
fn clients_that_send_nothing_hold_up_nobody() {
    let target = Target::start("");
    let _idle: Vec<Client> = (0..500).map(|_| target.connect()).collect();
    for _ in 0..20 {
        target.check();
    }
}

#[test]
fn a_client_that_never_reads_holds_up_nobody_and_is_disconnected() {
    let target = Target::start("");
    let mut deaf: Vec<Client> = (0..4).map(|_| target.connect()).collect();
    let requests = target.good("").repeat(100);
    std::thread::scope(|scope| {
        let ended: Vec<_> = deaf
            .iter_mut()
            .map(|client| scope.spawn(|| while client.send(&requests) {}))
            .collect();
        until("they are disconnected", || {
            assert_eq!(target.status(), 200);
            ended.iter().all(|it| it.is_finished())
        });
    });
}
