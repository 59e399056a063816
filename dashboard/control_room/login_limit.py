"""How often somebody may try to log in. Counted in this process: there is one control room process."""

from ipaddress import IPv6Address, ip_address
from typing import Final

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

RETRY_AFTER_S: Final = 60
_PAIR: Final = (RateLimitItemPerMinute(5, namespace="pair"), RateLimitItemPerHour(50, namespace="pair"))
_ADDRESS: Final = RateLimitItemPerMinute(30, namespace="address")


class LoginLimit:
    """Per address and name, and per address over all names. A login that succeeds clears its own."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def take(self, address: str, name: str) -> bool:
        """Whether one more attempt is allowed; it counts from now, so that attempts at once count too."""
        network, name = _network(address), name[:64]
        if not self._limiter.hit(_ADDRESS, network):
            return False
        return all(self._limiter.hit(item, network, name) for item in _PAIR)

    def forgive(self, address: str, name: str) -> None:
        network, name = _network(address), name[:64]
        self._limiter.clear(_ADDRESS, network)
        for item in _PAIR:
            self._limiter.clear(item, network, name)


def _network(address: str) -> str:
    """The address; of IPv6 the /64, which is what one subscriber gets."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
