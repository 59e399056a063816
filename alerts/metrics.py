"""Prometheus metrics of one alerts process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)


class Metrics:
    """Named hanoi_alerts_*; units are in the names."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.leading = Gauge(
            "hanoi_alerts_leading", "1 while this process is the active one", registry=registry
        )
        self.rules = Gauge("hanoi_alerts_rules", "Rules in force", registry=registry)
        self.samples = Counter("hanoi_alerts_samples", "Values that rules looked at", registry=registry)
        self.late = Counter(
            "hanoi_alerts_late",
            "Evaluations of the past because of late or corrected values",
            registry=registry,
        )
        self.transitions = Counter(
            "hanoi_alerts_transitions", "Changes of state, by the new one", ["state"], registry=registry
        )
        for state in ("pending", "firing", "resolved", "inactive"):
            self.transitions.labels(state)
        self.round_seconds = Histogram(
            "hanoi_alerts_round_seconds",
            "From reading changes to the commit",
            buckets=_SECONDS,
            registry=registry,
        )
        self.lag_seconds = Histogram(
            "hanoi_alerts_lag_seconds",
            "From the commit of a batch of observations to its evaluation's, the oldest of each round",
            buckets=_SECONDS,
            registry=registry,
        )
        self.notifications = Counter(
            "hanoi_alerts_notifications",
            "Attempts to notify by receiver and result: sent, retry, dead",
            ["receiver", "result"],
            registry=registry,
        )
        self.citizen_messages = Counter(
            "hanoi_alerts_citizen_messages",
            "Messages to citizens by channel and result: attempts that ended sent, retry, dead or gone, and"
            " expired before they could be sent",
            ["channel", "result"],
            registry=registry,
        )
        for channel in ("email", "push"):
            for result in ("sent", "retry", "dead", "gone", "expired"):
                self.citizen_messages.labels(channel, result)
