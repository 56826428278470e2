"""Which folder each video's results get.

A name that the manifest gives is taken. Another video has the name of its file without suffix; where an earlier line
has that already, eight digits of the address's digest follow it. A manifest that only grows never renames anything, and
a folder belongs to the video that its mark of completion names, whatever the order.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from tracker_service.bulk.manifest import ListedVideo
from tracker_service.types.shown_text import encodable

_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_LONGEST_STEM = 150


def result_names(videos: Sequence[ListedVideo]) -> list[str]:
    """Return the name of each video's folder; all differ, also where case does not count."""
    taken = {video.name.casefold() for video in videos if video.name is not None}
    names: list[str] = []
    for video in videos:
        name = video.name or _free_name(video.address, taken)
        taken.add(name.casefold())
        names.append(name)
    return names


def _free_name(address: str, taken: set[str]) -> str:
    stem = _UNFIT.sub("_", encodable(PurePosixPath(address).stem)).strip(". ")
    stem = stem.encode()[:_LONGEST_STEM].decode(errors="ignore") or "video"
    digest = hashlib.sha256(address.encode(errors="surrogateescape")).hexdigest()
    names = [stem, *(f"{stem}-{digest[:digits]}" for digits in range(8, len(digest)))]
    return next(name for name in names if name.casefold() not in taken)
