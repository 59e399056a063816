"""Which ports the demo takes: those that were asked for must be free, a default that nobody asked for gives way."""

from __future__ import annotations

from deploy.embedded import process
from deploy.embedded.apt import Say
from deploy.embedded.broker_settings import Certificates, Listener
from deploy.embedded.mosquitto import DEVICE_PORT_VARIABLE, TLS_PORT_VARIABLE
from deploy.embedded.mosquitto import PORT_VARIABLE as MQTT_PORT_VARIABLE
from deploy.embedded.postgres import PORT_VARIABLE as DB_PORT_VARIABLE
from deploy.embedded.process import PortTakenError
from deploy.embedded.settings import Bind, DemoSettings

_DEVICE_PORT_BEYOND = 1000
_WATCHDOG_PORT_BEYOND = 5
_WATCHDOG = "HANOI_WATCHDOG_BIND"


def listeners(settings: DemoSettings, say: Say) -> list[Listener]:
    """Return where devices with accounts of their own come in.

    The plain port is a default that nobody asked for, so it gives way when it is taken.
    """
    found = []
    wanted = {
        bind.port for bind in (settings.public, settings.control_room, settings.ingest, settings.alerts)
    }
    wanted |= {settings.db_port, settings.mqtt_port, settings.tls.port if settings.tls else 0}
    port = settings.device_port or settings.mqtt_port + _DEVICE_PORT_BEYOND
    if settings.device_port is not None or (port not in wanted and _is_free(port)):
        found.append(Listener(port=port))
    else:
        say(f"WARNING: port {port} is taken: no port for devices; {DEVICE_PORT_VARIABLE} gives them another")
    if settings.tls is not None:
        tls = settings.tls
        files = Certificates(certificate=tls.certificate, key=tls.key, client_ca=tls.client_ca)
        found.append(Listener(port=tls.port, host=tls.host, tls=files))
    return found


def watchdog_bind(settings: DemoSettings, say: Say) -> Bind:
    """Return where the watchdog listens. A default that nobody asked for gives way when it is taken."""
    if settings.watchdog is not None:
        return settings.watchdog
    port = settings.alerts.port + _WATCHDOG_PORT_BEYOND
    taken = {settings.public.port, settings.control_room.port, settings.ingest.port}
    taken |= {settings.db_port, settings.mqtt_port}
    if port in taken or not _is_free(port):
        found = process.free_port()
        say(f"WARNING: port {port} is taken: the watchdog listens on {found}; {_WATCHDOG} gives it another")
        port = found
    return Bind(variable=_WATCHDOG, host="127.0.0.1", port=port)


def _is_free(port: int) -> bool:
    try:
        process.require_free_port(port, who="", variable="")
    except (PortTakenError, OverflowError):
        return False
    return True


def require_free_ports(settings: DemoSettings) -> None:
    """Raise PortTakenError that lists every port that is taken or wanted twice, before anything starts."""
    wanted = [
        ("127.0.0.1", settings.db_port, "the database", DB_PORT_VARIABLE),
        ("127.0.0.1", settings.mqtt_port, "the broker", MQTT_PORT_VARIABLE),
        *(
            [("127.0.0.1", settings.device_port, "the broker", DEVICE_PORT_VARIABLE)]
            if settings.device_port
            else []
        ),
        *([(settings.tls.host, settings.tls.port, "the broker", TLS_PORT_VARIABLE)] if settings.tls else []),
        _wish(settings.public, "the citizens' page"),
        _wish(settings.control_room, "the control room"),
        _wish(settings.alerts, "alerts"),
        *([_wish(settings.watchdog, "the watchdog")] if settings.watchdog else []),
        *_ingest_wishes(settings),
    ]
    problems = []
    first: dict[tuple[str, int], tuple[str, str]] = {}
    for host, port, who, variable in wanted:
        other = first.setdefault((host, port), (who, variable))
        if other != (who, variable):
            problems.append(
                f"port {port} on {host} is wanted by {other[0]} and by {who}; "
                f"set {other[1]} or {variable} to another one"
            )
            continue
        try:
            process.require_free_port(port, who=who, variable=variable, host=host)
        except PortTakenError as problem:
            problems.append(str(problem))
    if problems:
        raise PortTakenError("\n".join(problems))


def _ingest_wishes(settings: DemoSettings) -> list[tuple[str, int, str, str]]:
    """One worker listens on the port; of several, number n also listens n above it."""
    bind, count = settings.ingest, settings.ingest_workers
    offsets = range(count + 1) if count > 1 else range(1)
    return [(bind.host, bind.port + offset, "ingest", bind.variable) for offset in offsets]


def _wish(bind: Bind, who: str) -> tuple[str, int, str, str]:
    return (bind.host, bind.port, who, bind.variable)
