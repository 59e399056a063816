"""The broker's address with what TLS needs: whose signature we trust, and our own certificate.

The broker's name is always checked against its certificate, and there is no switch that turns that off: a private
authority goes into HANOI_MQTT_CA_FILE. Publishers use this too.
"""

import ssl
from dataclasses import replace
from pathlib import Path
from typing import Final

from ingest.wire import BrokerAddress
from storage.settings import ConfigurationError, Settings

_FILES: Final = ("mqtt_ca_file", "mqtt_cert_file", "mqtt_key_file")


def broker_address(settings: Settings, name: str = "mqtt_url") -> BrokerAddress:
    """From HANOI_MQTT_URL, or the setting of that name. Raises ConfigurationError that shows no password."""
    variable = f"HANOI_{name.upper()}"
    try:
        address = BrokerAddress.parse(settings.required(name), variable)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    given = [file for file in _FILES if getattr(settings, file) is not None]
    if given and address.tls is None:
        raise ConfigurationError(
            f"HANOI_{given[0].upper()} is set, but {variable} is mqtt://, which is not encrypted: make it mqtts://"
        )
    if not given:
        return address
    trusting = _context(settings.mqtt_ca_file, settings.mqtt_cert_file, settings.mqtt_key_file)
    return replace(address, tls=trusting)


def _context(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """Certificate and host name are checked. Raises ConfigurationError naming variable and file."""
    if key is not None and certificate is None:
        raise ConfigurationError(
            "HANOI_MQTT_KEY_FILE is set, HANOI_MQTT_CERT_FILE is not: a key needs its certificate"
        )
    for variable, path in (("CA", ca), ("CERT", certificate), ("KEY", key)):
        if path is not None:
            _require_readable(path, f"HANOI_MQTT_{variable}_FILE")
    try:
        context = ssl.create_default_context(cafile=ca)
    except ssl.SSLError as error:
        raise ConfigurationError(
            f"HANOI_MQTT_CA_FILE: {ca}: holds no PEM certificate ({error.reason})"
        ) from None
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, key, password=_no_passphrase)
        except (ssl.SSLError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            where = f"{certificate}" if key is None else f"{certificate}, HANOI_MQTT_KEY_FILE: {key}"
            raise ConfigurationError(
                f"HANOI_MQTT_CERT_FILE: {where}: no PEM certificate with its key ({reason})"
            ) from None
    return context


def _require_readable(path: Path, variable: str) -> None:
    try:
        with path.open("rb"):
            return
    except OSError as error:
        raise ConfigurationError(f"{variable}: {path}: {error.strerror}") from None


def _no_passphrase() -> str:
    """Nobody is there to type one: OpenSSL would wait at a prompt."""
    raise ValueError("it is encrypted; give one without a passphrase")
