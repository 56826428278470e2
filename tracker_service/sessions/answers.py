"""The answers of one video that are kept, for retries and as neighbours of late frames."""

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from tracker_service.phalp.state.snapshot import with_prefix, without_prefix
from tracker_service.pipeline.border_file import pack_frames, unpack_frames
from tracker_service.sessions.frame import FrameAnswer
from tracker_service.sessions.number_ranges import NumberRanges
from tracker_service.types import UInt8

_NOBODY = 0
"""Stands for the main person's identity where there is none; identities begin at 1."""

_PEOPLE_PER_ANSWER = 4
"""People that answers are expected to hold on average. Raising it keeps more answers of crowded videos, at about 4 kB
a person."""


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """An answer, and the hash and thumbnail of the image it was given for."""

    answer: FrameAnswer
    digest: bytes
    thumbnail: UInt8 | None = None


class RecordedAnswers:
    """The last ``history`` answers, by frame number; which numbers were answered is remembered for longer.

    Of videos with many people fewer answers are kept, so that memory stays bounded.
    """

    def __init__(self, history: int) -> None:
        self._history = history
        self._most_people = _PEOPLE_PER_ANSWER * history
        self._people = 0
        self._records: dict[int, RecordedAnswer] = {}
        self._numbers: list[int] = []
        self._answered = NumberRanges()

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, number: int) -> bool:
        """Whether a frame was answered, even if the answer is no longer kept."""
        return number in self._answered or number in self._records

    def get(self, number: int) -> RecordedAnswer | None:
        """Return the answer to a frame if it is still kept."""
        return self._records.get(number)

    @property
    def thumbnails(self) -> list[UInt8]:
        """The thumbnails of the kept answers' images."""
        return [record.thumbnail for record in self._records.values() if record.thumbnail is not None]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as named arrays."""
        records = list(self._records.values())
        rows = [
            (answer.main.track_id if answer.main else _NOBODY, answer.detected, answer.late, answer.expected)
            for answer in (record.answer for record in records)
        ]
        digests = [record.digest.hex() for record in records]
        return {
            **with_prefix("results", pack_frames([record.answer.result for record in records])),
            "answers": np.array(rows, np.int64).reshape(-1, 4),
            "digests": np.frombuffer(orjson.dumps(digests), np.uint8),
            "thumbnails": np.array(self.thumbnails, np.uint8),
            "ranges": np.array(self._answered.ranges, np.int64),
        }

    def restore(self, session: str, video: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what another one's `arrays` returned, as answers of a session's video."""
        results, rows = unpack_frames(without_prefix("results", arrays)), arrays["answers"].tolist()
        digests, looks = orjson.loads(arrays["digests"].tobytes()), arrays["thumbnails"]
        for row, (result, values, digest) in enumerate(zip(results, rows, digests, strict=True)):
            main = next((person for person in result.persons if person.track_id == values[0]), None)
            answer = FrameAnswer(session, video, result, main, int(values[1]), bool(values[2]), bool(values[3]))
            self.add(answer, bytes.fromhex(digest), looks[row] if len(looks) else None)
        self._answered = NumberRanges()
        self._answered.restore((start, end) for start, end in arrays["ranges"].reshape(-1, 2).tolist())

    def add(self, answer: FrameAnswer, digest: bytes, thumbnail: UInt8 | None = None) -> None:
        """Keep an answer; the oldest ones go."""
        number = answer.result.frame_number
        self._records[number] = RecordedAnswer(answer, digest, thumbnail)
        self._answered.add(number)
        insort(self._numbers, number)
        self._people += len(answer.result.persons)
        while len(self._records) > self._history or (self._people > self._most_people and len(self._records) > 1):
            self._forget_oldest()

    def around(self, number: int, reach: int) -> tuple[list[FrameAnswer], list[FrameAnswer]]:
        """Return the kept answers up to ``reach`` frames before and after a frame that has none, the nearest first."""
        start, middle, end = (bisect_left(self._numbers, at) for at in (number - reach, number, number + reach + 1))
        before = [self._records[near].answer for near in self._numbers[start:middle][::-1]]
        after = [self._records[near].answer for near in self._numbers[middle:end]]
        return before, after

    def nearest(self, number: int) -> FrameAnswer | None:
        """Return the kept answer whose frame is nearest."""
        row = bisect_left(self._numbers, number)
        near = min(self._numbers[max(row - 1, 0) : row + 1], key=lambda other: abs(other - number), default=None)
        return None if near is None else self._records[near].answer

    def _forget_oldest(self) -> None:
        oldest = next(iter(self._records))
        self._people -= len(self._records.pop(oldest).answer.result.persons)
        del self._numbers[bisect_left(self._numbers, oldest)]
