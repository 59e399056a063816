"""What a user would write: paho with its defaults for acknowledgement, rows collected and sent by `executemany`.

Run as a script: python plain.py HOST PORT USER PASSWORD DATABASE_URL BATCH. It acknowledges on arrival, so a kill loses
what it has collected: it is here for its speed, not for its outcome.
"""

import json
import queue
import sys
from collections.abc import Sequence
from typing import Any

import psycopg
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

_INSERT = (
    "INSERT INTO observation (datastream_id, phenomenon_time, result_time, result, quality, provenance)"
    " VALUES (%s, %s, %s, %s, 1, 'measured') ON CONFLICT DO NOTHING"
)


def command(arguments: Sequence[str]) -> Sequence[str]:
    """The process with its arguments."""
    return [sys.executable, __file__, *arguments]


def main(host: str, port: str, user: str, password: str, url: str, batch: str) -> None:
    arrived: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def on_message(client: Client, data: Any, message: MQTTMessage) -> None:
        arrived.put(json.loads(message.payload))

    client = Client(CallbackAPIVersion.VERSION2, client_id="peer", protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(user, password)
    client.on_message = on_message
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has none
    properties.SessionExpiryInterval = 3600
    client.connect(host, int(port), clean_start=False, properties=properties)
    client.subscribe("hanoi/v1/#", qos=1)
    client.loop_start()
    with psycopg.connect(url) as conn:
        while True:
            rows = [arrived.get()]
            while len(rows) < int(batch) and not arrived.empty():
                rows.append(arrived.get())
            values = [(row["datastream_id"], row["time"], row["time"], row["value"]) for row in rows]
            with conn.transaction(), conn.cursor() as cursor:
                cursor.executemany(_INSERT, values)


if __name__ == "__main__":
    main(*sys.argv[1:])
