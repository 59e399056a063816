"""What a batch adds to what is known of a Thing's clock, and what never says anything of it."""

from datetime import UTC, datetime, timedelta

import msgspec

from ingest.clocks import Clocks, newest
from ingest.model import Envelope, Position, Prepared, Reading, Reason
from ingest.prepare import prepare
from ingest.sources import Sources
from ingest.validate import Known
from ingest.wire import Element, MessageKind, Topic, encode
from storage.model import Domain, Provenance

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
GAUGE = "rain-cau-giay"


def known(domains: dict[str, Domain]) -> Known:
    return Known(domains=domains, things={("rain", GAUGE): {"rain_interval": 7}})


def sent(
    domains: dict[str, Domain],
    *times: datetime,
    provenance: Provenance = Provenance.MEASURED,
    thing: str = GAUGE,
    retained: bool = False,
) -> Prepared:
    """One message with an element for each time, which arrives at NOW."""
    elements = [Element(time=time, results={"rain_interval": 0.2}, provenance=provenance) for time in times]
    envelope = Envelope(
        topic=f"hanoi/v1/rain/{thing}/observations",
        payload=encode(elements),
        received_at=NOW,
        position=Position(1, 1),
        retained=retained,
    )
    return prepare(envelope, known(domains), Sources())[0]


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def arriving(at: datetime, delay_s: float) -> Prepared:
    envelope = Envelope(topic="t", payload=b"", received_at=at, position=Position(1, 1))
    return Prepared(envelope=envelope, newest={GAUGE: at - timedelta(seconds=delay_s)})


def test_of_a_gateway_s_array_the_newest_counts(domains: dict[str, Domain]) -> None:
    assert sent(domains, after(-7200), after(-3), after(-3600)).newest == {GAUGE: after(-3)}


def test_what_is_refused_for_its_time_counts(domains: dict[str, Domain]) -> None:
    message = sent(domains, after(3600))
    assert [fault.reason for fault in message.faults] == [Reason.TIME_OUT_OF_RANGE]
    assert message.newest == {GAUGE: after(3600)}


def test_what_nobody_measured_just_now_does_not_count(domains: dict[str, Domain]) -> None:
    for provenance in Provenance:
        live = provenance in (Provenance.MEASURED, Provenance.SIMULATED)
        assert sent(domains, NOW, provenance=provenance).newest == ({GAUGE: NOW} if live else {})
    assert sent(domains, NOW, thing="atlantis").newest == {}
    assert sent(domains, NOW, retained=True).newest == {}


def test_a_forecast_beside_a_measurement_says_nothing_of_the_clock(domains: dict[str, Domain]) -> None:
    topic = Topic("rain", GAUGE, MessageKind.OBSERVATIONS)
    reading = Reading(
        path="$", time=NOW, result_time=NOW, results={}, flags={}, provenance=Provenance.MEASURED
    )
    forecast = msgspec.structs.replace(reading, time=after(7200), provenance=Provenance.FORECAST)
    assert newest([(topic, reading), (topic, forecast)], domains) == {GAUGE: NOW}


def test_the_least_delay_of_a_batch_is_what_it_says() -> None:
    (skew,) = Clocks().measured([arriving(after(n), d) for n, d in enumerate((9.0, 2.0, 30.0))]).values()
    assert (skew.skew_s, skew.measured_at) == (2.0, after(1))


def test_what_says_nothing_new_is_not_written() -> None:
    clocks = Clocks()

    def batch(*delays: float, at: float) -> list[float]:
        found = clocks.measured([arriving(after(at + n), delay) for n, delay in enumerate(delays)])
        clocks.written(found)
        return [skew.skew_s for skew in found.values()]

    assert batch(5.0, 5.1, at=0) == [5.0]
    assert batch(5.2, 4.5, 8.0, at=10) == []  # a step of less than a second
    assert batch(3.5, at=20) == [3.5]
    assert batch(3.6, at=30) == []
    assert batch(5.0, at=3600) == [5.0]  # another hour begins anew


def test_what_was_not_committed_is_said_again() -> None:
    clocks = Clocks()
    messages = [arriving(NOW, 5.0)]
    assert clocks.measured(messages) == clocks.measured(messages) != {}


def test_the_same_delay_again_at_another_time_is_told_once() -> None:
    clocks = Clocks()
    for at, delay, repeated in [(0, 300.0, [False]), (0, 300.0, []), (60, 310.0, [True]), (120, 305.0, [])]:
        found = clocks.measured([arriving(after(at), delay)])
        clocks.written(found)
        assert [skew.repeated for skew in found.values()] == repeated


def test_history_sent_after_the_fact_is_never_the_same_delay_again() -> None:
    """Six hours of values, five minutes apart, in one second."""
    clocks = Clocks()
    messages = [arriving(NOW, 60.0 * minutes) for minutes in range(360, 0, -5)]
    (skew,) = clocks.measured(messages).values()
    assert (skew.skew_s, skew.repeated) == (300.0, False)
