//! Metrics of the process, by the names that all exporters share.
//!
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>

use crate::when::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};
use std::fmt;
use std::fs;

/// Collector that reads the metrics of this process at each scrape. What the system does not tell is left out.
#[derive(Debug)]
pub struct Process {
    /// Beginning of the process.
    pub started: Timestamp,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let gauges = [
            (
                "process_resident_memory_bytes",
                "Resident memory size in bytes.",
                memory(&status, "VmRSS:"),
            ),
            (
                "process_virtual_memory_bytes",
                "Virtual memory size in bytes.",
                memory(&status, "VmSize:"),
            ),
            (
                "process_open_fds",
                "Number of open file descriptors.",
                open_files(),
            ),
            (
                "process_max_fds",
                "Maximum number of open file descriptors.",
                getrlimit(Resource::Nofile).current.map(|max| max as f64),
            ),
            (
                "process_start_time_seconds",
                "Start time of the process since the Unix epoch in seconds.",
                Some(self.started.millis() as f64 / 1000.0),
            ),
        ];
        let cpu = ConstCounter::new(cpu_seconds());
        let help = "User and system CPU time spent in seconds.";
        // The encoder appends `_total`.
        let name = "process_cpu_seconds";
        cpu.encode(encoder.encode_descriptor(name, help, None, cpu.metric_type())?)?;
        for (name, help, value) in gauges {
            if let Some(value) = value {
                let gauge = ConstGauge::new(value);
                gauge.encode(encoder.encode_descriptor(
                    name,
                    help,
                    None,
                    gauge.metric_type(),
                )?)?;
            }
        }
        Ok(())
    }
}

/// CPU time that all threads of this process have used, in seconds.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Bytes of the line `title` of `/proc/PID/status`, which is in kB (1024 bytes): proc_pid_status(5).
fn memory(status: &str, title: &str) -> Option<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix(title))?;
    let kilobytes: u64 = value.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kilobytes as f64 * 1024.0)
}

/// Number of open files, without the directory that is open for the count.
fn open_files() -> Option<f64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    Some(count.saturating_sub(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_the_line_of_that_title_in_bytes() {
        let status =
            "Name:\tkeyctl\nVmPeak:\t     100 kB\nVmSize:\t      90 kB\nVmRSS:\t       8 kB\n";
        assert_eq!(memory(status, "VmRSS:"), Some(8192.0));
        assert_eq!(memory(status, "VmSize:"), Some(92160.0));
        assert_eq!(memory("", "VmRSS:"), None);
        assert_eq!(memory("VmRSS:\t8 MB\n", "VmRSS:"), None);
    }

    #[test]
    fn open_files_counts_one_more_after_an_open() {
        // Other tests open files meanwhile: there must be a moment at which none does.
        let one_more = || {
            let before = open_files().unwrap();
            let file = fs::File::open("/proc/self/status").unwrap();
            let after = open_files().unwrap();
            drop(file);
            after - before
        };
        assert!((0..1000).any(|_| one_more() == 1.0));
    }
}
