import pytest
from tests.integration.test_broken_payloads import (
    BROKEN,
    STATION,
    message,
    _count,
    db,
    ingest_env,
    publish,
    running,
    wait_for,
)


@pytest.mark.parametrize("n", range(12))
def test_quiet(city_url, broker, tmp_path, n):
    env = ingest_env(city_url, broker.url("ingest"))
    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path),
        db.connect(city_url, name="test", autocommit=True) as conn,
    ):
        publish(broker.url("publisher"), [(topic, payload) for topic, payload, *_ in BROKEN.values()])
        publish(broker.url("publisher"), [(STATION, message())])
        wait_for(lambda: _count(conn, "observation") > 0, "the good message after all the broken ones")
        names = {(t, p): k for k, (t, p, *_) in BROKEN.items()}
        n = _count(conn, "rejected_message")
        if n != len(BROKEN):
            for r in conn.execute(
                "SELECT received_at, packet_id, topic, payload, xmin::text FROM rejected_message"
            ).fetchall():
                print(r["received_at"], r["packet_id"], r["xmin"], names[(r["topic"], bytes(r["payload"]))])
            print(conn.execute("SELECT * FROM observation").fetchall())
            print((tmp_path / "hanoi-ingest.log").read_text())
            print(broker.log.read_text())
        assert n == len(BROKEN)
