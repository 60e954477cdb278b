"""What operators see: Prometheus metrics, gauges read from applied state at each scrape."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from tally.coming import outstanding_ballots
from tally.decide import decisions
from tally.state import CONTESTED, DONE, HELD, OPEN, VOID, ContestState, State
from tally.view import leading
from ws.counters import Counters
from ws.projecting import Projecting
from ws.webhooks.sender import Sending

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The registry and the instruments the shells are handed."""

    def __init__(self, version: str, backend: str) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self.batches = Counter(
            "tally_ingest_batches", "Batches heard", ["source", "outcome"], registry=registry
        )
        self.reports = Counter(
            "tally_ingest_reports", "Reports heard in batches that were let in", registry=registry
        )
        self.latency = Histogram(
            "tally_ingest_latency_seconds",
            "Received to acknowledged",
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.commit = Histogram(
            "tally_journal_commit_seconds",
            "One commit group made durable",
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.publish = Histogram(
            "tally_publish_latency_seconds",
            "Durable to written to sockets",
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self.loop_lag = Gauge(
            "tally_loop_lag_seconds", "How late the event loop woke last", registry=registry
        )
        self.heard = Gauge(
            "tally_source_last_report_seconds",
            "Time a source was last let in (Unix)",
            ["source"],
            registry=registry,
        )
        Gauge(
            "tally_fanout_backend",
            "Which way of writing to sockets is in use",
            ["backend"],
            registry=registry,
        ).labels(backend).set(1)
        Gauge("tally_build_info", "Version", ["version"], registry=registry).labels(version).set(1)

    def observe_batch(self, source: str, outcome: str, reports: int, seconds: float) -> None:
        """One request to the write door."""
        self.batches.labels(source or "unknown", outcome).inc()
        if outcome != "refused":
            self.reports.inc(reports)
            self.latency.observe(seconds)
            self.heard.labels(source).set_to_current_time()


class StateCollector(Collector):
    """Gauges of the tally itself, computed when scraped: a report pays nothing for them."""

    def __init__(self, state: Callable[[], State], streams: Counters) -> None:
        self._state = state
        self._streams = streams

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Every gauge and counter read from state."""
        state = self._state()
        yield GaugeMetricFamily("tally_journal_position", "Seq of the newest applied record", value=state.seq)
        yield from self._contests(state)
        yield from self._fanout()

    def _contests(self, state: State) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        votes = GaugeMetricFamily("tally_contest_votes", "Votes counted", labels=["contest", "selection"])
        units = GaugeMetricFamily("tally_contest_units", "Units by status", labels=["contest", "status"])
        ballots = GaugeMetricFamily(
            "tally_contest_outstanding_ballots", "Ballots that may still come", labels=["contest", "grade"]
        )
        lead = GaugeMetricFamily("tally_contest_lead", "Votes between the two highest", labels=["contest"])
        held = GaugeMetricFamily("tally_quarantined_units", "Units under review", labels=["contest"])
        slack = GaugeMetricFamily(
            "tally_claim_slack", "Least lead any completion leaves", labels=["contest", "claim"]
        )
        sure = GaugeMetricFamily(
            "tally_claim_irreversible", "1 once irreversible", labels=["contest", "claim"]
        )
        corrections = CounterMetricFamily(
            "tally_corrections", "Numbers lowered, with a reason", labels=["contest"]
        )
        violations = CounterMetricFamily("tally_bound_violations", "Caps exceeded", labels=["contest"])
        withdrawn = 0
        for contest in state.contests:
            name, m = contest.layout.contest.id, contest.layout.selections
            root = contest.nodes[0].tolist()
            for s, selection in enumerate(contest.layout.contest.selections):
                votes.add_metric([name, selection.id], root[s])
            for status, column in (
                ("completed", DONE),
                ("in_process", OPEN),
                ("disputed", CONTESTED),
                ("annulled", VOID),
            ):
                units.add_metric([name, status], root[m + column])
            held.add_metric([name], root[m + HELD])
            lead.add_metric([name], leading(contest.layout, root[:m])[1])
            for variant, reading in enumerate(contest.layout.variants):
                outstanding = outstanding_ballots(contest.layout, contest.sums, variant)
                if outstanding is not None:
                    ballots.add_metric([name, reading.assumption or "certain"], outstanding)
            self._claims(contest, slack, sure)
            corrections.add_metric([name], len(contest.history.corrections))
            violations.add_metric([name], contest.history.violations)
            withdrawn += sum(turn.status == "withdrawn" for turn in contest.history.turns)
        yield from (votes, units, ballots, lead, held, slack, sure, corrections, violations)
        yield CounterMetricFamily("tally_claims_withdrawn", "Claims a correction undid", value=withdrawn)

    def _claims(self, contest: ContestState, slack: GaugeMetricFamily, sure: GaugeMetricFamily) -> None:
        if contest.layout.aside:
            for one in contest.shown:  # judged beside the count: a scrape must not judge it again
                if one.slack is not None:
                    slack.add_metric([contest.layout.contest.id, one.id], one.slack)
                sure.add_metric([contest.layout.contest.id, one.id], int(one.irreversible))
            return
        for decision in decisions(contest.layout, contest.sums):
            labels = [contest.layout.contest.id, decision.id]
            if decision.claim.slack is not None:
                slack.add_metric(labels, decision.claim.slack)
            sure.add_metric(labels, int(decision.grounds is not None))

    def _fanout(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        streams = self._streams
        yield GaugeMetricFamily("tally_ws_connections", "Open WebSockets", value=streams.connections)
        yield CounterMetricFamily("tally_ws_frames", "Messages handed to sockets", value=streams.frames)
        yield CounterMetricFamily(
            "tally_ws_conflated", "Frames replaced by newer ones unsent", value=streams.conflated
        )
        closed = CounterMetricFamily("tally_ws_closed", "Sockets closed", labels=["code"])
        for code, number in sorted(streams.closed.items()):
            closed.add_metric([str(code)], number)
        recover = CounterMetricFamily(
            "tally_recover", "Subscriptions by how they resumed", labels=["outcome"]
        )
        for outcome, number in sorted(streams.recover.items()):
            recover.add_metric([outcome], number)
        yield from (closed, recover)


class ProjectionCollector(Collector):
    """How projections do, computed when scraped."""

    def __init__(self, state: Callable[[], State], projecting: Projecting) -> None:
        self._state = state
        self._projecting = projecting

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Coverage and age by contest, restarts of the process."""
        inside = GaugeMetricFamily(
            "tally_projection_coverage",
            "Share of scored predictions inside their interval",
            labels=["contest", "level"],
        )
        age = GaugeMetricFamily(
            "tally_projection_age_records", "Records the projection is behind the count", labels=["contest"]
        )
        stale = GaugeMetricFamily(
            "tally_projection_stale", "1 while it is too far behind", labels=["contest"]
        )
        for contest in self._state().contests:
            name = contest.layout.contest.id
            for level, share in (self._projecting.coverage(contest) or {}).items():
                inside.add_metric([name, str(level)], share)
            age.add_metric([name], self._projecting.age_records(contest))
            stale.add_metric([name], int(self._projecting.stale(contest)))
        yield from (inside, age, stale)
        yield CounterMetricFamily(
            "tally_projection_restarts",
            "Times its process was started again",
            value=self._projecting.restarts,
        )


class WebhookCollector(Collector):
    """How endpoints take what is posted to them, computed when scraped."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Messages by outcome, records behind, and who is gone."""
        posted = CounterMetricFamily(
            "tally_webhook_posts", "Messages posted, by outcome", labels=["endpoint", "outcome"]
        )
        behind = GaugeMetricFamily(
            "tally_webhook_behind_records", "Records whose news was not taken yet", labels=["endpoint"]
        )
        failing = GaugeMetricFamily(
            "tally_webhook_failing", "1 while the newest post was not taken", labels=["endpoint"]
        )
        gone = GaugeMetricFamily(
            "tally_webhook_gone", "1 once it answered 410 and is left alone", labels=["endpoint"]
        )
        for line in self._sending.lines:
            name = line.endpoint.name
            posted.add_metric([name, "taken"], line.taken)
            posted.add_metric([name, "failed"], line.failed)
            behind.add_metric([name], self._sending.behind_records(line))
            failing.add_metric([name], int(line.failing))
            gone.add_metric([name], int(line.gone))
        yield from (posted, behind, failing, gone)
