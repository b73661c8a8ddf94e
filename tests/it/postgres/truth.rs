//! One truth: of changes that are made at once one wins, and what is acknowledged on one host binds every other one.

use crate::exe::harness::{Site, content, finish, until, wait};
use crate::gateways::client::{Request, send_all};
use crate::gateways::server::{Server, Socket};
use crate::harness::postgres::{Database, cluster};
use crate::harness::{Ran, id_of};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::Duration;

/// Number of processes that change one store at once.
const CROWD: usize = 32;

/// Number of verifications that are asked for together.
const SOME: usize = 50;

/// Number of verifications after a change that was acknowledged on another host.
const VERIFICATIONS: usize = 10_000;

/// A store in a database, used from two hosts: each knows the server by an address of its own.
pub struct TwoHosts {
    database: Database,
    pub a: Site,
    pub b: Site,
}

impl TwoHosts {
    /// A store that hashes by SHA-256, and whose administrator uses it.
    #[track_caller]
    fn start() -> Option<Self> {
        let cluster = cluster()?;
        let database = cluster.database();
        let founder = database.founder();
        let (port, name) = (cluster.server().port(), database.name());
        let site = |address: &str| {
            let url = format!("postgres://{founder}@{address}:{port}/{name}?sslmode=disable");
            Site::at(url)
        };
        let (a, b) = (site("127.0.0.1"), site("127.0.0.2"));
        a.run("init");
        a.run("policy set hash sha256");
        Some(TwoHosts { database, a, b })
    }

    /// Runs a command of each host in turn, all at once: the log is locked until every one waits for it.
    #[track_caller]
    fn crowd(&self, command: impl Fn(&Site, usize) -> Command) -> Vec<Ran> {
        let mut gate = self.database.connect("postgres").unwrap();
        gate.batch_execute("BEGIN; SELECT FROM keyctl.event_head FOR UPDATE")
            .unwrap();
        let started: Vec<Child> = (0..CROWD)
            .map(|n| command([&self.a, &self.b][n % 2], n).spawn().unwrap())
            .collect();
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        until("all wait", || {
            self.database.admin(waiting)[0][0].as_deref() == Some(CROWD.to_string().as_str())
        });
        gate.batch_execute("ROLLBACK").unwrap();
        started.into_iter().map(finish).collect()
    }

    /// Fails unless the log is one chain.
    #[track_caller]
    fn check_chain(&self) {
        self.a.run("log --check");
        self.b.run("log --check");
    }
}

