//! What is measured, in the format of OpenMetrics. No label has a value that a caller chooses.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::app::App;
use super::decision_log::DecisionLog;
use super::problem::Problem;
use crate::bundle::Live;
use crate::decide::{Decision, Outcome, Source};
use crate::tickets::{Deliveries, Tickets};

/// Bounds of the histograms in seconds: a decision takes about one millisecond, a batch up to ten seconds.
const SECONDS: [f64; 15] =
    [0.000_25, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    outcome: &'static str,
    source: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusedLabel {
    reason: &'static str,
}

type Latencies = Family<RouteLabel, Histogram, fn() -> Histogram>;

/// All counters, and the registry that writes them out.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latencies: Latencies,
    /// Requests that are being answered.
    pub(super) in_flight: Gauge,
    decisions: Family<DecisionLabels, Counter>,
    decision_latency: Histogram,
    emergencies: Counter,
    refused: Family<RefusedLabel, Counter>,
    /// Writes that wait for the store.
    pub(super) writes_waiting: Gauge,
    /// How often the deadline clock met a ticket that cannot be read.
    pub(super) tickets_unreadable: Gauge,
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    /// Counters at zero, and gauges that look at the bundle whenever they are asked.
    pub(super) fn new(live: &Arc<Live>, tickets: Option<&Tickets>, log: Option<&DecisionLog>) -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("jiesu"),
            requests: Family::default(),
            latencies: Latencies::new_with_constructor(histogram),
            in_flight: Gauge::default(),
            decisions: Family::default(),
            decision_latency: histogram(),
            emergencies: Counter::default(),
            refused: Family::default(),
            writes_waiting: Gauge::default(),
            tickets_unreadable: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("http_requests", "Answered requests", metrics.requests.clone());
        let help = "From a request's head to its answer";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, metrics.latencies.clone());
        registry.register("http_requests_in_flight", "Requests that are being answered", metrics.in_flight.clone());
        registry.register("decisions", "Decisions by outcome and by what they rest on", metrics.decisions.clone());
        let help = "One complaint through the engine";
        registry.register_with_unit("decision_duration", help, Unit::Seconds, metrics.decision_latency.clone());
        registry.register("emergencies", "Decisions led by an emergency", metrics.emergencies.clone());
        let logged = log.map(|log| log.counters().clone()).unwrap_or_default();
        registry.register("decision_log_written", "Decisions that stand in the log", logged.written);
        let help = "Decisions that are not in the log, because its queue or the disk was full";
        registry.register("decision_log_dropped", help, logged.dropped);
        let help = "Requests that were not let in: without a known key, too often, or while too many writes waited";
        registry.register("requests_refused", help, metrics.refused.clone());
        registry.register("writes_waiting", "Writes that wait for the store", metrics.writes_waiting.clone());
        let help = "How often the deadline clock met a ticket that cannot be read, since the start";
        registry.register("tickets_unreadable", help, metrics.tickets_unreadable.clone());
        registry.register_collector(Box::new(Bundles(Arc::downgrade(live))));
        if let Some(tickets) = tickets {
            registry.register_collector(Box::new(Webhooks(Arc::clone(tickets.deliveries()))));
        }
        metrics
    }

    /// Counts an answered request. `route` is the pattern of a known route, never the address that was asked for.
    pub(super) fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let route = route.to_owned();
        self.latencies.get_or_create(&RouteLabel { route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { method, route, status }).inc();
    }

    /// Counts a request that was not let in, by the name of the problem.
    pub(super) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&RefusedLabel { reason }).inc();
    }

    /// Counts a decision.
    pub(super) fn decided(&self, decision: &Decision, took: Duration) {
        let outcome = match decision.outcome {
            Outcome::Auto => "auto",
            Outcome::Suggest => "suggest",
            Outcome::Unknown => "unknown",
        };
        let source = match decision.source {
            Some(Source::Rule) => "rule",
            Some(Source::Learned) => "learned",
            Some(Source::Answers) => "answers",
            None => "none",
        };
        self.decisions.get_or_create(&DecisionLabels { outcome, source }).inc();
        self.decision_latency.observe(took.as_secs_f64());
        if decision.emergency {
            self.emergencies.inc();
        }
    }
}

/// What is known of the bundle, read when it is asked for, so that it is never out of step with what serves. It does
/// not keep the bundle alive.
struct Bundles(Weak<Live>);

impl fmt::Debug for Bundles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bundles")
    }
}

impl Collector for Bundles {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(live) = self.0.upgrade() else { return Ok(()) };
        let (serving, status) = (live.serving(), live.status());
        let mut write = |name: &str, help: &str, metric: &dyn Written| metric.write(&mut encoder, name, help);
        let revision = serving.bundle.engine.revision().to_owned();
        write("bundle", "The bundle that answers", &Info::new([("revision".to_owned(), revision)]))?;
        let gauge = |number: usize| ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
        let counts = serving.bundle.counts;
        write("bundle_scenarios", "Scenarios", &gauge(counts.scenarios))?;
        write("bundle_articles", "Articles", &gauge(counts.articles))?;
        write("bundle_notices", "Notices", &gauge(counts.notices))?;
        write("bundle_cases", "Cases", &gauge(counts.cases))?;
        let stale = "1 when the bundle is the last good one from before a restart";
        write("bundle_stale", stale, &gauge(usize::from(serving.stale)))?;
        let since = "Since when the bundle answers, in seconds since 1970";
        write("bundle_since_seconds", since, &ConstGauge::new(serving.since.as_second()))?;
        let good = "1 when the last reload was accepted";
        write("bundle_reload_good", good, &gauge(usize::from(status.last.accepted)))?;
        write("bundle_reloads_accepted", "Reloads that were taken", &ConstCounter::new(status.accepted))?;
        write("bundle_reloads_refused", "Reloads that were refused", &ConstCounter::new(status.refused))
    }
}

/// What is known of messages to other systems.
#[derive(Debug)]
struct Webhooks(Arc<Deliveries>);

impl Collector for Webhooks {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut write = |name: &str, help: &str, metric: &dyn Written| metric.write(&mut encoder, name, help);
        let gauge = |number: u64| ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
        write("webhooks_pending", "Messages that wait to be delivered", &gauge(self.0.pending()))?;
        write("webhooks_dead", "Messages that were given up", &gauge(self.0.dead()))?;
        write("webhooks_delivered", "Messages that were delivered", &ConstCounter::new(self.0.delivered()))?;
        write("webhooks_failed", "Attempts to deliver that failed", &ConstCounter::new(self.0.failed()))
    }
}

/// A metric that writes itself; an encoder takes only metrics of a known size.
trait Written {
    fn write(&self, encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str) -> fmt::Result;
}

impl<M: EncodeMetric> Written for M {
    fn write(&self, encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str) -> fmt::Result {
        self.encode(encoder.encode_descriptor(name, help, None, self.metric_type())?)
    }
}

/// Metrics for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operation", summary = "运行指标 / Metrics",
    responses((status = 200, description = "OpenMetrics", body = String, content_type = "application/openmetrics-text")),
)]
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Result<impl IntoResponse, Problem> {
    if let Ok(tickets) = app.tickets() {
        app.metrics.writes_waiting.set(i64::try_from(tickets.store().waiting()).unwrap_or(i64::MAX));
        app.metrics.tickets_unreadable.set(i64::try_from(tickets.unreadable()).unwrap_or(i64::MAX));
    }
    let mut text = String::new();
    encode(&mut text, &app.metrics.registry).map_err(|_| Problem::internal())?;
    Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}
