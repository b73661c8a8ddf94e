//! Log lines on standard error, in JSON, written by a thread of their own: the reader of standard error makes no
//! request wait.

mod reminders;
mod throttle;

use super::metrics::VerdictWord;
use crate::env::Clock;
use crate::error::Error;
use crate::id::KeyId;
use crate::output::json;
use crate::parallel::locked;
use crate::when::Timestamp;
use crate::word::words;
use clap::ValueEnum;
use reminders::{Reminder, Reminders};
use serde::{Serialize, Serializer};
use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use throttle::{Throttle, Withheld};

/// Lines that may wait to be written.
const CAPACITY: usize = 1024;

/// Which answers have a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// None of them.
    None,
    /// Those that are not 200, and once a minute for each key and client those to a phased-out key in its grace.
    #[default]
    Rejected,
    /// All.
    All,
}

words! {
    /// Origin of the comparison of a secret with a hash.
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum HashUse {
        /// Nothing was compared.
        None = "none",
        /// A hash was computed.
        Computed = "computed",
        /// The result was in the cache.
        Cached = "cached",
    }
}

/// Answer to a request, for the log.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LogEntry<'a> {
    /// HTTP status.
    pub status: u16,
    /// Reason of a rejection; with status 200 `None`, or [`VerdictWord::PhasedOut`] for a key in its grace.
    pub reason: Option<VerdictWord>,
    /// Key, only if the secret matched.
    pub key: Option<KeyId>,
    /// Required scopes.
    #[serde(serialize_with = "joined")]
    pub scope: &'a [String],
    /// Required projects.
    #[serde(serialize_with = "joined")]
    pub project: &'a [String],
    /// Address of the client, if the gateway gives it.
    pub client: Option<IpAddr>,
    /// Word for the endpoint.
    pub endpoint: &'static str,
    /// Origin of the comparison.
    pub hash: HashUse,
    /// Time from the request to the answer.
    #[serde(rename = "us", serialize_with = "microseconds")]
    pub took: Duration,
}

/// Log of a server. No call waits for the writer: lines that do not fit are counted.
pub struct Log {
    level: LogLevel,
    clock: Arc<Clock>,
    reminders: Mutex<Reminders>,
    throttle: Arc<Mutex<Throttle>>,
    jobs: SyncSender<LogJob>,
    is_ending: Arc<AtomicBool>,
    /// Writer, which the thread returns at its end.
    returned: Mutex<Receiver<Box<dyn Write + Send>>>,
}

/// Job of the thread that writes.
enum LogJob {
    /// Writes a line.
    Line(Vec<u8>),
    /// Looks for the end of the log, and for lines that were withheld.
    Look,
}

/// Line with its time.
#[derive(Serialize)]
struct Stamped<T> {
    at: String,
    #[serde(flatten)]
    content: T,
}

/// Text that is not about one request.
#[derive(Serialize)]
struct LogMessage<'a> {
    message: &'a str,
}

