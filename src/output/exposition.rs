//! Text format of Prometheus, version 0.0.4: for the metrics of a server and of a store.

pub use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::fmt;

/// Labels of a series: names and values.
type Labels = Vec<(&'static str, String)>;

/// Gauge with labels. Its series are written in the order of this list; without any, it is left out.
#[derive(Debug, Default)]
pub struct Series(Vec<(Labels, i64)>);

impl Series {
    /// Makes a gauge without series.
    pub const fn new() -> Self {
        Series(Vec::new())
    }

    /// Adds a series with these labels.
    pub fn push<const N: usize>(&mut self, labels: [(&'static str, &str); N], value: i64) {
        let labels = labels.map(|(name, value)| (name, value.to_owned()));
        self.0.push((labels.into(), value));
    }
}

impl EncodeMetric for Series {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        for (labels, value) in &self.0 {
            encoder.encode_family(labels)?.encode_gauge(value)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Registers the version of keyctl.
pub fn register_build(registry: &mut Registry) {
    let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("keyctl_build", "Version of keyctl", version);
}

/// Returns the text of all metrics, of type [`CONTENT_TYPE`].
///
/// # Errors
///
/// Fails if a metric does; none of ours does.
pub fn text(registry: &Registry) -> Result<String, fmt::Error> {
    let mut text = String::new();
    prometheus_text::encode(&mut text, registry)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_written_in_order_with_their_labels_escaped() {
        let mut series = Series::default();
        series.push([("b", "2"), ("a", "\"\\\n")], 2);
        series.push([("b", "1"), ("a", "é")], -1);
        let mut registry = Registry::default();
        registry.register("things", "Things", series);
        let expected = "# HELP things Things.\n# TYPE things gauge\n\
                        things{b=\"2\",a=\"\\\"\\\\\\n\"} 2\nthings{b=\"1\",a=\"é\"} -1\n";
        assert_eq!(text(&registry).unwrap(), expected);
    }

    #[test]
    fn a_gauge_without_series_is_left_out() {
        let mut registry = Registry::default();
        registry.register("things", "Things", Series::default());
        assert_eq!(text(&registry).unwrap(), "");
    }
}
