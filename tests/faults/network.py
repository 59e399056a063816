"""Faults of the network: between ingest and the broker, and between ingest and the database."""

from collections.abc import Callable

from tests.faults.proxy import Break, Proxy
from tests.faults.scene import Fault, Scene


def broker_link(scene: Scene) -> Proxy:
    assert scene.to_broker is not None
    return scene.to_broker


def database_link(scene: Scene) -> Proxy:
    assert scene.to_database is not None
    return scene.to_database


def cut(link: Callable[[Scene], Proxy], how: Break) -> Callable[[Scene, float], None]:
    def inject(scene: Scene, seconds: float) -> None:
        link(scene).break_(how)
        scene.rest(seconds)
        link(scene).heal()

    return inject


def again_and_again(scene: Scene, seconds: float) -> str:
    """Both links reset, as often as ingest comes back."""
    times = max(2, int(seconds))
    for _ in range(times):
        for link in (broker_link(scene), database_link(scene)):
            link.break_(Break.RESET)
            link.heal()
        scene.rest(1.0)
    return f"both links, {times} times"


_WORDS = {
    Break.SILENT: "bytes vanish",
    Break.ONE_WAY: "answers vanish",
    Break.HELD: "bytes wait, then arrive",
    Break.SLOW: "0.3 s late",
    Break.RESET: "connections reset",
}
_SHORT_S = {Break.SILENT: 2.0, Break.RESET: 1.0}

FAULTS = (
    *(
        Fault(
            group="network",
            name=f"ingest to broker: {words}",
            inject=cut(broker_link, how),
            seconds=30 if how is Break.SILENT else 10,
            short_s=_SHORT_S.get(how),
        )
        for how, words in _WORDS.items()
    ),
    *(
        Fault(
            group="network",
            name=f"ingest to database: {words}",
            inject=cut(database_link, how),
            seconds=10,
            short_s=_SHORT_S.get(how),
        )
        for how, words in _WORDS.items()
    ),
    Fault(group="network", name="reset again and again", inject=again_and_again, seconds=10),
)
