"""Who counts as one visitor: an address of IPv4, a /64 of IPv6, which is what one subscriber gets."""

from ipaddress import IPv6Address, ip_address


def network(address: str) -> str:
    """The address; of IPv6 the /64. What is no address stands for itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
