//! Metrics in the text format of Prometheus, version 0.0.4. No label holds a key ID or an owner.

mod process;

pub use crate::output::exposition::CONTENT_TYPE;

use crate::output::exposition;
use crate::when::Timestamp;
use crate::word::words;
use process::Process;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};
use serde::Serialize;
use std::time::Duration;

words! {
    /// Word for a verdict: label `verdict` of the metrics, and `reason` of the log.
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum VerdictWord {
        /// The token is accepted.
        Valid = "valid",
        /// The request has no token.
        Missing = "missing",
        /// The request has several tokens.
        Several = "several",
        /// The text is not a token.
        Malformed = "malformed",
        /// No key has this ID and secret.
        Unknown = "unknown",
        /// The key was rotated and its grace is over.
        PhasedOut = "phased-out",
        /// The key has expired.
        Expired = "expired",
        /// The key is disabled.
        Disabled = "disabled",
        /// The key lacks a required scope.
        Scope = "scope",
        /// The key's owner is not a member of the required project.
        Project = "project",
        /// The key does not work from this address.
        Address = "address",
        /// The query is wrong, or requires a scope that is not registered.
        Usage = "usage",
        /// The store cannot be read.
        Store = "store",
        /// The hash was not computed in time.
        Busy = "busy",
        /// The server is shutting down.
        Draining = "draining",
    }
}

words! {
    /// Reason not to compute a hash.
    pub enum Shed {
        /// The queue is full.
        Full = "full",
        /// The client has too many jobs in the queue.
        Client = "client",
        /// The job waited too long.
        Late = "late",
    }
}

words! {
    /// Kind of a cached fact.
    pub enum FactKind {
        /// The secret matched the hash.
        Match = "match",
        /// It did not.
        Mismatch = "mismatch",
    }
}

words! {
    /// Result of a note for the store, such as a key's last use.
    pub enum NoteResult {
        /// It was written.
        Written = "written",
        /// Too many waited.
        Dropped = "dropped",
        /// The store could not be written.
        Failed = "failed",
    }
}

/// Upper bounds of the buckets for verdicts, in seconds: 50 µs to 5 s.
const VERDICT_BUCKETS: [f64; 16] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0,
];

/// Upper bounds of the buckets for hashes, in seconds: 1 ms to 10 s.
const HASH_BUCKETS: [f64; 13] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Words for the label `scheme`.
const SCHEMES: [&str; 2] = ["argon2id", "sha256"];

/// Metrics of one server. All series exist from the start, at 0.
///
/// A count is one atomic addition; an observation locks its histogram for as long as it takes to find the bucket.
#[derive(Debug)]
pub struct Metrics {
    /// Jobs in the queue for hashes.
    pub hash_queue_jobs: Gauge,
    /// Rows of keys that were read.
    pub rows_read: Counter,
    /// Commits by others that were seen.
    pub store_changes: Counter,
    /// 1 while the store can be read, else 0.
    pub store_up: Gauge,
    /// Open connections.
    pub connections: Gauge,
    /// Connections closed at once, since too many were open.
    pub connections_refused: Counter,
    verdicts: [Counter; VerdictWord::ALL.len()],
    verdict_seconds: Histogram,
    hashes: [Counter; SCHEMES.len()],
    hash_seconds: Histogram,
    shed: [Counter; Shed::ALL.len()],
    fact_hits: [Counter; FactKind::ALL.len()],
    notes: [Counter; NoteResult::ALL.len()],
    registry: Registry,
}

