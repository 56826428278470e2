"""What clients may let the service read: nothing but protocols and hosts that its operator has named."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from ipaddress import AddressValueError, IPv4Address

from tracker_service.errors import LiveForbiddenError, SettingsError
from tracker_service.video.live.address import STREAM_SCHEMES, LiveAddress

_IPV4 = re.compile(r"[0-9.*?]+")


class SourceRules:
    """Decides which addresses are read; devices and the standard input never are.

    Args:
        patterns: as ``rtsp://10.0.0.*``: a protocol and a host in which * stands for anything. One of digits stands for
            IPv4 addresses only: anybody can register the name ``10.0.0.example``.

    Raises:
        SettingsError: a pattern is none.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(pattern.lower().rstrip("/") for pattern in patterns)
        for pattern in self._patterns:
            scheme, separator, host = pattern.partition("://")
            if not separator or scheme not in STREAM_SCHEMES or not host or "/" in host:
                raise SettingsError(f"live.sources: expected protocol://host, as rtsp://10.0.0.*, got {pattern}")

    def check(self, text: str) -> LiveAddress:
        """Return the address that a client names.

        Raises:
            LiveForbiddenError: it may not be read; what is none of the service's business is not told apart.
        """
        try:
            address = LiveAddress.parse(text)
        except SettingsError:
            address = None
        if address is None or not any(_fits(address, pattern) for pattern in self._patterns):
            raise LiveForbiddenError("source: expected an address that the service may read (setting live.sources)")
        return address


def _fits(address: LiveAddress, pattern: str) -> bool:
    if not fnmatchcase(f"{address.scheme}://{address.host}", pattern):
        return False
    host = pattern.partition("://")[2]
    return host == "*" or not _IPV4.fullmatch(host) or _is_ipv4(address.host)


def _is_ipv4(host: str) -> bool:
    try:
        IPv4Address(host)
    except AddressValueError:
        return False
    return True
