//! Connection to a server, with a deadline for each round trip.
//!
//! The client of the crate is asynchronous. It runs on a runtime of its own, only while a call waits: no thread is
//! started, and callers see blocking functions.

use super::error::{Causes, PgError, PgResult};
use super::resolve;
use super::server::{Host, Server};
use super::statement::{Param, ROLLBACK, Step};
use super::tls::{self, Connector};
use crate::error::Error;
use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{timeout, timeout_at};
use tokio_postgres::config::SslMode;
use tokio_postgres::error::DbError;
use tokio_postgres::{AsyncMessage, Client, Config, Row};

/// Time to wait for the server to take the end of the connection.
const FAREWELL: Duration = Duration::from_millis(200);

/// Connection to a server.
pub struct Link {
    runtime: Runtime,
    /// `None` once the connection is being closed.
    client: Option<Client>,
    task: Option<JoinHandle<()>>,
    heard: Arc<Mutex<Heard>>,
    /// User of the session, if the server or pooler has said it.
    user: Option<String>,
    /// Set once an answer did not come, or the connection ended.
    has_failed: AtomicBool,
}

/// Messages that belong to no statement.
#[derive(Default)]
struct Heard {
    /// True once there was a warning since this was last asked.
    has_warned: bool,
    /// Error that ended the connection.
    end: Option<tokio_postgres::Error>,
}

impl Link {
    /// Connects to the first host of `server` that is up and no standby.
    ///
    /// # Errors
    ///
    /// Fails with the cause of each host that was tried. A wrong password, an unknown database and a refused user are
    /// not tried at the next host.
    pub fn connect(server: &Server) -> PgResult<Self> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|cause| Error::unavailable("cannot start a connection").because(cause))?;
        let mut causes = Causes::default();
        for host in &server.hosts {
            match dial(&runtime, server, host) {
                Ok((client, task, heard, user)) => {
                    return Ok(Link {
                        runtime,
                        client: Some(client),
                        task: Some(task),
                        heard,
                        user,
                        has_failed: AtomicBool::new(false),
                    });
                }
                Err(error) if error.is_final() => return Err(causes.and(host, error)),
                Err(error) => causes.add(host, error),
            }
        }
        Err(causes.into())
    }

    /// The user of the session, if the server has said it.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Tells whether every answer has come so far, and the connection is open.
    pub fn works(&self) -> bool {
        !self.has_failed.load(Relaxed)
            && self
                .client
                .as_ref()
                .is_some_and(|client| !client.is_closed())
    }

    /// Tells the same after a look at what the server has sent since, such as the end of the connection.
    pub fn is_alive(&self) -> bool {
        self.runtime.block_on(async {
            // The first turn asks the system, the second lets the task read.
            yield_now().await;
            yield_now().await;
        });
        self.works()
    }

    /// Ends the use of a connection, which may lead to the wrong server: the next session makes another one.
    pub fn give_up(&self) {
        self.send(&ROLLBACK);
        self.has_failed.store(true, Relaxed);
    }

    /// Sends `steps` together, and returns the rows of each. Waits at most `limit`.
    ///
    /// # Errors
    ///
    /// Fails with the first error of a step. After a deadline, nothing is known of any step.
    pub fn run(&self, steps: &[Step], limit: Duration) -> PgResult<Vec<Vec<Row>>> {
        let client = self.client()?;
        let all = async {
            let mut sent: Vec<_> = steps.iter().map(|step| Some(send(client, step))).collect();
            let mut done: Vec<Option<Sent>> = steps.iter().map(|_| None).collect();
            // The first poll of each sends it: all are on their way before one is waited for.
            for (future, done) in sent.iter_mut().zip(&mut done) {
                if let Some(pending) = future {
                    *done = poll_once(pending).await;
                    if done.is_some() {
                        *future = None;
                    }
                }
            }
            let mut rows = Vec::with_capacity(steps.len());
            for (future, done) in sent.into_iter().zip(done) {
                rows.push(match (done, future) {
                    (Some(done), _) => done?,
                    (None, Some(future)) => future.await?,
                    (None, None) => Vec::new(),
                });
            }
            Ok(rows)
        };
        match self.runtime.block_on(async { timeout(limit, all).await }) {
            Ok(done) => done.map_err(|error| self.ended_by(error)),
            Err(_) => Err(self.late(limit)),
        }
    }

    /// Runs a script of statements without parameters.
    pub fn run_script(&self, sql: &str, limit: Duration) -> PgResult<()> {
        let script = self.client()?.batch_execute(sql);
        match self
            .runtime
            .block_on(async { timeout(limit, script).await })
        {
            Ok(done) => done.map_err(|error| self.ended_by(error)),
            Err(_) => Err(self.late(limit)),
        }
    }

    fn late(&self, limit: Duration) -> PgError {
        self.has_failed.store(true, Relaxed);
        PgError::Deadline(limit)
    }

    /// Sends `step` without waiting for its result.
    pub fn send(&self, step: &Step) {
        let Ok(client) = self.client() else {
            return;
        };
        self.runtime.block_on(async {
            let mut future = send(client, step);
            // The result is of no use: if this fails, the next statement does.
            drop(poll_once(&mut future).await);
            drop(future);
            yield_now().await;
        });
    }

    /// Tells whether the server has given a warning since the last call.
    pub fn take_warning(&self) -> bool {
        std::mem::take(&mut locked(&self.heard).has_warned)
    }

    fn client(&self) -> PgResult<&Client> {
        let closed = || Error::unavailable("the connection is closed").into();
        self.client.as_ref().ok_or_else(closed)
    }

    /// Returns the error that ended the connection in the place of one that says only that it is closed.
    fn ended_by(&self, error: tokio_postgres::Error) -> PgError {
        if error.as_db_error().is_none() {
            self.has_failed.store(true, Relaxed);
        }
        if error.is_closed() {
            // The task may not have run since.
            self.runtime.block_on(yield_now());
            if let Some(end) = locked(&self.heard).end.take() {
                return PgError::Server(end);
            }
        }
        PgError::Server(error)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        drop(self.client.take());
        if let Some(task) = self.task.take() {
            // Says good-bye: a server logs a connection that is cut.
            drop(
                self.runtime
                    .block_on(async { timeout(FAREWELL, task).await }),
            );
        }
    }
}