impl Log {
    /// Starts the thread that writes to `writer`. Fails if no thread can be started.
    pub fn start(
        level: LogLevel,
        writer: Box<dyn Write + Send>,
        clock: Arc<Clock>,
    ) -> io::Result<Self> {
        let (jobs, queue) = sync_channel(CAPACITY);
        let (give_back, returned) = sync_channel(1);
        let throttle = Arc::new(Mutex::new(Throttle::default()));
        let is_ending = Arc::new(AtomicBool::new(false));
        let mut thread = LogThread {
            writer,
            queue,
            throttle: throttle.clone(),
            clock: clock.clone(),
            is_ending: is_ending.clone(),
        };
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || {
                thread.run();
                // Nobody waits for it if the log was dropped.
                let _ = give_back.send(thread.writer);
            })?;
        Ok(Log {
            level,
            clock,
            reminders: Mutex::default(),
            throttle,
            jobs,
            is_ending,
            returned: Mutex::new(returned),
        })
    }

    /// Logs an answer, if the level asks for it.
    ///
    /// Answers without a key are at most ten a second for each reason: anybody can cause them. The others of that
    /// second are counted in one line.
    pub fn verdict(&self, entry: &LogEntry<'_>) {
        if self.admits(entry) {
            self.send(line(&self.clock, entry));
        }
    }

    /// Logs a text that is not about one request, at any level: at most one a second of each `kind`, and the last of
    /// that second when it is over.
    pub fn message(&self, kind: &'static str, text: &str) {
        let line = line(&self.clock, LogMessage { message: text });
        let now = Instant::now();
        let admitted = locked(&self.throttle).admits_message(kind, line, now);
        if let Some(line) = admitted {
            self.send(line);
        }
    }

    /// Logs an error of the store or of a hash. Its advice is for a command, so it is left out.
    pub fn failure(&self, error: &Error) {
        self.message(error.kind.word(), &error.to_string());
    }

    /// Writes what waits and returns the writer; `None` if that takes longer than `within`. Later lines are lost.
    pub fn finish(&self, within: Duration) -> Option<Box<dyn Write + Send>> {
        self.is_ending.store(true, Ordering::Release);
        // If the queue is full, the thread sees the end after its next job.
        let _ = self.jobs.try_send(LogJob::Look);
        locked(&self.returned).recv_timeout(within).ok()
    }

    fn admits(&self, entry: &LogEntry<'_>) -> bool {
        let is_accepted = entry.status == 200;
        match (self.level, entry.key, entry.reason) {
            (LogLevel::None, ..) => false,
            (LogLevel::Rejected, Some(key), Some(reason @ VerdictWord::PhasedOut))
                if is_accepted =>
            {
                let now = Instant::now();
                match locked(&self.reminders).remind(key, entry.client, now) {
                    Reminder::Due => true,
                    Reminder::Given => false,
                    Reminder::Unknown => {
                        locked(&self.throttle).withhold(reason, now);
                        self.wake();
                        false
                    }
                }
            }
            (LogLevel::Rejected, ..) if is_accepted => false,
            (_, None, Some(reason)) => locked(&self.throttle).admits(reason, Instant::now()),
            _ => true,
        }
    }

    fn send(&self, line: Vec<u8>) {
        if let Err(TrySendError::Full(_)) = self.jobs.try_send(LogJob::Line(line)) {
            locked(&self.throttle).drop_line(Instant::now());
            self.wake();
        }
    }

    /// Makes the thread look at what was withheld: after this job, or after one of those for which this one has no
    /// room in the queue.
    fn wake(&self) {
        let _ = self.jobs.try_send(LogJob::Look);
    }
}

/// Thread that writes the lines.
struct LogThread {
    writer: Box<dyn Write + Send>,
    queue: Receiver<LogJob>,
    throttle: Arc<Mutex<Throttle>>,
    clock: Arc<Clock>,
    is_ending: Arc<AtomicBool>,
}

