"""Boxes of people that are given instead of detected, with or without identities: MOT text or NDJSON.

MOT (``det.txt``, ``gt.txt`` of the MOT Challenge): ``frame, id, x, y, width, height, score, …``, frames from 1, id -1
where unknown, score -1 where there is none. Rows with score 0 are left out: that is how ``gt.txt`` marks what does not
count. Of nine columns the eighth is the class (MOT16, 17 and 20), and only people are taken.

NDJSON: one frame a line, frames from 0 as in `results.ndjson`::

    {"frame": 0, "boxes": [[x1, y1, x2, y2], …], "scores": [0.9, …], "ids": [7, …], "annotated": [true, …]}

All but frame and boxes may be left out; id -1 is unknown. An annotated person's track is confirmed at once, as
upstream does with people whose class is given.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import orjson

from tracker_service.errors import SettingsError
from tracker_service.types import Detections, Frame

_PEOPLE = (1, 2, 7)
"""Classes of MOT16, 17 and 20 that are people: pedestrian, person on a vehicle, static person."""
_CLASS_COLUMNS = 9
_LEAST_COLUMNS = 6
_UNKNOWN = -1
_KEYS = ("frame", "boxes", "scores", "ids", "annotated")


@dataclass(frozen=True, slots=True)
class _Person:
    box: tuple[float, float, float, float]
    score: float = 1.0
    identity: int = _UNKNOWN
    annotated: bool = False


class GivenBoxes:
    """The given people of every frame; frames that were not given have nobody.

    Args:
        frames: people by frame number, from 0.
    """

    def __init__(self, frames: Mapping[int, Detections]) -> None:
        self._frames = dict(frames)

    @property
    def have_identities(self) -> bool:
        """Whether at least one box has an identity."""
        return any((frame.identities >= 0).any() for frame in self._frames.values() if frame.identities is not None)

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """Return the people of each frame, as a detector does."""
        return [self.in_frame(frame.number) for frame in frames]

    def in_frame(self, number: int) -> Detections:
        """Return the people of frame ``number``, in the order of the file."""
        return self._frames.get(number) or Detections.empty()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file; it is taken for NDJSON when it begins with a brace, for MOT otherwise.

        Raises:
            SettingsError: the file cannot be read or is malformed; the message begins with ``boxes: file:line``.
        """
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise SettingsError(f"boxes: expected a readable file, got {path} ({error.strerror or error})") from error
        except UnicodeDecodeError:
            raise SettingsError(f"boxes: expected MOT text or NDJSON, got {path}, which is not text") from None
        rows = [(f"boxes: {path}:{number}", line) for number, line in enumerate(lines, start=1) if line.strip()]
        read = _ndjson if rows and rows[0][1].lstrip().startswith("{") else _mot
        frames = {number: _detections(people) for number, people in read(rows).items()}
        if not any(map(len, frames.values())):
            raise SettingsError(f"boxes: expected people, got none in {path}")
        return cls(frames)


def _detections(people: Sequence[_Person]) -> Detections:
    return Detections(
        boxes=np.array([person.box for person in people], np.float32).reshape(-1, 4),
        scores=np.array([person.score for person in people], np.float32),
        identities=np.array([person.identity for person in people], np.int64),
        annotated=np.array([person.annotated for person in people], np.bool_),
    )


def _mot(rows: Sequence[tuple[str, str]]) -> dict[int, list[_Person]]:
    frames: dict[int, list[_Person]] = {}
    for where, line in rows:
        columns = line.rstrip().rstrip(",").split(",")
        if len(columns) < _LEAST_COLUMNS:
            raise SettingsError(
                f"{where}: expected frame,id,x,y,width,height,score separated by commas, got {len(columns)} columns"
            )
        values = [_number(column, where) for column in columns]
        frame, identity = _whole(values[0], "a frame number from 1", where, 1), _whole(values[1], "an id", where, -1)
        people = frames.setdefault(frame - 1, [])
        if len(values) == _CLASS_COLUMNS and int(values[7]) not in _PEOPLE:
            continue
        x, y, width, height = values[2:6]
        if width <= 0 or height <= 0:
            raise SettingsError(f"{where}: expected a positive width and height, got {width:g} x {height:g}")
        score = values[6] if len(values) > _LEAST_COLUMNS else 1.0
        if score != 0:
            _append(people, _Person((x, y, x + width, y + height), _score(score), identity), where)
    return frames


