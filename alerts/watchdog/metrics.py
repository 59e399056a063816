"""What the watchdog counts."""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge


@dataclass(kw_only=True, slots=True)
class Metrics:
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    published: Counter = field(init=False)
    unsent: Counter = field(init=False)
    returned: Counter = field(init=False)
    round_trip_seconds: Gauge = field(init=False)
    silent_seconds: Gauge = field(init=False)
    incident: Gauge = field(init=False)
    told: Counter = field(init=False)
    pings: Counter = field(init=False)

    def __post_init__(self) -> None:
        registry = self.registry
        self.published = Counter(
            "hanoi_watchdog_canaries_published", "Canaries that were handed to the broker", registry=registry
        )
        self.unsent = Counter(
            "hanoi_watchdog_canaries_unsent", "Canaries that no broker was there for", registry=registry
        )
        self.returned = Counter(
            "hanoi_watchdog_canaries_returned", "Canaries that the alert engine told of", registry=registry
        )
        self.round_trip_seconds = Gauge(
            "hanoi_watchdog_round_trip_seconds",
            "From publishing to having been evaluated, of the last canary that came back",
            registry=registry,
        )
        self.silent_seconds = Gauge(
            "hanoi_watchdog_silent_seconds",
            "How long each part has given no sign of life",
            ["part"],
            registry=registry,
        )
        self.incident = Gauge("hanoi_watchdog_incident", "1 while an incident is open", registry=registry)
        self.told = Counter(
            "hanoi_watchdog_notifications",
            "Attempts to tell a receiver",
            ["receiver", "outcome"],
            registry=registry,
        )
        self.pings = Counter(
            "hanoi_watchdog_pings", "Pings of the address outside", ["outcome"], registry=registry
        )