impl LogThread {
    /// Writes lines until [`Log::finish`] or until the log is dropped.
    fn run(&mut self) {
        loop {
            let end = locked(&self.throttle).end();
            let job = match end {
                // Woken when a second is over in which lines were withheld, or may have been.
                Some(end) => {
                    let left = end.saturating_duration_since(Instant::now());
                    self.queue.recv_timeout(left)
                }
                None => self.queue.recv().map_err(RecvTimeoutError::from),
            };
            match job {
                Ok(LogJob::Line(line)) => self.write(&line),
                Ok(LogJob::Look) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.is_ending.load(Ordering::Acquire) {
                break;
            }
            let now = Instant::now();
            let withheld = locked(&self.throttle).over(now);
            self.report(withheld);
        }
        for _ in 0..CAPACITY {
            match self.queue.try_recv() {
                Ok(LogJob::Line(line)) => self.write(&line),
                Ok(LogJob::Look) => {}
                Err(_) => break,
            }
        }
        let withheld = locked(&self.throttle).take();
        self.report(withheld);
        let _ = self.writer.flush();
    }

    fn report(&mut self, withheld: Vec<Withheld>) {
        for withheld in withheld {
            match withheld {
                Withheld::Message(line) => self.write(&line),
                Withheld::Count(count) => self.write(&line(&self.clock, count)),
            }
        }
    }

    fn write(&mut self, line: &[u8]) {
        // There is nowhere to report a failed write.
        let _ = self.writer.write_all(line);
    }
}

/// Line of `content` at the present time; empty if it cannot be written as JSON.
fn line(clock: &Arc<Clock>, content: impl Serialize) -> Vec<u8> {
    let at = milliseconds(clock());
    json::line(&Stamped { at, content }).unwrap_or_default()
}

/// Formats as [`Timestamp::rfc3339`] does, in milliseconds.
fn milliseconds(at: Timestamp) -> String {
    let seconds = at.to_string();
    let seconds = seconds.trim_end_matches('Z');
    format!("{seconds}.{:03}Z", at.millis().rem_euclid(1000))
}

/// Writes names joined by a comma, or null if there is none.
fn joined<S: Serializer>(names: &&[String], serializer: S) -> Result<S::Ok, S::Error> {
    match names {
        [] => serializer.serialize_none(),
        names => serializer.serialize_str(&names.join(",")),
    }
}

fn microseconds<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::sync::mpsc::{Sender, channel};

    /// Bound for what another thread does; only a failure takes so long.
    const BOUND: Duration = Duration::from_secs(60);

    /// Writer whose reader takes each line when it wants to.
    struct Pipe(Sender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.send(line.to_vec()).map_err(io::Error::other)?;
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Writer that waits for a word before its first line.
    struct Gate(Receiver<()>, Pipe);

    impl Write for Gate {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            // It is open for good once its other end is dropped.
            let _ = self.0.recv();
            self.1.write(line)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn start(level: LogLevel, writer: impl Write + Send + 'static) -> Log {
        let at = Timestamp::from_millis(1_795_000_000_007).unwrap();
        Log::start(level, Box::new(writer), Arc::new(move || at)).unwrap()
    }

    fn piped(level: LogLevel) -> (Log, Receiver<Vec<u8>>) {
        let (lines, read) = channel();
        (start(level, Pipe(lines)), read)
    }

    /// Next line, without its time.
    fn next(lines: &Receiver<Vec<u8>>) -> Value {
        let line = lines.recv_timeout(BOUND).unwrap();
        let mut value: Value = serde_json::from_slice(line.strip_suffix(b"\n").unwrap()).unwrap();
        let at = value.as_object_mut().unwrap().remove("at").unwrap();
        assert_eq!(at, "2026-11-18T11:06:40.007Z");
        value
    }

    /// Lines up to the end of the log, each without its time.
    fn all(log: &Log, lines: &Receiver<Vec<u8>>) -> Vec<Value> {
        drop(log.finish(BOUND).unwrap());
        let mut all = Vec::new();
        while let Ok(line) = lines.try_recv() {
            let value: Value = serde_json::from_slice(&line).unwrap();
            all.push(value);
        }
        all
    }

    fn entry(status: u16, reason: Option<VerdictWord>, key: Option<&str>) -> LogEntry<'static> {
        LogEntry {
            status,
            reason,
            key: key.map(|key| key.parse().unwrap()),
            scope: &[],
            project: &[],
            client: None,
            endpoint: "verify",
            hash: HashUse::None,
            took: Duration::ZERO,
        }
    }

    fn unknown() -> LogEntry<'static> {
        entry(401, Some(VerdictWord::Unknown), None)
    }

