"""Make the pair of keys that web push is signed with (RFC 8292). Nothing is written.

Prints HANOI_VAPID_PRIVATE_KEY, a secret of the alerts process alone, and HANOI_VAPID_PUBLIC_KEY, for it and the public
process. With other keys every browser has to ask anew: what was asked with the old ones can't be sent to.
"""

import argparse

from alerts.subscribers.push import new_keys
from storage.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    private, public = new_keys()
    print(f"HANOI_VAPID_PRIVATE_KEY={private}")
    print(f"HANOI_VAPID_PUBLIC_KEY={public}")
    return 0
