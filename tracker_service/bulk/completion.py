"""The mark of completion: ``complete.json`` beside a video's results, written last.

Results count only where it stands: it names the video and the settings they were made from, and every file with its
length and digest. It is removed before any of them is replaced.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import orjson

from tracker_service.bulk.storage import FileIdentity, Place
from tracker_service.errors import DamagedResultsError
from tracker_service.settings import Settings

COMPLETE = "complete.json"
_VERSION = 1
_DECIDING: dict[str, Any] = {
    **dict.fromkeys(
        ("model_set", "detect_shots", "phalp", "camera", "second_look", "quality", "render", "refinement"), True
    ),
    "video": {"start_frame", "end_frame", "start_time", "end_time", "focal", "fov", "stream"},
}
"""Settings that decide the results of a video, whatever computes them."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of results as it was written.

    Attributes:
        size: bytes.
        sha256: its digest, hexadecimal.
    """

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Completion:
    """What a mark says.

    Attributes:
        video: address of the video.
        identity: of the video when it was tracked.
        settings: `settings_digest` of the run.
        frames: of the results.
        people: in them.
        files: of the results, by name.
    """

    video: str
    identity: FileIdentity
    settings: str
    frames: int
    people: int
    files: Mapping[str, StoredFile]

    def to_json(self) -> bytes:
        """Return the content of the file."""
        # Names of files that are not UTF-8 are no JSON.
        record = {"version": _VERSION, **asdict(self), "video": _as_json(self.video)}
        return orjson.dumps(record, option=orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read a mark; raises `DamagedResultsError` where it is none, or one of another version."""
        try:
            record = orjson.loads(content)
            version = record.pop("version")
            files = {name: StoredFile(**each) for name, each in record.pop("files").items()}
            mark = cls(identity=FileIdentity(**record.pop("identity")), files=files, **record)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DamagedResultsError(f"{COMPLETE}: expected a mark of completion, got {error}") from error
        if version != _VERSION:
            raise DamagedResultsError(f"{COMPLETE}: expected version {_VERSION}, got {version}")
        return mark

    def is_of(self, video: str, identity: FileIdentity, settings: str) -> bool:
        """Tell whether the results are those of this video, as it is now, with these settings."""
        return (self.video, self.identity, self.settings) == (_as_json(video), identity, settings)

    def is_whole(self, folder: Place, *, verify: bool) -> bool:
        """Tell whether all files are there with their lengths and, to be verified, with their digests."""
        sizes = folder.sizes()
        if any(sizes.get(name) != file.size for name, file in self.files.items()):
            return False
        return not verify or all(folder.child(name).digest() == file.sha256 for name, file in self.files.items())


def read_completion(folder: Place) -> Completion | None:
    """Return the mark in a folder of results; None where there is none that can be read.

    Raises:
        StorageError: the storage does not answer.
    """
    content = folder.child(COMPLETE).read()
    try:
        return None if content is None else Completion.from_json(content)
    except DamagedResultsError:
        return None


def settings_digest(settings: Settings, **outputs: object) -> str:
    """Return the digest of the settings that decide results, and of what else is asked for."""
    # Without defaults: a later version with one more setting need not compute everything again.
    deciding = settings.model_dump(mode="json", include=_DECIDING, exclude_defaults=True)
    content = orjson.dumps([deciding, outputs], option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.sha256(content).hexdigest()


def _as_json(address: str) -> str:
    return address.encode(errors="surrogateescape").decode(errors="backslashreplace")
