"""The demo's own pair of keys for web push, made at its first start: browsers that asked stay subscribed."""

from __future__ import annotations

import json
from pathlib import Path

from alerts.subscribers.push import new_keys
from deploy.embedded import secret_files


def kept(file: Path) -> tuple[str, str]:
    """Return the private and the public key, made at the first call."""
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        private, public = new_keys()
        secret_files.write_private(file, json.dumps({"private": private, "public": public}, indent=1) + "\n")
        return private, public
    return known["private"], known["public"]
