"""Where the servers are: what the setting says, and which addresses a name stands for right now."""

import ipaddress
import socket
from collections.abc import Sequence
from contextlib import suppress

from tracker_service.errors import SettingsError


def checked_url(url: str) -> str:
    """Return ``url`` without ``grpc://``; raises `SettingsError` unless it is ``host:port``."""
    address = url.strip().removeprefix("grpc://")
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise SettingsError(f"triton url: expected host:port of the gRPC service, such as localhost:8001, got {url!r}")
    return address


def checked_urls(urls: str) -> tuple[str, ...]:
    """Return the addresses of ``urls``, separated by commas, each once; raises `SettingsError` for one that is none."""
    return tuple(dict.fromkeys(map(checked_url, urls.split(","))))


def may_be_several(addresses: Sequence[str]) -> bool:
    """Tell whether the addresses may stand for more than one server: several, or a name that may have several."""
    if len(addresses) > 1:
        return True
    host = _host(addresses[0])
    return host != "localhost" and not _is_number(host)


def resolved(addresses: Sequence[str]) -> tuple[str, ...]:
    """Return an address for each server that the names stand for now; names that nobody knows now are left out.

    IPv6 is taken for names without an address of IPv4 only: most names with both are of one server.
    """
    found: list[str] = []
    for address in addresses:
        host, port = _host(address), address.rpartition(":")[2]
        fixed = host == "localhost" or _is_number(host)
        found += [address] if fixed else [f"{number}:{port}" for number in _numbers(host)]
    return tuple(dict.fromkeys(found))


def _numbers(host: str) -> list[str]:
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):
            entries = socket.getaddrinfo(host, None, family, socket.SOCK_STREAM)
            numbers = sorted({str(entry[4][0]) for entry in entries})
            return numbers if family == socket.AF_INET else [f"[{number}]" for number in numbers]
    return []


def _host(address: str) -> str:
    return address.rpartition(":")[0].strip("[]")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
