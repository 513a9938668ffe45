//! Records the SDK's metrics in the recorder of this program, so that `/metrics` shows all metrics together.

use std::{collections::HashMap, error::Error, sync::Arc, time::Duration};

use metrics::{Label, counter, gauge, histogram};
use temporalio_common::telemetry::metrics::{
    CoreMeter, Counter, CounterBase, Gauge, GaugeBase, GaugeF64, GaugeF64Base, Histogram, HistogramBase,
    HistogramDuration, HistogramDurationBase, HistogramF64, HistogramF64Base, MetricAttributable, MetricAttributes,
    MetricParameters, NewAttributes, UpDownCounter, UpDownCounterBase,
};

/// Creates the SDK's instruments. Durations are recorded in seconds, in metrics whose names end in `_seconds`.
#[derive(Debug)]
pub(crate) struct Meter;

/// A metric before it has labels.
struct Instrument(String);

type Bound<T> = Result<Box<T>, Box<dyn Error>>;

fn labels(attributes: &MetricAttributes) -> Vec<Label> {
    match attributes {
        MetricAttributes::NoOp(labels) => {
            labels.iter().map(|(key, value)| Label::new(key.clone(), value.clone())).collect()
        }
        _ => Vec::new(),
    }
}

fn instrument(params: &MetricParameters) -> Arc<Instrument> {
    Arc::new(Instrument(params.name.to_string()))
}

impl CoreMeter for Meter {
    fn new_attributes(&self, attributes: NewAttributes) -> MetricAttributes {
        // Despite its name, this variant holds plain labels.
        MetricAttributes::NoOp(Arc::new(attributes.into()))
    }

    fn extend_attributes(&self, existing: MetricAttributes, attributes: NewAttributes) -> MetricAttributes {
        let MetricAttributes::NoOp(existing) = existing else { return self.new_attributes(attributes) };
        let mut all = Arc::unwrap_or_clone(existing);
        all.extend(HashMap::from(attributes));
        MetricAttributes::NoOp(Arc::new(all))
    }

    fn counter(&self, params: MetricParameters) -> Counter {
        Counter::new(instrument(&params))
    }

    fn histogram(&self, params: MetricParameters) -> Histogram {
        Histogram::new(instrument(&params))
    }

    fn histogram_f64(&self, params: MetricParameters) -> HistogramF64 {
        HistogramF64::new(instrument(&params))
    }

    fn histogram_duration(&self, params: MetricParameters) -> HistogramDuration {
        HistogramDuration::new(Arc::new(Instrument(format!("{}_seconds", params.name))))
    }

    fn gauge(&self, params: MetricParameters) -> Gauge {
        Gauge::new(instrument(&params))
    }

    fn gauge_f64(&self, params: MetricParameters) -> GaugeF64 {
        GaugeF64::new(instrument(&params))
    }

    fn up_down_counter(&self, params: MetricParameters) -> UpDownCounter {
        UpDownCounter::new(instrument(&params))
    }
}

/// A recorder's handle that implements the SDK's traits.
struct Handle<T>(T);

macro_rules! bind {
    ($base:ident, $make:ident, $handle:ident, $method:ident($value:ident: $type:ty) => $record:expr) => {
        impl $base for Handle<metrics::$handle> {
            fn $method(&self, $value: $type) {
                let record: fn(&metrics::$handle, $type) = $record;
                record(&self.0, $value);
            }
        }

        impl MetricAttributable<Box<dyn $base>> for Instrument {
            fn with_attributes(&self, attributes: &MetricAttributes) -> Bound<dyn $base> {
                Ok(Box::new(Handle($make!(self.0.clone(), labels(attributes)))))
            }
        }
    };
}

#[expect(clippy::cast_precision_loss, reason = "the recorder knows only f64")]
const fn float(value: u64) -> f64 {
    value as f64
}

bind!(CounterBase, counter, Counter, adds(value: u64) => |counter, value| counter.increment(value));
bind!(HistogramBase, histogram, Histogram, records(value: u64) => |histogram, value| histogram.record(float(value)));
bind!(HistogramF64Base, histogram, Histogram, records(value: f64) => |histogram, value| histogram.record(value));
bind!(HistogramDurationBase, histogram, Histogram, records(value: Duration) => |histogram, value| histogram.record(value));
bind!(GaugeBase, gauge, Gauge, records(value: u64) => |gauge, value| gauge.set(float(value)));
bind!(GaugeF64Base, gauge, Gauge, records(value: f64) => |gauge, value| gauge.set(value));
bind!(UpDownCounterBase, gauge, Gauge, adds(value: i64) => |gauge, value| {
    if value < 0 { gauge.decrement(float(value.unsigned_abs())) } else { gauge.increment(float(value.unsigned_abs())) }
});

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;
    use temporalio_common::telemetry::metrics::MetricKeyValue;

    use super::*;

    #[test]
    fn instruments_record_with_their_labels() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let page = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            let one = Meter.new_attributes([MetricKeyValue::new("queue", "voiding")].into());
            let two = Meter.extend_attributes(one.clone(), [MetricKeyValue::new("kind", "w")].into());
            Meter.counter("tasks".into()).add(2, &one);
            Meter.gauge("slots".into()).record(7, &two);
            Meter.histogram_duration("latency".into()).record(Duration::from_millis(1500), &one);
            let up_down = Meter.up_down_counter("open".into());
            up_down.add(3, &one);
            up_down.add(-1, &one);
        });
        let page = page.render();
        for line in
            ["tasks{queue=\"voiding\"} 2", "latency_seconds_sum{queue=\"voiding\"} 1.5", "open{queue=\"voiding\"} 2"]
        {
            assert!(page.lines().any(|found| found == line), "{line} is not in {page}");
        }
        let slots = page.lines().find(|line| line.starts_with("slots{")).unwrap();
        assert!(
            slots.contains("queue=\"voiding\"") && slots.contains("kind=\"w\"") && slots.ends_with(" 7"),
            "{slots}"
        );
    }
}
