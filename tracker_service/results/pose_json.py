"""One frame in the JSON shapes of ``POST /pose/hybrid`` and ``POST /pose``."""

from collections.abc import Collection, Iterable
from typing import Protocol

import orjson

from tracker_service.results.person_json import Record, VertexSource
from tracker_service.types import FrameResult, Int64, TrackedPerson

HYBRID_FIELDS: tuple[str, ...] = ()
"""Names of all fields of `hybrid_record`, in their order."""
KEYPOINT_FIELDS: tuple[str, ...] = ()
"""Names of all fields of `keypoints_record`, in their order."""


class PoseAnswer(Protocol):
    """What is said about a frame: `tracker_service.sessions.frame.FrameAnswer`, which says what each means."""

    @property
    def session(self) -> str:
        """The session it was answered in."""
        ...

    @property
    def video(self) -> int:
        """Which of the session's videos."""
        ...

    @property
    def result(self) -> FrameResult:
        """Everybody in the frame."""
        ...

    @property
    def main(self) -> TrackedPerson | None:
        """The person of the single-person fields."""
        ...

    @property
    def detected(self) -> int:
        """People found in this very frame."""
        ...

    @property
    def late(self) -> bool:
        """Whether it came after its turn."""
        ...

    @property
    def expected(self) -> bool:
        """Whether a pose is owed."""
        ...


class Surface(VertexSource, Protocol):
    """A body with a triangulated surface; `BodyModel` is one."""

    @property
    def faces(self) -> Int64:
        """(F, 3) vertex indices."""
        ...

    @property
    def number_of_vertices(self) -> int:
        """V."""
        ...


def hybrid_record(
    answer: PoseAnswer,
    surface: Surface,
    *,
    model_version: str,
    processing_time_ms: float,
    mesh: bool = True,
    fields: Collection[str] | None = None,
) -> Record:
    """Return the response of ``POST /pose/hybrid`` without ``visualization``, which the caller adds."""
    raise NotImplementedError


def keypoints_record(
    answer: PoseAnswer, *, model_version: str, processing_time_ms: float, fields: Collection[str] | None = None
) -> Record:
    """Return the response of ``POST /pose``: keypoints only."""
    raise NotImplementedError


def checked_fields(names: Iterable[str], known: Collection[str]) -> frozenset[str]:
    """Return ``names`` as a selection of fields; raises `SettingsError` for one that is not in ``known``."""
    raise NotImplementedError


def record_bytes(record: Record) -> bytes:
    """Return a record as JSON text."""
    return orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY)