    fn valid() -> LogEntry<'static> {
        entry(200, None, Some("aaaaaaaaaaaa"))
    }

    fn in_grace() -> LogEntry<'static> {
        entry(200, Some(VerdictWord::PhasedOut), Some("bbbbbbbbbbbb"))
    }

    fn expired() -> LogEntry<'static> {
        entry(401, Some(VerdictWord::Expired), Some("cccccccccccc"))
    }

    /// Key and reason of each line.
    fn told(lines: Vec<Value>) -> Vec<(Value, Value)> {
        let told = lines.into_iter();
        told.map(|mut it| (it["key"].take(), it["reason"].take()))
            .collect()
    }

    #[test]
    fn a_line_has_all_fields_in_their_order() {
        let (log, lines) = piped(LogLevel::All);
        log.verdict(&LogEntry {
            scope: &["a:read".to_owned(), "b".to_owned()],
            project: &["ü\u{202e}\u{1b}".to_owned()],
            client: Some("2001:db8::1".parse().unwrap()),
            hash: HashUse::Cached,
            took: Duration::from_nanos(1_234_999),
            ..entry(403, Some(VerdictWord::Scope), Some("7h2m9qxw4d1e"))
        });
        let line = lines.recv_timeout(BOUND).unwrap();
        let expected = concat!(
            r#"{"at":"2026-11-18T11:06:40.007Z","status":403,"reason":"scope","key":"7h2m9qxw4d1e","#,
            r#""scope":"a:read,b","project":"ü\u202e\u001b","client":"2001:db8::1","endpoint":"verify","#,
            r#""hash":"cached","us":1234}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(line).unwrap(), expected);
        log.verdict(&unknown());
        let line = lines.recv_timeout(BOUND).unwrap();
        let expected = concat!(
            r#"{"at":"2026-11-18T11:06:40.007Z","status":401,"reason":"unknown","key":null,"scope":null,"#,
            r#""project":null,"client":null,"endpoint":"verify","hash":"none","us":0}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }

    #[test]
    fn each_level_has_the_lines_that_it_is_for() {
        let (a, b, c) = (
            json!("aaaaaaaaaaaa"),
            json!("bbbbbbbbbbbb"),
            json!("cccccccccccc"),
        );
        let in_grace_line = (b, json!("phased-out"));
        let rejected = [(c, json!("expired")), (Value::Null, json!("unknown"))];
        for (level, expected) in [
            (LogLevel::None, vec![]),
            (
                LogLevel::Rejected,
                [std::slice::from_ref(&in_grace_line), &rejected[..]].concat(),
            ),
            (
                LogLevel::All,
                [
                    &[(a, Value::Null), in_grace_line.clone(), in_grace_line],
                    &rejected[..],
                ]
                .concat(),
            ),
        ] {
            let (log, lines) = piped(level);
            for entry in [valid(), in_grace(), in_grace(), expired(), unknown()] {
                log.verdict(&entry);
            }
            assert_eq!(told(all(&log, &lines)), expected, "{level:?}");
        }
    }

    #[test]
    fn a_client_of_a_phased_out_key_is_told_of_by_its_address() {
        let (log, lines) = piped(LogLevel::Rejected);
        for client in ["192.0.2.1", "192.0.2.1", "192.0.2.2"] {
            let client = Some(client.parse().unwrap());
            log.verdict(&LogEntry {
                client,
                ..in_grace()
            });
        }
        let clients = all(&log, &lines)
            .into_iter()
            .map(|mut line| line["client"].take());
        assert_eq!(clients.collect::<Vec<_>>(), ["192.0.2.1", "192.0.2.2"]);
    }

    #[test]
    fn a_flood_of_unknown_tokens_is_counted_without_another_line() {
        for level in [LogLevel::Rejected, LogLevel::All] {
            let (log, lines) = piped(level);
            (0..1000).for_each(|_| log.verdict(&unknown()));
            let (mut written, mut suppressed) = (0, 0);
            while written + suppressed < 1000 {
                let line = next(&lines);
                match line.get("suppressed") {
                    Some(count) => {
                        suppressed += count.as_u64().unwrap();
                        assert_eq!(line, json!({"reason": "unknown", "suppressed": count}));
                    }
                    None => written += 1,
                }
            }
            assert_eq!(written + suppressed, 1000);
            assert!(suppressed > 0);
        }
    }

    #[test]
    fn lines_of_keys_are_not_limited() {
        let (log, lines) = piped(LogLevel::Rejected);
        (0..100).for_each(|_| log.verdict(&expired()));
        assert_eq!(all(&log, &lines).len(), 100);
    }

    #[test]
    fn finish_tells_at_once_what_was_suppressed() {
        let (log, lines) = piped(LogLevel::Rejected);
        (0..1000).for_each(|_| log.verdict(&unknown()));
        log.message("store", "lost");
        (0..2).for_each(|_| log.message("store", "lost again"));
        let lines = all(&log, &lines);
        let (counts, others): (Vec<_>, Vec<_>) = lines
            .iter()
            .partition(|line| line.get("suppressed").is_some());
        let suppressed: u64 = counts
            .iter()
            .map(|line| line["suppressed"].as_u64().unwrap())
            .sum();
        let written = others
            .iter()
            .filter(|line| line["reason"] == "unknown")
            .count();
        assert_eq!(suppressed + written as u64, 1000);
        let messages: Vec<_> = others
            .iter()
            .filter_map(|line| line.get("message"))
            .collect();
        assert_eq!(messages.first(), Some(&&json!("lost")));
        assert_eq!(messages.last(), Some(&&json!("lost again")));
        assert!(log.finish(BOUND).is_none());
    }

    #[test]
    fn a_message_that_is_withheld_comes_when_the_second_is_over() {
        let (log, lines) = piped(LogLevel::None);
        (1..=1000).for_each(|number| log.message("store", &format!("lost {number}")));
        assert_eq!(next(&lines), json!({"message": "lost 1"}));
        let last = json!({"message": "lost 1000"});
        let count = (1..1000).find(|_| next(&lines) == last);
        assert!(count.is_some_and(|count| count < 500));
    }

    #[test]
    fn verdict_does_not_wait_for_the_writer_and_lost_lines_are_counted() {
        let (open, gate) = channel();
        let (lines, read) = channel();
        let log = start(LogLevel::All, Gate(gate, Pipe(lines)));
        (0..3000).for_each(|_| log.verdict(&valid()));
        assert!(read.try_recv().is_err());
        assert!(log.finish(Duration::ZERO).is_none());
        drop(open);
        let mut count = 0;
        let dropped = loop {
            match next(&read).get("dropped") {
                Some(dropped) => break dropped.as_u64().unwrap(),
                None => count += 1,
            }
        };
        assert!(count >= CAPACITY as u64);
        assert_eq!(count + dropped, 3000);
    }

    #[test]
    fn lost_lines_are_counted_without_another_line() {
        let (open, gate) = channel();
        let (lines, read) = channel();
        let log = start(LogLevel::All, Gate(gate, Pipe(lines)));
        (0..3000).for_each(|_| log.verdict(&valid()));
        drop(open);
        let (mut written, mut dropped) = (0, 0);
        while written + dropped < 3000 {
            match next(&read).get("dropped") {
                Some(count) => dropped += count.as_u64().unwrap(),
                None => written += 1,
            }
        }
        assert_eq!(written + dropped, 3000);
        assert!(dropped > 0);
    }

    #[test]
    fn a_write_that_fails_loses_that_line_alone() {
        struct FailsOnce(bool, Pipe);

        impl Write for FailsOnce {
            fn write(&mut self, line: &[u8]) -> io::Result<usize> {
                match std::mem::replace(&mut self.0, true) {
                    true => self.1.write(line),
                    false => Err(io::Error::other("no space")),
                }
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        let (lines, read) = channel();
        let log = start(LogLevel::All, FailsOnce(false, Pipe(lines)));
        [valid(), expired()]
            .iter()
            .for_each(|entry| log.verdict(entry));
        assert_eq!(next(&read)["reason"], "expired");
    }
}