def _ndjson(rows: Sequence[tuple[str, str]]) -> dict[int, list[_Person]]:
    frames: dict[int, list[_Person]] = {}
    for where, line in rows:
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise SettingsError(f"{where}: expected one JSON object a line, got {error}") from None
        if not isinstance(record, dict) or not {"frame", "boxes"} <= record.keys() <= set(_KEYS):
            got = ", ".join(record) if isinstance(record, dict) else type(record).__name__
            raise SettingsError(f"{where}: expected frame and boxes, and perhaps scores, ids, annotated; got {got}")
        number = _whole(_number(record["frame"], where), "a frame number from 0", where, 0)
        if number in frames:
            raise SettingsError(f"{where}: expected each frame once, got frame {number} again")
        people = frames.setdefault(number, [])
        for person in _people(record, where):
            _append(people, person, where)
    return frames


def _people(record: Mapping[str, Any], where: str) -> Iterator[_Person]:
    boxes = _list(record, "boxes", None, where)
    scores = _list(record, "scores", len(boxes), where, 1.0)
    identities = _list(record, "ids", len(boxes), where, _UNKNOWN)
    annotated = _list(record, "annotated", len(boxes), where, False)
    for box, score, identity, at_once in zip(boxes, scores, identities, annotated, strict=True):
        if not isinstance(box, list) or len(box) != 4:
            raise SettingsError(f"{where}: expected boxes of four numbers x1, y1, x2, y2, got {box}")
        x1, y1, x2, y2 = (_number(value, where) for value in box)
        if x2 <= x1 or y2 <= y1:
            raise SettingsError(f"{where}: expected x1 < x2 and y1 < y2, got {box}")
        if not isinstance(at_once, bool):
            raise SettingsError(f"{where}: expected true or false in annotated, got {at_once}")
        given = _whole(_number(identity, where), "an id", where, -1)
        yield _Person((x1, y1, x2, y2), _score(_number(score, where)), given, at_once)


def _list(record: Mapping[str, Any], key: str, length: int | None, where: str, default: Any = None) -> list[Any]:
    """Return a list of the record, ``length`` times the default where it is left out."""
    values = record.get(key)
    if values is None and length is not None:
        return [default] * length
    if not isinstance(values, list) or (length is not None and len(values) != length):
        expected = "a list" if length is None else f"a list of {length}, as many as boxes"
        got = f"{len(values)}" if isinstance(values, list) else type(values).__name__
        raise SettingsError(f"{where}: expected {key} to be {expected}, got {got}")
    return values


def _append(people: list[_Person], person: _Person, where: str) -> None:
    if person.identity != _UNKNOWN and any(other.identity == person.identity for other in people):
        raise SettingsError(f"{where}: expected each id once in a frame, got id {person.identity} again")
    people.append(person)


def _score(value: float) -> float:
    """Return a score from 0 to 1; -1 means none, and detectors with another scale are cut to it."""
    return 1.0 if value == -1 else min(max(value, 0.0), 1.0)


def _number(value: Any, where: str) -> float:
    """Return a finite number, from JSON or from text."""
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not np.isfinite(number):
        raise SettingsError(f"{where}: expected a number, got {str(value).strip()!r}")
    return number


def _whole(value: float, expected: str, where: str, minimum: int) -> int:
    if not value.is_integer() or value < minimum:
        raise SettingsError(f"{where}: expected {expected}, got {value:g}")
    return int(value)
