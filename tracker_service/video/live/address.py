"""What a user names as a camera or stream: an address, a device, or the standard input."""

import re
import sys
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from tracker_service.errors import SettingsError
from tracker_service.types.shown_text import on_one_line

STREAM_SCHEMES = frozenset({"rtsp", "rtsps", "http", "https", "rtmp", "rtmps", "srt", "udp", "tcp", "rtp"})
"""Protocols that are read."""

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_DEVICE = re.compile(r"\d{1,2}|/dev/video\d{1,3}")
_DEVICE_FORMATS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
_SECRET_IN_PATH = re.compile(r"[=&]|pass|user|token|key", re.IGNORECASE)
_KEYS_ARE_PATHS = frozenset({"rtmp", "rtmps"})


def is_address(text: str) -> bool:
    """Return whether a text is an address, as ``rtsp://camera/1``, and no path; every scheme counts."""
    return _ADDRESS.match(text) is not None


@dataclass(frozen=True, slots=True)
class LiveAddress:
    """Where frames come from.

    Attributes:
        url: what FFmpeg opens; it may hold a password, so that it is never shown.
        shown: the same without user, password, query, and what looks like a secret in the path.
        scheme: protocol of a stream; "device" or "pipe".
        host: of a stream, lower case; "" for devices and the standard input.
        format: FFmpeg's name of the format where the address alone does not tell it.
    """

    url: str
    shown: str
    scheme: str
    host: str
    format: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``rtsp://…``, ``/dev/video0``, ``0`` or ``-``.

        Raises:
            SettingsError: neither of these, or a protocol that is not read.
        """
        if text == "-":
            return cls("pipe:0", "standard input", "pipe", "")
        if _DEVICE.fullmatch(text):
            return cls._device(text)
        if not is_address(text):
            shown = on_one_line(text)
            raise SettingsError(f"source: expected an address, a device as /dev/video0 or 0, or -, got {shown}")
        if not text.isprintable():  # others leave out some control characters, and read another host then
            raise SettingsError("source: expected an address without control characters, got one with some")
        parts = _split(text)
        if parts.scheme not in STREAM_SCHEMES:
            known = ", ".join(sorted(STREAM_SCHEMES))
            raise SettingsError(f"source: expected one of {known}, got {on_one_line(parts.scheme)}://")
        if not parts.hostname:
            raise SettingsError(f"source: expected a host behind {parts.scheme}://, got none")
        return cls(text, shown_address(text), parts.scheme, parts.hostname)

    @classmethod
    def _device(cls, text: str) -> Self:
        kind = _DEVICE_FORMATS.get(sys.platform, "v4l2")
        url = f"/dev/video{text}" if text.isdecimal() and kind == "v4l2" else text
        return cls(url, url, "device", "", kind)

    @property
    def ends(self) -> bool:
        """Whether the end of the frames is the end, and not a connection that was lost."""
        return self.scheme == "pipe"


def shown_address(text: str) -> str:
    """Return an address as it may be shown and logged: nothing in it opens the camera."""
    try:
        parts = _split(text)
        port = "" if parts.port is None else f":{parts.port}"
    except (SettingsError, ValueError):
        return f"{text.partition('://')[0]}://…"
    host = parts.hostname or ""
    place = f"[{host}]" if ":" in host else host
    return on_one_line(f"{parts.scheme}://{place}{port}{_shown_path(parts)}{'?…' if parts.query else ''}")


def _shown_path(parts: SplitResult) -> str:
    segments = parts.path.split("/")
    if parts.scheme in _KEYS_ARE_PATHS and len(segments) > 2:
        return "/".join([*segments[:2], "…"])
    return "/".join("…" if _SECRET_IN_PATH.search(segment) else segment for segment in segments)


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - read only to have it checked
    except ValueError:
        scheme = text.partition("://")[0]
        raise SettingsError(f"source: expected a well-formed address, got one that begins with {scheme}://") from None
    return parts
