"""The tracker of one video of a session, the people it has seen, and the answers given so far."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker_service.body.model import BodyModel
from tracker_service.camera.follower import CameraFollower
from tracker_service.camera.world.world_follower import WorldFollower
from tracker_service.phalp.reporting import live_people
from tracker_service.phalp.state.snapshot import with_prefix, without_prefix
from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.camera_motion import with_camera_motion
from tracker_service.pipeline.observation import FrameObservation, SecondLook
from tracker_service.pipeline.seen_focal import SeenFocal
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.state_arrays import tracker_arrays
from tracker_service.pipeline.tracking import associate_observed
from tracker_service.quality.judge import QualityJudge, judged
from tracker_service.quality.quality_parameters import QualityParameters
from tracker_service.sessions.answers import RecordedAnswers
from tracker_service.sessions.frame import FrameAnswer
from tracker_service.sessions.late_frames import LateFrames
from tracker_service.sessions.person_memory import PersonMemory
from tracker_service.types import FrameResult, PersonState, TrackedPerson, UInt8
from tracker_service.types.calibration import FocalLength

_NONE = -1
_FOCAL = "fields_of_view"
WORLD = "world"
"""Prefix of the arrays that say where people were in the world."""
_IDENTITIES_SKIPPED = 100
_NO_APPEARANCE = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class VideoName:
    """Which video of which session."""

    session: str
    video: int


class VideoTracker:
    """Answers the frames of one video, one after another, with the people in it.

    Frames after the last one go to the tracker; frames before it are late and do not change its state (see
    `LateFrames`). `answer` may run in any thread, but in one at a time and not together with `record`.

    Memory: ``history`` answers with four people each on average, about 4 kB a person, the tracker's living tracks, and
    128 appearance vectors.

    Args:
        name: its session and number.
        tracker: a live one in its initial state.
        body: computes the joints of people predicted in late frames; without it they keep those last observed.
        history: answers kept.
        times: counts the busy seconds of association.
        second_look: looks again for people who were missed, None for not; in frames that come in order only.
        quality: from where poses are doubtful; None for the defaults.
        world: places the people of frames that come in order in the world; None places nobody.
    """

    def __init__(
        self,
        name: VideoName,
        tracker: Tracker,
        body: BodyModel | None,
        history: int,
        times: StageTimes | None = None,
        second_look: SecondLook | None = None,
        quality: QualityParameters | None = None,
        world: WorldFollower | None = None,
    ) -> None:
        self.answers = RecordedAnswers(history)
        self._name = name
        self._parameters = tracker.parameters
        self._tracker = tracker
        self._camera = CameraFollower()
        self._focal = SeenFocal()
        self._memory = PersonMemory()
        self._late = LateFrames(tracker.parameters, body, self.answers, self._memory, tracker.new_identity)
        self._second_look = second_look
        self._times = StageTimes() if times is None else times
        self._quality = quality or QualityParameters()
        self._judge = QualityJudge(self._quality)
        self._world = world
        self._names: dict[int, int] = {}
        self._last: int | None = None
        self._first_sighting: int | None = None
        self._main: int | None = None

    @property
    def tracks_live(self) -> int:
        """Living tracks, seen or not."""
        return len(self._tracker.tracks)

    @property
    def focal(self) -> FocalLength | None:
        """The focal length of its camera, once a model has seen it in enough frames."""
        return self._focal.settled

    @property
    def last(self) -> int | None:
        """The highest number that was associated; None before the first."""
        return self._last

    def answer(self, seen: FrameObservation) -> FrameAnswer:
        """Return the answer to a frame that has none yet; pass it to `record` then."""
        seen = self._focal.calibrated(seen)
        if not self._is_late(seen.frame_number):
            seen = with_camera_motion(seen, self._camera, self._times)
        with self._times.measure("association"):
            return self._associated(seen)

    def record(self, answer: FrameAnswer, digest: bytes, thumbnail: UInt8 | None = None) -> None:
        """Keep an answer, and the hash and thumbnail of the image it was given for; the oldest answer goes."""
        self.answers.add(answer, digest, thumbnail)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the whole state as named arrays; how the camera moved in the last frame is not in it."""
        numbers = (self._last, self._first_sighting, self._main)
        return {
            "names": np.array(list(self._names.items()), np.int64),
            _FOCAL: self._focal.array(),
            "numbers": np.array([_NONE if number is None else number for number in numbers], np.int64),
            **with_prefix("state", tracker_arrays(self._tracker.snapshot())),
            **with_prefix("memory", self._memory.arrays()),
            **with_prefix("late", self._late.arrays()),
            **with_prefix("answers", self.answers.arrays()),
            **with_prefix(WORLD, {} if self._world is None else self._world.state),
        }

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what another one's `arrays` returned, beside the state of its tracker."""
        self._names = dict(arrays["names"].reshape(-1, 2).tolist())
        numbers = [None if number == _NONE else number for number in arrays["numbers"].tolist()]
        self._last, self._first_sighting, self._main = numbers
        self._focal.restore(arrays.get(_FOCAL, ()))  # files of earlier versions have none
        self._memory.restore(without_prefix("memory", arrays))
        self._late.restore(without_prefix("late", arrays))
        self.answers.restore(self._name.session, self._name.video, without_prefix("answers", arrays))

    def skip_identities(self) -> None:
        """Go on with the next hundred of track ids: some may have been given away since the state was saved."""
        while self._tracker.new_identity() % _IDENTITIES_SKIPPED:
            pass

    def _is_late(self, number: int) -> bool:
        return self._last is not None and number <= self._last

    def _associated(self, seen: FrameObservation) -> FrameAnswer:
        number, frame_size = seen.frame_number, (seen.result.width, seen.result.height)
        late = self._is_late(number)
        if late:
            people, current = self._late_people(seen, frame_size)
        else:
            people, current = self._next_people(seen, frame_size), self._main
        main = self._memory.main(people, current)
        if not late and main is not None:
            self._main = main.track_id
        return self._answer(seen, people, main, late=late)

    def _next_people(self, seen: FrameObservation, frame_size: tuple[int, int]) -> list[TrackedPerson]:
        """Let the tracker associate the frame."""
        number = seen.frame_number
        before = set(self._tracker.tracks.track_id.tolist())
        _, people = associate_observed(self._tracker, seen, self._second_look)
        self._last = number
        newcomers = [person for person in people if person.track_id not in before]
        names, missed = self._late.match_newcomers(newcomers, number, frame_size)
        self._names = {
            track_id: self._names.get(track_id) or names.get(track_id, track_id)
            for track_id in self._tracker.tracks.track_id.tolist()
        }
        named = [
            person if (name := self._names[person.track_id]) == person.track_id else replace(person, track_id=name)
            for person in people
        ]
        self._remember(named, number, frame_size)
        return self._reported([*named, *missed], frame_size) if missed else named

    def _late_people(
        self, seen: FrameObservation, frame_size: tuple[int, int]
    ) -> tuple[list[TrackedPerson], int | None]:
        """Answer from the frame's own detections and its neighbours; also return the neighbouring main person."""
        people = self._late.people(seen.people, seen.frame_number, frame_size)
        self._remember(people, seen.frame_number, frame_size)
        nearest = self.answers.nearest(seen.frame_number)
        current = None if nearest is None or nearest.main is None else nearest.main.track_id
        return self._reported(people, frame_size), current

    def _reported(self, people: list[TrackedPerson], frame_size: tuple[int, int]) -> list[TrackedPerson]:
        """Return the people to report, by the tracker's own rule, where they do not all come from the tracker."""
        parameters = self._parameters
        reported = live_people(
            people,
            {one.track_id for one in people if self._memory.sightings(one.track_id) >= parameters.n_init},
            frame_size,
            least_visible=parameters.least_visible,
            tentative_misses=parameters.tentative_misses,
        )
        return sorted(reported, key=lambda person: person.track_id)

    def _remember(self, people: list[TrackedPerson], number: int, size: tuple[int, int]) -> None:
        seen = [person for person in people if person.state is PersonState.SEEN]
        for person in seen:
            self._memory.update(person, size)
        if seen:
            self._first_sighting = number if self._first_sighting is None else min(self._first_sighting, number)

    def _placed(self, result: FrameResult) -> FrameResult:
        if self._world is None:
            return result
        with self._times.measure("world"):
            return self._world.follow(result)

    def _answer(
        self, seen: FrameObservation, people: list[TrackedPerson], main: TrackedPerson | None, *, late: bool
    ) -> FrameAnswer:
        result = replace(seen.result, persons=tuple(people))
        result = judged(result, (), self._quality) if late else self._placed(self._judge.judge(result))
        persons = tuple(replace(person, appearance=_NO_APPEARANCE) for person in result.persons)
        return FrameAnswer(
            session=self._name.session,
            video=self._name.video,
            result=replace(result, persons=persons),
            main=None if main is None else next(person for person in persons if person.track_id == main.track_id),
            detected=sum(person.state is PersonState.SEEN for person in people),
            late=late,
            expected=self._first_sighting is not None and self._first_sighting <= seen.frame_number,
        )