/// A verification that is asked one token after the other.
struct Batch {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Batch {
    fn start(site: &Site, flags: &str) -> Self {
        let mut command = site.cmd(&format!("verify --batch {flags}"));
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        Batch {
            stdin: child.stdin.take().unwrap(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// The verdicts on `tokens`, of which a pipe can hold all.
    fn ask<'a>(&mut self, tokens: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
        let lines: String = tokens.clone().map(|token| format!("{token}\n")).collect();
        self.stdin.write_all(lines.as_bytes()).unwrap();
        let verdict = |_| {
            let mut line = String::new();
            self.stdout.read_line(&mut line).unwrap();
            line
        };
        tokens.map(verdict).collect()
    }

    fn end(self) {
        drop(self.stdin);
        wait(self.child);
    }
}

/// Verdicts on `tokens`, in order, by one process.
#[track_caller]
pub fn verdicts(site: &Site, tokens: &[&str]) -> Vec<String> {
    let mut batch = Batch::start(site, "--no-touch");
    let some = tokens.chunks(SOME);
    let verdicts = some.flat_map(|some| batch.ask(some.iter().copied()));
    let verdicts = verdicts.collect();
    batch.end();
    verdicts
}

/// Tells whether a line of a batch accepts the token.
pub fn accepts(verdict: &str) -> bool {
    assert!(verdict.starts_with("{\"valid\":"), "{verdict}");
    verdict.starts_with("{\"valid\":true,")
}

#[test]
fn of_32_rotations_at_once_from_two_hosts_one_wins_and_the_others_name_its_key() {
    let Some(hosts) = TwoHosts::start() else {
        return;
    };
    let token = hosts.a.create();
    let id = id_of(&token);
    let ran = hosts.crowd(|site, _| site.cmd(&format!("rotate {id}")));
    let (won, lost): (Vec<Ran>, Vec<Ran>) = ran.into_iter().partition(|ran| ran.code == 0);
    assert_eq!(won.len(), 1, "{won:?}");
    let new = won[0].stdout.trim_end();
    for ran in &lost {
        assert_eq!((ran.code, ran.stdout.as_str()), (4, ""), "{ran:?}");
        assert!(ran.stderr.contains(&id_of(new)), "{ran:?}");
    }
    assert_eq!(hosts.b.ids(), [id, id_of(new)]);
    let verdicts = verdicts(&hosts.b, &[&token, new]);
    assert_eq!(
        [accepts(&verdicts[0]), accepts(&verdicts[1])],
        [false, true]
    );
    hosts.check_chain();
}

#[test]
fn of_32_creates_of_one_name_at_once_from_two_hosts_one_makes_a_key() {
    let Some(hosts) = TwoHosts::start() else {
        return;
    };
    let ran = hosts.crowd(|site, _| site.cmd("create --scope inference --name ci"));
    let (won, lost): (Vec<Ran>, Vec<Ran>) = ran.into_iter().partition(|ran| ran.code == 0);
    assert_eq!(won.len(), 1, "{won:?}");
    for ran in &lost {
        assert_eq!((ran.code, ran.stdout.as_str()), (4, ""), "{ran:?}");
        assert!(ran.stderr.contains("ci"), "{ran:?}");
    }
    let new = won[0].stdout.trim_end();
    assert_eq!(hosts.a.ids(), [id_of(new)]);
    assert_eq!(hosts.b.verify(new), 0);
    hosts.check_chain();
}

#[test]
fn writers_on_two_hosts_killed_at_any_time_leave_a_whole_chain_and_every_acknowledged_change() {
    let Some(hosts) = TwoHosts::start() else {
        return;
    };
    let kills = AtomicU32::new(0);
    // Tokens by what was acknowledged last: true for one that works.
    let known = Mutex::new(BTreeMap::<String, bool>::new());
    thread::scope(|scope| {
        for n in 0..CROWD {
            let (hosts, kills, known) = (&hosts, &kills, &known);
            scope.spawn(move || {
                let site = [&hosts.a, &hosts.b][n % 2];
                let mut random = ChaCha8Rng::seed_from_u64(n as u64);
                let mut last: Option<String> = None;
                for _ in 0..4 {
                    let line = match &last {
                        None => "create --scope inference".to_owned(),
                        Some(token) => format!("disable {}", id_of(token)),
                    };
                    let child = site.cmd(&line).spawn().unwrap();
                    let pid = Pid::from_child(&child);
                    let killer = random.random_bool(0.5).then(|| {
                        let wait = Duration::from_millis(random.random_range(0..80));
                        thread::spawn(move || {
                            // Any time is as good as another.
                            thread::sleep(wait);
                            kill_process(pid, Signal::KILL).ok();
                        })
                    });
                    let ran = finish(child);
                    if let Some(killer) = killer {
                        killer.join().unwrap();
                    }
                    match (ran.code, last.take()) {
                        (0, None) => {
                            let token = ran.stdout.trim_end().to_owned();
                            known.lock().unwrap().insert(token.clone(), true);
                            last = Some(token);
                        }
                        (0, Some(token)) => {
                            known.lock().unwrap().insert(token, false);
                        }
                        (137, None) => {
                            kills.fetch_add(1, SeqCst);
                        }
                        // It may have been disabled.
                        (137, Some(token)) => {
                            kills.fetch_add(1, SeqCst);
                            known.lock().unwrap().remove(&token);
                        }
                        _ => panic!("{line}: {ran:?}"),
                    }
                }
            });
        }
    });
    let known = known.into_inner().unwrap();
    let tokens: Vec<&str> = known.keys().map(String::as_str).collect();
    let found = verdicts(&hosts.b, &tokens);
    for ((token, works), verdict) in known.iter().zip(&found) {
        assert_eq!(accepts(verdict), *works, "{token}: {verdict}");
    }
    assert!(kills.into_inner() > 0, "no process was killed");
    hosts.check_chain();
}

/// Something that is asked for verdicts on host B.
enum Oracle {
    Batch(Mutex<Batch>),
    Server(Server, &'static str),
}

impl Oracle {
    /// Tells whether it accepts `token`.
    fn accepts(&self, token: &str) -> bool {
        self.accepted(token, 1) == 1
    }

    /// Asks `count` times for `token`, and returns how often it was accepted.
    fn accepted(&self, token: &str, count: usize) -> usize {
        let tokens = std::iter::repeat_n(token, count);
        match self {
            Oracle::Batch(batch) => {
                let verdicts = batch.lock().unwrap().ask(tokens);
                verdicts.iter().filter(|verdict| accepts(verdict)).count()
            }
            Oracle::Server(server, path) => {
                let requests: Vec<Request> = tokens
                    .map(|token| Request::new("GET", path).key(token))
                    .collect();
                let answers = send_all(server.place(), &requests);
                let statuses = answers.iter().map(|answer| answer.status);
                assert!(
                    statuses
                        .clone()
                        .all(|status| matches!(status, 200 | 401 | 403))
                );
                statuses.filter(|&status| status == 200).count()
            }
        }
    }
}

#[test]
fn ten_thousand_verifications_on_host_b_after_a_change_on_host_a_all_know_of_it() {
    let Some(hosts) = TwoHosts::start() else {
        return;
    };
    let token = hosts.a.create();
    let id = id_of(&token);
    let oracles = [
        Oracle::Server(Server::start(&hosts.b, Socket::Unix, ""), "/verify"),
        Oracle::Batch(Mutex::new(Batch::start(&hosts.b, ""))),
        Oracle::Batch(Mutex::new(Batch::start(&hosts.b, "--no-touch"))),
    ];
    assert!(oracles.iter().all(|oracle| oracle.accepts(&token)));
    let rounds = VERIFICATIONS.div_ceil(SOME * oracles.len());
    let wrong = AtomicU32::new(0);
    for round in 0..rounds {
        let works = round % 2 == 1;
        let line = if works { "enable" } else { "disable" };
        hosts.a.run(&format!("{line} {id}"));
        thread::scope(|scope| {
            for oracle in &oracles {
                let (wrong, token) = (&wrong, &token);
                scope.spawn(move || {
                    let expected = if works { SOME } else { 0 };
                    let accepted = oracle.accepted(token, SOME);
                    wrong.fetch_add(accepted.abs_diff(expected) as u32, SeqCst);
                });
            }
        });
    }
    assert_eq!(wrong.into_inner(), 0);
}

#[test]
fn every_change_of_what_a_key_may_do_on_host_a_binds_the_next_verification_on_host_b() {
    let Some(hosts) = TwoHosts::start() else {
        return;
    };
    let site = &hosts.a;
    let one = |line: &str| site.run(line).stdout.trim_end().to_owned();
    let who = format!("founder_{}", hosts.database.name());
    let join = format!("member add vision {who} --role owner");
    site.run(&join);
    let token = one("create --scope inference --name ci");
    let id = id_of(&token);
    let of = |path: &'static str| Oracle::Server(Server::start(&hosts.b, Socket::Tcp, ""), path);
    let plain = of("/verify");
    let scoped = of("/verify?scope=inference");
    let member = of("/verify?scope=inference&project=vision");
    let all = [&plain, &scoped, &member];
    let verdicts = |token: &str| all.map(|oracle| oracle.accepts(token));
    assert_eq!(verdicts(&token), [true, true, true]);
    site.run(&format!("member remove vision {who}"));
    assert_eq!(verdicts(&token), [true, true, false]);
    site.run(&join);
    assert_eq!(verdicts(&token), [true, true, true]);
    site.run("scope add data:read");
    site.run(&format!(
        "edit {id} --remove-scope inference --add-scope data:read"
    ));
    assert_eq!(verdicts(&token), [true, false, false]);
    site.run(&format!("edit {id} --add-scope inference"));
    assert_eq!(verdicts(&token), [true, true, true]);
    site.run(&format!("edit {id} --allow-from 192.0.2.0/24"));
    assert_eq!(verdicts(&token), [false, false, false]);
    site.run(&format!("edit {id} --allow-from any"));
    assert_eq!(verdicts(&token), [true, true, true]);
    let new = one(&format!("rotate {id}"));
    assert_eq!(verdicts(&token), [false, false, false]);
    assert_eq!(verdicts(&new), [true, true, true]);
    site.run(&format!("delete {} --yes", id_of(&new)));
    assert_eq!(verdicts(&new), [false, false, false]);
}

#[test]
fn servers_on_two_hosts_each_know_of_a_change_on_the_next_request() {
    let Some(hosts) = TwoHosts::start() else {
        return;
    };
    let token = hosts.a.create();
    let id = id_of(&token);
    let servers = [&hosts.a, &hosts.b]
        .map(|site| Oracle::Server(Server::start(site, Socket::Unix, ""), "/verify"));
    let both = || servers.each_ref().map(|server| server.accepts(&token));
    for site in [&hosts.a, &hosts.b] {
        assert_eq!(both(), [true, true]);
        site.run(&format!("disable {id}"));
        assert_eq!(both(), [false, false]);
        site.run(&format!("enable {id}"));
    }
    assert_eq!(both(), [true, true]);
    hosts.b.run(&format!("delete {id} --yes"));
    assert_eq!(both(), [false, false]);
}

#[test]
fn a_change_that_waits_too_long_for_the_log_names_the_session_that_holds_it() {
    let Some(hosts) = TwoHosts::start() else {
        return;
    };
    let name = hosts.database.name();
    let other = format!("other_{name}");
    hosts.database.admin(&format!(
        "CREATE ROLE {other} LOGIN; GRANT keyctl_{name}_operator TO {other}"
    ));
    let mut gate = hosts.database.connect(&other).unwrap();
    gate.batch_execute("BEGIN; SELECT keyctl.lock_head()")
        .unwrap();
    let pid: i32 = gate
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    let ran = finish(hosts.a.cmd("create --scope inference").spawn().unwrap());
    assert_eq!((ran.code, ran.stdout.as_str()), (5, ""), "{ran:?}");
    let who = format!(": process {pid} of '{other}'");
    assert!(ran.stderr.contains(&who), "{ran:?}");
    assert!(ran.stderr.contains(&format!("pg_terminate_backend({pid})")));
    assert!(hosts.a.ids().is_empty());
}

#[test]
fn a_rotation_goes_on_although_its_connection_was_cut_while_the_command_ran() {
    let Some(hosts) = TwoHosts::start() else {
        return;
    };
    let token = hosts.a.create();
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'keyctl'";
    let url = hosts.database.url("postgres");
    let script = format!("cat >/dev/null; psql -X -At -c \"{cut}\" '{url}' >cut");
    let mut command = hosts.a.cmd(&format!("rotate {} --exec", id_of(&token)));
    let ran = finish(command.args(["--", "sh", "-c", &script]).spawn().unwrap()).code(0);
    assert_eq!(content(hosts.a.path("cut")), b"1\n", "{ran:?}");
    assert_eq!(hosts.a.verify(&token), 1);
    hosts.check_chain();
}
