"""What has to be known of a whole run before its first frame is converted."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from tracker_service.errors import ResultsError
from tracker_service.results.ndjson import read_results
from tracker_service.results.records import FrameRecord, PersonRecord
from tracker_service.results.result_files import RESULTS
from tracker_service.types import Float32, PersonState
from tracker_service.types.frames import USUAL_RATE
from tracker_service.types.smpl import NUMBER_OF_BETAS


@dataclass(frozen=True, slots=True, eq=False)
class PersonSpan:
    """The frames in which one person is shown.

    Attributes:
        track_id: identity, from 1.
        runs: first and last index of frames without a gap between them, ascending; counted from the first frame.
        betas: (10,) float32, the mean shape: a skeleton has one.
    """

    track_id: int
    runs: tuple[tuple[int, int], ...]
    betas: Float32

    @property
    def first(self) -> int:
        """Index of the first frame."""
        return self.runs[0][0]

    @property
    def last(self) -> int:
        """Index of the last frame."""
        return self.runs[-1][1]

    @property
    def frames(self) -> int:
        """Frames in which the person is shown."""
        return sum(last - first + 1 for first, last in self.runs)

    @property
    def length(self) -> int:
        """Frames from the first to the last, those in gaps included."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """The results of a run, read as often as a format needs them; only one frame is in memory at a time.

    Attributes:
        path: its lines.
        frames: how many.
        first_number: number of the first frame in the source.
        rate: frames a second, the mean over the run.
        width, height: of the frames, pixels; 0 where the producer did not say.
        people: in order of track id.
    """

    path: Path
    frames: int
    first_number: int
    rate: float
    width: int
    height: int
    people: tuple[PersonSpan, ...]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Read the results in ``folder`` once.

        Raises:
            ResultsError: there are none, or they cannot be read.
        """
        path = folder / RESULTS
        if not path.is_file():
            raise ResultsError(f"{folder}: expected a folder with {RESULTS}, got none")
        first: FrameRecord | None = None
        last: FrameRecord | None = None
        shapes: dict[int, _Shape] = {}
        count = 0
        for index, frame in enumerate(read_results(path)):
            first, last, count = first or frame, frame, index + 1
            for person in shown(frame):
                shapes.setdefault(person.track_id, _Shape()).add(index, person)
        if first is None or last is None:
            raise ResultsError(f"{path}: expected at least one frame, got an empty file")
        seconds = last.timestamp - first.timestamp
        return cls(
            path,
            count,
            first.frame_number,
            (count - 1) / seconds if seconds > 0 else USUAL_RATE,
            first.width,
            first.height,
            tuple(shapes[number].span(number) for number in sorted(shapes)),
        )

    @property
    def poses(self) -> int:
        """Poses of all people together."""
        return sum(person.frames for person in self.people)

    def read(self) -> Iterator[FrameRecord]:
        """Yield the frames in order."""
        return read_results(self.path)


def shown(frame: FrameRecord) -> tuple[PersonRecord, ...]:
    """Return the people who belong into a picture: a lost person is where the evidence speaks against them."""
    return tuple(person for person in frame.persons if person.state is not PersonState.LOST)


class _Shape:
    """Gathers the runs and the mean shape of a person."""

    def __init__(self) -> None:
        self._runs: list[list[int]] = []
        self._betas, self._count = np.zeros(NUMBER_OF_BETAS), 0

    def add(self, index: int, person: PersonRecord) -> None:
        if self._runs and self._runs[-1][1] == index - 1:
            self._runs[-1][1] = index
        else:
            self._runs.append([index, index])
        self._betas += person.betas
        self._count += 1

    def span(self, track_id: int) -> PersonSpan:
        runs = tuple((first, last) for first, last in self._runs)
        return PersonSpan(track_id, runs, (self._betas / self._count).astype(np.float32))
