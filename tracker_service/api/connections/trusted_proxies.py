"""Which addresses are proxies whose word about their clients is taken."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from tracker_service.errors import SettingsError

EVERYBODY = "*"


class TrustedProxies:
    """The proxies of ``service.proxies``.

    Args:
        names: addresses and networks, or `EVERYBODY`.

    Raises:
        SettingsError: a name is neither.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        self._everybody = EVERYBODY in self.names
        self._networks = tuple(_network(name) for name in self.names if name != EVERYBODY)

    def __bool__(self) -> bool:
        return bool(self.names)

    def __contains__(self, address: str) -> bool:
        if self._everybody:
            return True
        try:
            place = ip_address(address)
        except ValueError:
            return False
        return any(place in network for network in self._networks)


def _network(name: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(name)
    except ValueError:
        raise SettingsError(f"service.proxies: expected addresses, networks or {EVERYBODY!r}, got {name!r}") from None
