"""How durations, speeds and times are written on the command line."""

import argparse
import re
from datetime import datetime
from typing import Final

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration_s(text: str) -> int:
    """'48h', '90m', '2d' → seconds."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a duration: write 48h, 90m, 30s or 2d")
    return int(match[1]) * _SECONDS[match[2]]


def speed(text: str) -> float:
    """'60x' or '60' → 60; 'original' → 1; 'max' → infinity."""
    if text in ("original", "max"):
        return 1.0 if text == "original" else float("inf")
    match = re.fullmatch(r"(\d+(?:\.\d+)?)x?", text)
    if match is None or float(match[1]) <= 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a speed: write original, max or a factor like 60x")
    return float(match[1])


def aware_time(text: str) -> datetime:
    """ISO 8601 with an offset or Z."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not ISO 8601: {error}") from error
    if time.tzinfo is None:
        raise argparse.ArgumentTypeError(f"'{text}' has no offset: write {text}+07:00 or {text}Z")
    return time
