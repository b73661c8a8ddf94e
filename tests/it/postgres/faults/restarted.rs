//! A server that stops, hangs or has no room, and a `serve` that outlives that.

use super::check;
use crate::exe::harness::{run, run_with, until};
use crate::harness::postgres::{
    Server, Stored, USER, ask, cluster, make_user, programs, with_secret,
};
use ::postgres::Client;
use rustix::process::{Pid, Signal, kill_process};

/// A server of one test, with a store in the database `postgres`.
fn own() -> Option<(Server, Stored)> {
    cluster()?;
    let settings = [
        "fsync=off",
        "max_connections=12",
        "superuser_reserved_connections=3",
    ];
    let server = Server::start(&programs()?, &settings);
    admin(&server).batch_execute(&make_user()).unwrap();
    let url = |user| {
        let (directory, port) = (server.directory().display(), server.port());
        format!("postgres://{user}@/postgres?host={directory}&port={port}")
    };
    let stored = Stored::found(&url("postgres"), with_secret(&url(USER)));
    Some((server, stored))
}

fn admin(server: &Server) -> Client {
    server.connect("postgres", "postgres").unwrap()
}

/// The processes of the user's sessions.
fn sessions(admin: &mut Client) -> Vec<Pid> {
    let sql = "SELECT pid FROM pg_stat_activity WHERE usename = $1";
    let rows = admin.query(sql, &[&USER]).unwrap();
    rows.iter()
        .map(|row| Pid::from_raw(row.get(0)).unwrap())
        .collect()
}

#[test]
fn serve_outlives_restarts_hangs_and_a_server_without_free_connections() {
    let Some((server, stored)) = own() else {
        return;
    };
    let token = stored.create();
    let serve = stored.serve("");
    let valid = (200, String::new());
    let unavailable = (503, "store".to_owned());
    let recovers = || until("it recovers", || ask(&serve, &token) == valid);
    assert_eq!(ask(&serve, &token), valid);
    for signal in [Signal::INT, Signal::QUIT] {
        server.stop(signal);
        assert_eq!(ask(&serve, &token), unavailable);
        assert_eq!(ask(&serve, &token), unavailable);
        check(
            &stored.verify(&token),
            "failed: ",
            "check that the server runs",
        );
        server.start_again();
        assert_eq!(
            ask(&serve, &token),
            valid,
            "the first request after the restart"
        );
        // Stopped and started between two requests.
        server.stop(signal);
        server.start_again();
        assert_eq!(ask(&serve, &token), valid);
    }
    let mut admin = admin(&server);
    // The writer of notes may have one of the connections for a moment, and another is made then.
    let mut hung = Vec::new();
    until("every session of the server hangs", || {
        for pid in sessions(&mut admin) {
            kill_process(pid, Signal::STOP).unwrap();
            hung.push(pid);
        }
        ask(&serve, &token).0 == 503
    });
    recovers();
    for &pid in &hung {
        kill_process(pid, Signal::CONT).unwrap();
    }
    assert_eq!(ask(&serve, &token), valid);
    // Each session that serve has is ended, and others take all that are free.
    let limit = "SHOW max_connections";
    let most: usize = admin
        .query_one(limit, &[])
        .unwrap()
        .get::<_, String>(0)
        .parse()
        .unwrap();
    admin
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1",
            &[&USER],
        )
        .unwrap();
    let mut taken = Vec::new();
    while taken.len() < most
        && let Ok(client) = server.connect(USER, "postgres")
    {
        taken.push(client);
    }
    until("none is free", || {
        run_with(&mut stored.cmd("verify"), &token).code == 5
    });
    check(
        &stored.verify(&token),
        "has no free connection",
        "max_connections",
    );
    check(
        &stored.run("create --scope inference"),
        "has no free connection",
        "max_connections",
    );
    assert_eq!(ask(&serve, &token).0, 503);
    drop(taken);
    recovers();
    let log = serve.log();
    assert!(log.contains("can be read again"), "{log}");
    assert!(!log.contains(crate::harness::postgres::SECRET), "{log}");
    run(&mut stored.cmd("log --check")).code(0);
}
