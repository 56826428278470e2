"""URLs that clients ask to be called: which of them may be."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from tracker_service.errors import SettingsError, WebhookForbiddenError

LONGEST_URL = 2048
_PORTS = {"http": 80, "https": 443}
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
# Servers disagree on what these lead to, so a path with one of them could leave the allowed folder.
_AMBIGUOUS = re.compile(r"\\|//|(^|/)\.{1,2}(/|$)|%2e|%2f|%5c", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL taken apart.

    Attributes:
        scheme: http or https.
        host: in lower case.
        port: the scheme's where none was given.
        path: begins with a slash.
        query: without the question mark, empty where there is none.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Take ``url`` apart.

        Raises:
            WebhookForbiddenError: it is no plain http or https URL.
        """
        if len(url) > LONGEST_URL or not _PRINTABLE.fullmatch(url):
            raise WebhookForbiddenError(f"webhook: expected a URL of at most {LONGEST_URL} printable ASCII characters")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise WebhookForbiddenError("webhook: expected a URL") from error
        if parts.scheme not in _PORTS or not host or "@" in parts.netloc or "#" in url or "\\" in parts.netloc:
            raise WebhookForbiddenError("webhook: expected http:// or https://, a host, and neither a user nor a #")
        if _AMBIGUOUS.search(parts.path):
            raise WebhookForbiddenError("webhook: expected a path without dots, doubled or encoded slashes")
        return cls(parts.scheme, host, port or _PORTS[parts.scheme], parts.path or "/", parts.query)

    def below(self, allowed: "Destination") -> bool:
        """Tell whether this is ``allowed`` itself or something in it."""
        if (self.scheme, self.host, self.port) != (allowed.scheme, allowed.host, allowed.port):
            return False
        folder = allowed.path.rstrip("/")
        return self.path == allowed.path or self.path == folder or self.path.startswith(f"{folder}/")


class AllowedDestinations:
    """The URLs that may be called.

    Args:
        allow: beginnings of URLs.

    Raises:
        SettingsError: one is no URL.
    """

    def __init__(self, allow: Iterable[str]) -> None:
        try:
            self._allowed = tuple(Destination.parse(url) for url in allow)
        except WebhookForbiddenError as error:
            raise SettingsError(f"webhooks.allow: {error}") from error

    def check(self, url: str) -> Destination:
        """Return the destination of a URL.

        Raises:
            WebhookForbiddenError: it may not be called.
        """
        destination = Destination.parse(url)
        if not any(destination.below(allowed) for allowed in self._allowed):
            raise WebhookForbiddenError("webhook: expected a URL that this service may call (webhooks.allow)")
        return destination
