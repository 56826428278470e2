"""The stream behind a web page, as YouTube's: found by yt-dlp where that is installed."""

from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from tracker_service.errors import SettingsError, VideoError
from tracker_service.video.live.address import shown_address

_PAGE_HOSTS = ("youtube.com", "youtu.be", "twitch.tv", "vimeo.com", "dailymotion.com")
"""Hosts whose addresses lead to pages and never to streams."""
_WANTED = "best[height<=1080]/best"


def is_page(url: str) -> bool:
    """Return whether an address leads to a page of a known video site."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return any(host == known or host.endswith(f".{known}") for known in _PAGE_HOSTS)


def stream_of_page(url: str) -> str:
    """Return the address of the stream that a page shows.

    Raises:
        SettingsError: yt-dlp is not installed.
        VideoError: it finds no stream.
    """
    shown = shown_address(url)
    try:
        downloader: Any = import_module("yt_dlp")
    except ImportError:
        raise SettingsError(
            f"source: expected a stream, got the page {shown}; "
            "pip install 'phalp-triton[pages]' brings yt-dlp, which finds its stream"
        ) from None
    try:
        with downloader.YoutubeDL({"quiet": True, "format": _WANTED, "no_warnings": True}) as finder:
            found = finder.extract_info(url, download=False)
    except downloader.utils.DownloadError as error:
        message = str(error).replace(url, shown).splitlines()[0]
        raise VideoError(f"{shown}: expected a page with a stream, got: {message}") from None
    stream: str | None = found.get("url")
    if stream is None:
        raise VideoError(f"{shown}: expected a page with one stream, got none")
    return stream
