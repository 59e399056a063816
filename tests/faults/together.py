"""Several faults at once: what one of them leaves half done, the next one meets."""

from tests.faults.scene import Fault, Scene


def everything(scene: Scene, seconds: float) -> None:
    scene.kill_ingest()
    scene.broker.kill()
    scene.postgres.kill()
    scene.rest(seconds)
    scene.postgres.start()
    scene.broker.start()
    scene.start_ingest()


def broker_amid_outage_of_database(scene: Scene, seconds: float) -> str:
    """What ingest holds unwritten comes again from the new broker, and both are written when the database is back."""
    scene.postgres.kill()
    scene.rest(seconds / 2)
    scene.broker.kill()
    scene.broker.start()
    scene.rest(seconds / 2)
    scene.postgres.start()
    return "thousands of messages are under way at the time"


def ingest_amid_outage_of_database(scene: Scene, seconds: float) -> str:
    scene.postgres.kill()
    scene.rest(seconds / 2)
    scene.kill_ingest()
    scene.start_worker(1)
    scene.rest(seconds / 2)
    scene.postgres.start()
    return "it starts before the database does"


def stumbling(scene: Scene, seconds: float) -> str:
    """One part after the other, before the last one has caught up."""
    for _ in range(max(1, int(seconds / 3))):
        scene.kill_ingest()
        scene.start_worker(1)
        scene.rest(1.0)
        scene.broker.kill()
        scene.broker.start()
        scene.rest(1.0)
        scene.postgres.kill()
        scene.postgres.start()
        scene.rest(1.0)
    return "ingest, broker, database in turn"


FAULTS = (
    Fault(
        group="together", name="SIGKILL of ingest, broker and database at once", inject=everything, seconds=10
    ),
    Fault(
        group="together",
        name="the database away, then SIGKILL of the broker",
        inject=broker_amid_outage_of_database,
        seconds=30,
    ),
    Fault(
        group="together",
        name="the database away, then SIGKILL of ingest",
        inject=ingest_amid_outage_of_database,
        seconds=10,
    ),
    Fault(group="together", name="SIGKILL after SIGKILL", inject=stumbling, seconds=15),
)