impl Metrics {
    /// Registers all metrics, for a process that began at `started`.
    pub fn new(started: Timestamp) -> Self {
        let mut registry = Registry::default();
        let all = &mut registry;
        exposition::register_build(all);
        all.register_collector(Box::new(Process { started }));
        Metrics {
            verdicts: counters(
                all,
                "keyctl_verdicts",
                "Answers to requests",
                ("verdict", VerdictWord::ALL.map(VerdictWord::word)),
            ),
            verdict_seconds: histogram(
                all,
                "keyctl_verdict_seconds",
                "Time from a request to its answer",
                &VERDICT_BUCKETS,
            ),
            hashes: counters(all, "keyctl_hashes", "Hashes computed", ("scheme", SCHEMES)),
            hash_seconds: histogram(
                all,
                "keyctl_hash_seconds",
                "Time to compute a slow hash, without the wait in the queue",
                &HASH_BUCKETS,
            ),
            hash_queue_jobs: plain(
                all,
                "keyctl_hash_queue_jobs",
                "Hashes that wait to be computed",
            ),
            shed: counters(
                all,
                "keyctl_hash_shed",
                "Hashes not computed: the queue or the client's share of it was full, or it was too late",
                ("why", Shed::ALL.map(Shed::word)),
            ),
            fact_hits: counters(
                all,
                "keyctl_fact_hits",
                "Hashes saved by the cache of which secrets match, and which do not",
                ("kind", FactKind::ALL.map(FactKind::word)),
            ),
            rows_read: plain(all, "keyctl_rows_read", "Rows of keys read from the store"),
            store_changes: plain(
                all,
                "keyctl_store_changes",
                "Changes of the store by others that were seen",
            ),
            store_up: plain(
                all,
                "keyctl_store_up",
                "1 while the store can be read, else 0",
            ),
            notes: counters(
                all,
                "keyctl_notes",
                "Last uses, reuses and new hashes for the store",
                ("result", NoteResult::ALL.map(NoteResult::word)),
            ),
            connections: plain(all, "keyctl_connections", "Open connections"),
            connections_refused: plain(
                all,
                "keyctl_connections_refused",
                "Connections closed at once because too many were open",
            ),
            registry,
        }
    }

    /// Counts an answer, and the time since its request was read.
    pub fn verdict(&self, word: VerdictWord, took: Duration) {
        add(&self.verdicts, word as usize, 1);
        self.verdict_seconds.observe(took.as_secs_f64());
    }

    /// Counts a slow hash, and the time to compute it.
    pub fn slow_hash(&self, took: Duration) {
        add(&self.hashes, 0, 1);
        self.hash_seconds.observe(took.as_secs_f64());
    }

    /// Counts `count` fast hashes.
    pub fn fast_hashes(&self, count: u64) {
        add(&self.hashes, 1, count);
    }

    /// Counts a hash that is not computed.
    pub fn shed(&self, why: Shed) {
        add(&self.shed, why as usize, 1);
    }

    /// Counts a hash that the cache saved.
    pub fn fact_hits(&self, kind: FactKind, count: u64) {
        add(&self.fact_hits, kind as usize, count);
    }

    /// Counts `count` notes.
    pub fn notes(&self, result: NoteResult, count: u64) {
        add(&self.notes, result as usize, count);
    }

    /// Text for a scrape, of type [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        // Half the text would pass for all of it.
        exposition::text(&self.registry).unwrap_or_default()
    }
}

/// Registers a metric without labels and returns it. The encoder appends `_total` to the name of a counter, and a full
/// stop to `help`.
fn plain<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

fn histogram(registry: &mut Registry, name: &str, help: &str, bounds: &[f64]) -> Histogram {
    let metric = Histogram::new(bounds.iter().copied());
    registry.register(name, help, metric.clone());
    metric
}

/// Registers a counter for each value of a label, and returns them in the order of these values.
fn counters<const N: usize>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    (label, values): (&'static str, [&'static str; N]),
) -> [Counter; N] {
    let family = Family::<[(&str, &str); 1], Counter>::default();
    registry.register(name, help, family.clone());
    values.map(|value| family.get_or_create_owned(&[(label, value)]))
}

