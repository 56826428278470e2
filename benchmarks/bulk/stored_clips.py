"""Clips of the sample in an S3 server on this machine, and the manifest that lists them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.bulk.object_storage import BUCKET, object_storage
from harness.clips import cut
from tracker_service.bulk.storage import Place

_FIRST, _LAST = 8, 250
"""Frames of the sample that clips are cut from."""


@dataclass(frozen=True, slots=True)
class StoredClips:
    """What is tracked.

    Attributes:
        folder: local folder of the run.
        place: the bucket.
        names: of the clips.
        environment: in which the bucket is reached.
    """

    folder: Path
    place: Place
    names: tuple[str, ...]
    environment: dict[str, str]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the clips are."""
        return tuple(self.place.child(f"in/{name}.mp4").address for name in self.names)

    @property
    def manifest(self) -> Path:
        """The list of them."""
        return self.folder / "videos.txt"


@contextmanager
def stored_clips(folder: Path, videos: int, frames: int) -> Iterator[StoredClips]:
    """Yield so many clips of so many frames, begun at different frames of the sample."""
    step = max((_LAST - _FIRST - frames) // max(videos - 1, 1), 1)
    with object_storage() as environment:
        os.environ.update(environment)
        clips = StoredClips(folder, Place(f"s3://{BUCKET}"), tuple(f"clip{n}" for n in range(videos)), environment)
        for number, address in enumerate(clips.addresses):
            clip = cut(folder / f"clip{number}.mp4", frames, first=_FIRST + step * number)
            Place(address).upload(clip)
            clip.unlink()
        clips.manifest.write_text("\n".join(clips.addresses))
        yield clips
