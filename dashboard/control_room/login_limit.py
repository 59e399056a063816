"""How often somebody may try to log in. Counted in this process: there is one control room process."""

from typing import Final

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from dashboard.networks import network

RETRY_AFTER_S: Final = 60
_PAIR: Final = (RateLimitItemPerMinute(5, namespace="pair"), RateLimitItemPerHour(50, namespace="pair"))
_ADDRESS: Final = RateLimitItemPerMinute(30, namespace="address")


class LoginLimit:
    """Per address and name, and per address over all names. A login that succeeds clears its own."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def take(self, address: str, name: str) -> bool:
        """Whether one more attempt is allowed; it counts from now, so that attempts at once count too."""
        of, name = network(address), name[:64]
        if not self._limiter.hit(_ADDRESS, of):
            return False
        return all(self._limiter.hit(item, of, name) for item in _PAIR)

    def forgive(self, address: str, name: str) -> None:
        of, name = network(address), name[:64]
        self._limiter.clear(_ADDRESS, of)
        for item in _PAIR:
            self._limiter.clear(item, of, name)