fn add(counters: &[Counter], index: usize, by: u64) {
    if let Some(counter) = counters.get(index) {
        counter.inc_by(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::{Resource, getrlimit};
    use std::collections::BTreeMap;
    use std::time::Instant;

    /// Metric of a scrape.
    #[derive(Debug, Default, PartialEq)]
    struct Scraped {
        kind: String,
        /// Values by the name and the labels as they stand.
        samples: BTreeMap<String, f64>,
    }

    fn metrics() -> Metrics {
        Metrics::new(Timestamp::from_millis(1_795_000_000_250).unwrap())
    }

    /// Reads the text format: `# HELP NAME TEXT`, `# TYPE NAME KIND`, `NAME[{LABELS}] VALUE`, in this order.
    fn parse(text: &str) -> BTreeMap<String, Scraped> {
        let mut all: BTreeMap<String, Scraped> = BTreeMap::new();
        let (mut helped, mut current) = (String::new(), String::new());
        assert!(text.ends_with('\n'));
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(help.len() > 10 && help.ends_with('.'), "{line}");
                helped = name.to_owned();
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert_eq!(name, helped, "no help");
                current = name.to_owned();
                let kind = kind.to_owned();
                let samples = BTreeMap::new();
                let before = all.insert(current.clone(), Scraped { kind, samples });
                assert_eq!(before, None, "{name} twice");
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
                assert!(labels.ends_with('}'), "{line}");
                let metric = all.get_mut(&current).unwrap();
                let suffix = name.strip_prefix(&*current).unwrap();
                let suffixes: &[&str] = match &*metric.kind {
                    "histogram" => &["_bucket", "_sum", "_count"],
                    _ => &[""],
                };
                assert!(suffixes.contains(&suffix), "{line}");
                let value = value.parse().unwrap();
                let before = metric.samples.insert(series.to_owned(), value);
                assert_eq!(before, None, "{series} twice");
            }
        }
        all
    }

    fn value(all: &BTreeMap<String, Scraped>, series: &str) -> f64 {
        let mut found = all.values().filter_map(|metric| metric.samples.get(series));
        *found.next().unwrap_or_else(|| panic!("no {series}"))
    }

    /// Series of a metric, with their values.
    fn series(all: &BTreeMap<String, Scraped>, name: &str) -> Vec<(String, f64)> {
        all[name].samples.clone().into_iter().collect()
    }

    #[test]
    fn render_has_every_metric_by_its_name_and_type() {
        let all = parse(&metrics().render());
        let kinds: Vec<_> = all.iter().map(|(name, it)| (&**name, &*it.kind)).collect();
        let mut expected = vec![
            ("keyctl_build_info", "gauge"),
            ("keyctl_connections", "gauge"),
            ("keyctl_connections_refused_total", "counter"),
            ("keyctl_fact_hits_total", "counter"),
            ("keyctl_hash_queue_jobs", "gauge"),
            ("keyctl_hash_seconds", "histogram"),
            ("keyctl_hash_shed_total", "counter"),
            ("keyctl_hashes_total", "counter"),
            ("keyctl_notes_total", "counter"),
            ("keyctl_rows_read_total", "counter"),
            ("keyctl_store_changes_total", "counter"),
            ("keyctl_store_up", "gauge"),
            ("keyctl_verdict_seconds", "histogram"),
            ("keyctl_verdicts_total", "counter"),
            ("process_cpu_seconds_total", "counter"),
            ("process_max_fds", "gauge"),
            ("process_open_fds", "gauge"),
            ("process_resident_memory_bytes", "gauge"),
            ("process_start_time_seconds", "gauge"),
            ("process_virtual_memory_bytes", "gauge"),
        ];
        if getrlimit(Resource::Nofile).current.is_none() {
            expected.retain(|(name, _)| *name != "process_max_fds");
        }
        assert_eq!(kinds, expected);
    }

    #[test]
    fn all_series_exist_from_the_start_at_zero() {
        let all = parse(&metrics().render());
        for (name, label, words) in [
            (
                "keyctl_verdicts_total",
                "verdict",
                "valid missing several malformed unknown phased-out expired disabled scope project address \
                 usage store busy draining",
            ),
            ("keyctl_hashes_total", "scheme", "argon2id sha256"),
            ("keyctl_hash_shed_total", "why", "full client late"),
            ("keyctl_fact_hits_total", "kind", "match mismatch"),
            ("keyctl_notes_total", "result", "written dropped failed"),
        ] {
            let mut expected: Vec<_> = words
                .split_whitespace()
                .map(|word| (format!("{name}{{{label}=\"{word}\"}}"), 0.0))
                .collect();
            expected.sort_by(|a, b| a.0.cmp(&b.0));
            assert_eq!(series(&all, name), expected);
        }
        let zeros = all.iter().filter(|(name, metric)| {
            let is_set = name.starts_with("process_") || *name == "keyctl_build_info";
            !is_set && metric.samples.values().any(|value| *value != 0.0)
        });
        assert_eq!(zeros.count(), 0);
    }

    #[test]
    fn each_count_goes_to_the_series_of_its_word() {
        let metrics = metrics();
        let mut expected = BTreeMap::new();
        let took = Duration::from_micros(1);
        for (index, word) in VerdictWord::ALL.into_iter().enumerate() {
            (0..=index).for_each(|_| metrics.verdict(word, took));
            let series = format!("keyctl_verdicts_total{{verdict=\"{}\"}}", word.word());
            expected.insert(series, index + 1);
        }
        for (index, why) in Shed::ALL.into_iter().enumerate() {
            (0..=index).for_each(|_| metrics.shed(why));
            let series = format!("keyctl_hash_shed_total{{why=\"{}\"}}", why.word());
            expected.insert(series, index + 1);
        }
        for (index, kind) in FactKind::ALL.into_iter().enumerate() {
            metrics.fact_hits(kind, index as u64 + 1);
            let series = format!("keyctl_fact_hits_total{{kind=\"{}\"}}", kind.word());
            expected.insert(series, index + 1);
        }
        for (index, result) in NoteResult::ALL.into_iter().enumerate() {
            metrics.notes(result, index as u64 + 1);
            let series = format!("keyctl_notes_total{{result=\"{}\"}}", result.word());
            expected.insert(series, index + 1);
        }
        metrics.slow_hash(took);
        metrics.fast_hashes(2);
        expected.insert("keyctl_hashes_total{scheme=\"argon2id\"}".to_owned(), 1);
        expected.insert("keyctl_hashes_total{scheme=\"sha256\"}".to_owned(), 2);
        let all = parse(&metrics.render());
        for (series, count) in expected {
            assert_eq!(value(&all, &series), count as f64, "{series}");
        }
    }

    #[test]
    fn plain_metrics_are_shown_as_they_are_set() {
        let metrics = metrics();
        metrics.hash_queue_jobs.set(2);
        metrics.rows_read.inc_by(3);
        metrics.store_changes.inc_by(4);
        metrics.store_up.set(1);
        metrics.connections.set(6);
        metrics.connections_refused.inc_by(7);
        let all = parse(&metrics.render());
        assert_eq!(value(&all, "keyctl_hash_queue_jobs"), 2.0);
        assert_eq!(value(&all, "keyctl_rows_read_total"), 3.0);
        assert_eq!(value(&all, "keyctl_store_changes_total"), 4.0);
        assert_eq!(value(&all, "keyctl_store_up"), 1.0);
        assert_eq!(value(&all, "keyctl_connections"), 6.0);
        assert_eq!(value(&all, "keyctl_connections_refused_total"), 7.0);
        let version = env!("CARGO_PKG_VERSION");
        let build = format!("keyctl_build_info{{version=\"{version}\"}}");
        assert_eq!(value(&all, &build), 1.0);
        assert_eq!(value(&all, "process_start_time_seconds"), 1_795_000_000.25);
    }

    #[test]
    fn times_are_in_seconds_and_in_their_bucket() {
        let metrics = metrics();
        metrics.verdict(VerdictWord::Valid, Duration::from_micros(50));
        metrics.verdict(VerdictWord::Valid, Duration::from_secs(6));
        metrics.slow_hash(Duration::from_micros(1500));
        let all = parse(&metrics.render());
        let bucket = |bound: &str| {
            value(
                &all,
                &format!("keyctl_verdict_seconds_bucket{{le=\"{bound}\"}}"),
            )
        };
        assert_eq!(
            [bucket("5e-05"), bucket("5"), bucket("+Inf")],
            [1.0, 1.0, 2.0]
        );
        assert_eq!(value(&all, "keyctl_verdict_seconds_count"), 2.0);
        assert_eq!(value(&all, "keyctl_verdict_seconds_sum"), 6.000_05);
        let bucket = |bound: &str| {
            value(
                &all,
                &format!("keyctl_hash_seconds_bucket{{le=\"{bound}\"}}"),
            )
        };
        assert_eq!(
            [bucket("0.001"), bucket("0.0025"), bucket("10")],
            [0.0, 1.0, 1.0]
        );
    }

    #[test]
    fn render_reads_the_process_anew() {
        let metrics = metrics();
        let all = parse(&metrics.render());
        for name in [
            "process_resident_memory_bytes",
            "process_virtual_memory_bytes",
        ] {
            assert!(value(&all, name) > 65536.0, "{name}");
        }
        assert!(value(&all, "process_open_fds") >= 3.0);
        let cpu = |text: &str| value(&parse(text), "process_cpu_seconds_total");
        let before = cpu(&metrics.render());
        let bound = Instant::now() + Duration::from_secs(60);
        while cpu(&metrics.render()) <= before {
            assert!(Instant::now() < bound, "the CPU time stands still");
        }
    }
}
