"""Fetching a file over HTTP: resumed where it broke off, tried at every mirror, checked before it gets its name."""

import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import TypeAlias

from export.errors import DownloadError
from export.files import is_web_page, sha256_of

Progress: TypeAlias = Callable[[int, int | None], None]

_CHUNK = 1 << 20
_TIMEOUT = 30.0
_WEB_PAGE = "a web page came instead of the file (a login or licence page?): download it by hand"


def unreported(_done: int, _total: int | None) -> None:
    """Progress that nobody watches."""


def download(
    urls: Sequence[str],
    target: Path,
    *,
    size: int | None = None,
    sha256: str | None = None,
    progress: Progress = unreported,
) -> Path:
    """Fetch ``target`` from the first of ``urls`` that gives it; an existing part is continued.

    What has arrived is kept as ``<target>.part`` when a connection breaks, so that the next call goes on from there;
    ``target`` itself appears only when size and hash are right.

    Args:
        urls: mirrors, tried in order.
        target: where the file goes.
        size: bytes it must have, where known.
        sha256: digest it must have, where known.
        progress: called with the bytes that are there and the total, where the server tells it.

    Raises:
        DownloadError: no mirror gave the file; the message says for each what was wrong: a dead link, a login page, a
            truncated file, a wrong hash.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    reasons = []
    for url in urls:
        try:
            _fetch(url, part, progress)
            _check(part, size, sha256)
        except DownloadError as error:
            reasons.append(f"{url}: {error}")
            continue
        part.replace(target)
        return target
    raise DownloadError(f"{target.name}: expected it from {len(urls)} address(es), got none. " + "; ".join(reasons))


def _fetch(url: str, part: Path, progress: Progress) -> None:
    done = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})  # noqa: S310
    if not url.startswith(("https://", "http://")):
        raise DownloadError("expected an http(s) address")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310  (http(s), checked above)
            _receive(response, part, done, progress)
    except urllib.error.HTTPError as error:
        if error.code == 416 and done:
            _accept_complete(error.headers.get("Content-Range"), part)
            return
        raise DownloadError(f"dead link (HTTP status {error.code})") from error
    except (urllib.error.URLError, TimeoutError, ConnectionError, HTTPException) as error:
        raise DownloadError(f"no answer ({getattr(error, 'reason', error)})") from error


def _accept_complete(content_range: str | None, part: Path) -> None:
    """Nothing is left to fetch: the part is the whole file, or, if the server says so, something longer."""
    total = (content_range or "").rpartition("/")[2]
    have = part.stat().st_size
    if total.isdecimal() and int(total) != have:
        part.unlink()
        raise DownloadError(f"another file: expected {total} bytes, got {have}")


def _receive(response: HTTPResponse, part: Path, done: int, progress: Progress) -> None:
    if response.headers.get_content_type() == "text/html":
        raise DownloadError(_WEB_PAGE)
    resumed = response.status == 206
    done = done if resumed else 0
    length = response.headers.get("Content-Length")
    total = None if length is None else done + int(length)
    with part.open("ab" if resumed else "wb") as file:
        while chunk := response.read(_CHUNK):
            file.write(chunk)
            done += len(chunk)
            progress(done, total)
    if total is not None and done < total:
        raise DownloadError(f"truncated after {done} of {total} bytes; the next try goes on from there")


def _check(part: Path, size: int | None, sha256: str | None) -> None:
    """Remove what cannot become right any more, and say why."""
    if is_web_page(part):
        part.unlink()
        raise DownloadError(_WEB_PAGE)
    have = part.stat().st_size
    if size is not None and have < size:
        raise DownloadError(f"truncated: expected {size} bytes, got {have}")
    if size is not None and have > size:
        part.unlink()
        raise DownloadError(f"another file: expected {size} bytes, got {have}")
    if sha256 is not None and (got := sha256_of(part)) != sha256:
        part.unlink()
        raise DownloadError(f"wrong hash: expected sha256 {sha256}, got {got}")
