"""docs/explain.md shows what `explain` says of the sample, which is what `track` reports of it in every frame."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tracker_service.command_line.text.explanation import tables
from tracker_service.phalp.explain import NOT_REPORTED, Outcome
from tracker_service.phalp.tracker import Tracker
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import load_settings
from tracker_service.types import FrameResult, PersonState
from tracker_service.wiring.explain import ExplainedFrame
from tracker_service.wiring.models import open_client
from tracker_service.wiring.run import RunOptions, open_run
from tracker_service.wiring.track import open_sized_video

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "snow_promenade.mp4"
PAGE = (ROOT / "docs" / "explain.md").read_text()
DOCUMENTED_FRAME = 23
FRAMES = 28
"""In the last of them person 1, hidden since frame 19, counts as lost."""
STATES = {
    Outcome.CONTINUED: PersonState.SEEN,
    Outcome.NEW: PersonState.SEEN,
    Outcome.PREDICTED: PersonState.PREDICTED,
    Outcome.LOST: PersonState.LOST,
}


@dataclass(frozen=True, slots=True)
class Tracked:
    """The frames of one run: explained, and as reported."""

    explained: list[ExplainedFrame]
    reported: list[FrameResult]


@pytest.fixture(scope="module")
def tracked() -> Tracked:
    explained: list[ExplainedFrame] = []

    def note(seen: FrameObservation, tracker: Tracker) -> None:
        explained.append(ExplainedFrame.of(seen, tracker))

    settings = load_settings({"video": {"end_frame": FRAMES}, "render": {"enable": False}})
    with closing(open_client(settings)) as client, open_sized_video(settings, str(SAMPLE), client) as (video, settings):
        options = RunOptions.of(settings)
        with closing(open_run(options, client, video, video.info.fps, times=StageTimes(), on_update=note)) as run:
            reported = [frame.result for frame in run.frames()]
    return Tracked(explained, reported)


def test_the_example_is_what_the_command_prints(tracked: Tracked) -> None:
    shown = re.search(rf"snow_promenade.mp4 --frame {DOCUMENTED_FRAME}`.*?```\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    printed = StringIO()
    console = Console(file=printed, width=max(map(len, shown[1].splitlines())))
    frame = tracked.explained[DOCUMENTED_FRAME]
    for table in tables(frame.observed, frame.found, frame.explanation):
        console.print(table)
    documented, now = list(_words(shown[1])), list(_words(printed.getvalue()))
    assert [word for word in documented if isinstance(word, str)] == [word for word in now if isinstance(word, str)]
    numbers = [word for word in now if isinstance(word, float)]
    # Another processor rounds otherwise, and the factor of the location is an exponential.
    assert [word for word in documented if isinstance(word, float)] == pytest.approx(numbers, rel=0.1, abs=0.02)


def test_what_is_said_of_each_track_is_what_is_reported(tracked: Tracked) -> None:
    people = [{person.track_id: person.state for person in frame.persons} for frame in tracked.reported]
    known = {track_id for frame in people for track_id in frame}
    seen_outcomes = set()
    for frame, reported in zip(tracked.explained, people, strict=True):
        said = {
            track.track_id: STATES[track.outcome]
            for track in frame.explanation.tracks
            if track.track_id in known and track.outcome in STATES and NOT_REPORTED not in track.reason
        }
        seen_outcomes |= {track.outcome for track in frame.explanation.tracks}
        lost = [track_id for track_id, state in said.items() if state is PersonState.LOST]
        assert reported == {track_id: state for track_id, state in said.items() if track_id not in lost}
    assert seen_outcomes == STATES.keys()


def test_every_detection_that_reached_the_tracker_is_named_once(tracked: Tracked) -> None:
    for frame in tracked.explained:
        observed, explanation = frame.observed, frame.explanation
        low = 0 if observed.low_score is None else len(observed.low_score)
        named = [track.detection for track in explanation.tracks if track.detection is not None]
        named += [unused.detection for unused in explanation.unused]
        assert sorted(named) == list(range(len(observed.people) + low + len(frame.found)))


def _words(text: str) -> Iterator[str | float]:
    """Yield the words and numbers of tables, without the detections of low score, whose order means nothing."""
    for line in text.splitlines():
        if "low score" in line:
            continue
        for word in re.findall(r"[^\s\u2500-\u257f]+", line):
            try:
                yield float(word.rstrip(",;"))
            except ValueError:
                yield word
