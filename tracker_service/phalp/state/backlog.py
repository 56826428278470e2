"""Records of unconfirmed tracks, held until it is known whether the track is a person (back-fill)."""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import PersonState, TrackedPerson


class Backlog:
    """What each tentative track would have said, in order of frames.

    Per track wait fewer than ``n_init`` sightings and the misses between them, so memory is bounded.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, list[TrackedPerson]] = {}

    def settle(self, record: TrackedPerson, *, confirmed: bool, hits: int) -> list[TrackedPerson]:  # noqa: ARG002
        """Take in a track's record of the current frame and return what is certain now, this record first.

        Args:
            record: the current frame's record.
            confirmed: whether its track is confirmed.
            hits: sightings of the track so far.
        """
        if confirmed:
            return [record, *self._waiting.pop(record.track_id, ())]
        self._waiting.setdefault(record.track_id, []).append(record)
        return []

    def note_frame(self, frame_number: int) -> None:
        """Be told of a frame in which a track exists, before its records."""

    def keep_only(self, track_ids: Iterable[int]) -> None:
        """Forget the records of all other tracks."""
        living = set(track_ids)
        self._waiting = {track_id: held for track_id, held in self._waiting.items() if track_id in living}

    @property
    def oldest(self) -> int | None:
        """Earliest frame that may still get a record; None if none may."""
        return min((held[0].frame_number for held in self._waiting.values()), default=None)

    @property
    def records(self) -> list[TrackedPerson]:
        """Everything that waits."""
        return [record for held in self._waiting.values() for record in held]

    @property
    def frames(self) -> list[int]:
        """Frames it has to remember."""
        return []

    def resume(self, records: Iterable[TrackedPerson], frames: Iterable[int]) -> None:
        """Take over what another backlog held: its `records` and `frames`."""
        for record in records:
            self._waiting.setdefault(record.track_id, []).append(record)
        for frame_number in frames:
            self.note_frame(frame_number)


class LiveBacklog(Backlog):
    """No back-fill: a live answer has been given before the next frame is known, so every record is said at once."""

    def settle(self, record: TrackedPerson, *, confirmed: bool, hits: int) -> list[TrackedPerson]:  # noqa: ARG002
        """Return the record; see `Backlog.settle`."""
        return [record]


class UpstreamBacklog(Backlog):
    """Back-fill as PHALP does it: on the n_init-th hit the sightings before it are written into the frames before it.

    A track that was confirmed earlier (annotated) has then been recorded already, and sightings before a gap end up in
    frames they do not belong to (phalp.md section 19, row 9).
    """

    def __init__(self, n_init: int) -> None:
        super().__init__()
        self._n_init = n_init
        self._frames: deque[int] = deque(maxlen=n_init)

    def settle(self, record: TrackedPerson, *, confirmed: bool, hits: int) -> list[TrackedPerson]:
        """See `Backlog.settle`."""
        certain = [record] if confirmed else []
        if record.state is PersonState.SEEN and hits < self._n_init:
            self._waiting.setdefault(record.track_id, []).append(record)
        elif record.state is PersonState.SEEN and hits == self._n_init:
            earlier = self._waiting.pop(record.track_id, [])[::-1]
            frames = self.frames[-2::-1]
            certain += [replace(seen, frame_number=frame) for seen, frame in zip(earlier, frames, strict=False)]
        return certain

    def note_frame(self, frame_number: int) -> None:
        """See `Backlog.note_frame`."""
        self._frames.append(frame_number)

    @property
    def frames(self) -> list[int]:
        """The last ``n_init`` frames in which a track existed."""
        return list(self._frames)


def backlog_for(parameters: TrackerParameters) -> Backlog:
    """Return the backlog that goes with the parameters."""
    if parameters.live:
        return LiveBacklog()
    return UpstreamBacklog(parameters.n_init) if parameters.upstream else Backlog()