type Sent = Result<Vec<Row>, tokio_postgres::Error>;

type Sending<'a> = Pin<Box<dyn Future<Output = Sent> + 'a>>;

fn send<'a>(client: &'a Client, step: &'a Step) -> Sending<'a> {
    Box::pin(async move {
        match step {
            Step::Script(sql) => client.batch_execute(sql).await.map(|()| Vec::new()),
            Step::Query(statement) => {
                let params: Vec<_> = statement.params.iter().map(Param::typed).collect();
                client.query_typed(&statement.sql, &params).await
            }
        }
    })
}

async fn poll_once(future: &mut Sending<'_>) -> Option<Sent> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

type Dialed = (Client, JoinHandle<()>, Arc<Mutex<Heard>>, Option<String>);

/// Connects to one host.
fn dial(runtime: &Runtime, server: &Server, host: &Host) -> PgResult<Dialed> {
    let until = Instant::now() + server.connect_timeout;
    let config = server.config(host)?;
    let tls = tls::connector(server.tls_to(host))?;
    let addresses = resolve::addresses(host, server.connect_timeout)?;
    if addresses.is_empty() {
        return dial_one(runtime, server, &config, &tls, until);
    }
    let mut left = addresses.len();
    let mut last = None;
    for address in addresses {
        let mut config = config.clone();
        if config.get_hostaddrs().is_empty() {
            config.hostaddr(address);
        }
        // One address that does not answer leaves time for the others.
        let now = Instant::now();
        let share = until.saturating_duration_since(now) / u32::try_from(left).unwrap_or(u32::MAX);
        match dial_one(runtime, server, &config, &tls, now + share) {
            // The addresses of a name are one server's, for which a wrong password would count twice.
            Err(error) if !error.is_final() => last = Some(telling(last, error)),
            dialed => return dialed,
        }
        left -= 1;
    }
    Err(last.unwrap_or(PgError::Deadline(server.connect_timeout)))
}

/// Chooses the error of a server that has answered, or else the last one.
fn telling(before: Option<PgError>, last: PgError) -> PgError {
    match before {
        Some(before) if before.code().is_some() && last.code().is_none() => before,
        _ => last,
    }
}

/// Connects to one address or socket.
fn dial_one(
    runtime: &Runtime,
    server: &Server,
    config: &Config,
    tls: &Connector,
    until: Instant,
) -> PgResult<Dialed> {
    let needs_tls = config.get_ssl_mode() == SslMode::Require;
    // The crate's own limit holds for the socket alone.
    let dialed =
        runtime.block_on(async { timeout_at(until.into(), open(config, tls.clone())).await });
    match dialed {
        Ok(Err(PgError::Server(error))) => Err(match error.source() {
            // What the client itself refuses has a plain text as its cause.
            Some(cause) if is_own_refusal(cause) => {
                if needs_tls && !tls.has_begun() {
                    PgError::NoTls
                } else if config.get_password().is_none() {
                    PgError::NoPassword
                } else {
                    PgError::Server(error)
                }
            }
            Some(cause) if is_late(cause) => PgError::Deadline(server.connect_timeout),
            _ => PgError::Server(error),
        }),
        Ok(dialed) => dialed,
        Err(_) => Err(PgError::Deadline(server.connect_timeout)),
    }
}

/// Tells whether `cause` is neither of the system nor of the server.
fn is_own_refusal(cause: &(dyn StdError + 'static)) -> bool {
    !cause.is::<io::Error>() && !cause.is::<DbError>()
}

fn is_late(cause: &(dyn StdError + 'static)) -> bool {
    let cause = cause.downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut)
}

async fn open(config: &Config, tls: Connector) -> PgResult<Dialed> {
    let (client, mut connection) = config.connect(tls).await?;
    if connection.parameter("in_hot_standby") == Some("on") {
        return Err(PgError::Standby);
    }
    let user = connection
        .parameter("session_authorization")
        .map(str::to_owned);
    let heard = Arc::new(Mutex::new(Heard::default()));
    let messages = Arc::clone(&heard);
    let task = tokio::spawn(async move {
        while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
            match message {
                Ok(AsyncMessage::Notice(notice)) => hear(&messages, &notice),
                Ok(_) => {}
                Err(error) => {
                    locked(&messages).end = Some(error);
                    return;
                }
            }
        }
    });
    Ok((client, task, heard, user))
}

fn hear(heard: &Mutex<Heard>, notice: &DbError) {
    if notice.parsed_severity() == Some(tokio_postgres::error::Severity::Warning) {
        locked(heard).has_warned = true;
    }
}

fn locked(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    // A panic of another thread does not make the content invalid.
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
