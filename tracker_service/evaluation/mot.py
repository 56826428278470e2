"""Ground truth in the text formats of the MOT Challenge."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracker_service.errors import ResultsError
from tracker_service.types import Bool, Float64, Int64

PEDESTRIAN = 1
NO_CLASS = 0
_CLASS_COLUMNS = 9


@dataclass(frozen=True, slots=True)
class TruthFrame:
    """The ground truth of one frame.

    Attributes:
        ids: (n,) int64, as in the file.
        boxes: (n, 4) float64, x y width height, pixels.
        counted: (n,) bool, False where the file marks the row as not to be evaluated (confidence 0).
        classes: (n,) int64, MOT16/17 class, `NO_CLASS` where the format has none (MOT15).
    """

    ids: Int64
    boxes: Float64
    counted: Bool
    classes: Int64

    @classmethod
    def empty(cls) -> "TruthFrame":
        """A frame without people."""
        return cls(np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros(0, np.bool_), np.zeros(0, np.int64))


@dataclass(frozen=True, slots=True)
class _Row:
    frame: int
    identity: int
    box: tuple[float, float, float, float]
    counted: bool
    class_number: int


def read_mot(path: Path) -> dict[int, TruthFrame]:
    """Read a MOT ground truth; the result maps frame numbers **from 0** (the file counts from 1) to their people.

    Rows are ``frame, id, x, y, width, height, confidence, …``. Nine columns mean MOT16/17/20, whose eighth is the
    class; any other number from seven means MOT15, which has no classes. Frames without rows are absent.

    Raises:
        ResultsError: the file cannot be read, holds no row, or a row is malformed; the message starts with
            ``file:line``.
    """
    rows: dict[int, list[_Row]] = {}
    for where, row in _rows(path):
        frame = rows.setdefault(row.frame - 1, [])
        if any(other.identity == row.identity for other in frame):
            raise ResultsError(f"{where}: expected each id once in a frame, got id {row.identity} again")
        frame.append(row)
    if not rows:
        raise ResultsError(f"{path}: expected MOT ground truth, got a file without rows")
    return {number: _truth_frame(frame) for number, frame in sorted(rows.items())}


def _rows(path: Path) -> Iterator[tuple[str, _Row]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ResultsError(f"{path}: expected a readable ground truth, got {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise ResultsError(f"{path}: expected MOT ground truth, got a file that is not text") from None
    for line_number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            where = f"{path}:{line_number}"
            yield where, _row(line, where)


def _row(line: str, where: str) -> _Row:
    columns = line.rstrip().rstrip(",").split(",")
    if len(columns) < 7:
        raise ResultsError(
            f"{where}: expected frame,id,x,y,width,height,confidence separated by commas, got {len(columns)} columns"
        )
    values = [_number(column, where) for column in columns]
    frame = _whole(values[0], "a frame number from 1", where, minimum=1)
    x, y, width, height = values[2:6]
    if width <= 0 or height <= 0:
        raise ResultsError(f"{where}: expected a positive width and height, got {width:g} x {height:g}")
    return _Row(
        frame=frame,
        identity=_whole(values[1], "a whole number as id", where),
        box=(x, y, width, height),
        counted=values[6] != 0,
        class_number=_whole(values[7], "a class number", where) if len(values) == _CLASS_COLUMNS else NO_CLASS,
    )


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise ResultsError(f"{where}: expected a number, got {text.strip()!r}")
    return value


def _whole(value: float, expected: str, where: str, minimum: int | None = None) -> int:
    if not value.is_integer() or (minimum is not None and value < minimum):
        raise ResultsError(f"{where}: expected {expected}, got {value:g}")
    return int(value)


def _truth_frame(rows: list[_Row]) -> TruthFrame:
    return TruthFrame(
        ids=np.array([row.identity for row in rows], np.int64),
        boxes=np.array([row.box for row in rows], np.float64),
        counted=np.array([row.counted for row in rows], np.bool_),
        classes=np.array([row.class_number for row in rows], np.int64),
    )
