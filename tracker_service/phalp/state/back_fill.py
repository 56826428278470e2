"""Records of tentative tracks, held until the track is confirmed (back-fill) or ends."""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import PersonState, TrackedPerson


class BackFill:
    """The records of each tentative track, in order of frames.

    Of each track fewer than ``n_init`` sightings and the misses between them are held, so memory is bounded.
    """

    def __init__(self) -> None:
        self._held: dict[int, list[TrackedPerson]] = {}

    def add(self, record: TrackedPerson, *, confirmed: bool, hits: int) -> list[TrackedPerson]:  # noqa: ARG002
        """Take a track's record of the current frame and return what is to be reported now, this record first.

        Args:
            record: the current frame's record.
            confirmed: whether its track is confirmed.
            hits: sightings of the track so far.
        """
        if confirmed:
            return [record, *self._held.pop(record.track_id, ())]
        self._held.setdefault(record.track_id, []).append(record)
        return []

    def note_frame(self, frame_number: int) -> None:
        """Be told of a frame in which a track exists, before its records."""

    def take(self, track_ids: Iterable[int]) -> list[TrackedPerson]:
        """Return the records of some tracks, track by track, and forget them."""
        return [record for track_id in track_ids for record in self._held.pop(track_id, ())]

    def keep_only(self, track_ids: Iterable[int]) -> None:
        """Forget the records of all other tracks."""
        kept = set(track_ids)
        self._held = {track_id: held for track_id, held in self._held.items() if track_id in kept}

    @property
    def oldest(self) -> int | None:
        """Earliest frame that may still get a record; None if none may."""
        return min((held[0].frame_number for held in self._held.values()), default=None)

    @property
    def records(self) -> list[TrackedPerson]:
        """All records that are held."""
        return [record for held in self._held.values() for record in held]

    @property
    def frames(self) -> list[int]:
        """Frames it has to remember."""
        return []

    def restore(self, records: Iterable[TrackedPerson], frames: Iterable[int]) -> None:
        """Take over what another one held: its `records` and `frames`."""
        for record in records:
            self._held.setdefault(record.track_id, []).append(record)
        for frame_number in frames:
            self.note_frame(frame_number)


class NoBackFill(BackFill):
    """A live answer is given before the next frame is known, so every record is reported at once."""

    def add(self, record: TrackedPerson, *, confirmed: bool, hits: int) -> list[TrackedPerson]:  # noqa: ARG002
        """Return the record; see `BackFill.add`."""
        return [record]


class UpstreamBackFill(BackFill):
    """Back-fill as PHALP does it: on the n_init-th hit the sightings before it are written into the frames before it.

    A track that was confirmed earlier (annotated) has then been recorded already, and sightings before a gap end up in
    frames they do not belong to (upstream: ``phalp/trackers/PHALP.py``, where ``hits == n_init``).
    """

    def __init__(self, n_init: int) -> None:
        super().__init__()
        self._n_init = n_init
        self._frames: deque[int] = deque(maxlen=n_init)

    def add(self, record: TrackedPerson, *, confirmed: bool, hits: int) -> list[TrackedPerson]:
        """See `BackFill.add`."""
        reported = [record] if confirmed else []
        if record.state is PersonState.SEEN and hits < self._n_init:
            self._held.setdefault(record.track_id, []).append(record)
        elif record.state is PersonState.SEEN and hits == self._n_init:
            earlier = self._held.pop(record.track_id, [])[::-1]
            frames = self.frames[-2::-1]
            reported += [replace(seen, frame_number=frame) for seen, frame in zip(earlier, frames, strict=False)]
        return reported

    def note_frame(self, frame_number: int) -> None:
        """See `BackFill.note_frame`."""
        self._frames.append(frame_number)

    @property
    def frames(self) -> list[int]:
        """The last ``n_init`` frames in which a track existed."""
        return list(self._frames)


def back_fill_for(parameters: TrackerParameters) -> BackFill:
    """Return the back-fill that goes with the parameters."""
    if parameters.live:
        return NoBackFill()
    return UpstreamBackFill(parameters.n_init) if parameters.upstream else BackFill()
