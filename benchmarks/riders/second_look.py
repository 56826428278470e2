"""What a second look is worth: ``python -m benchmarks.riders.second_look FOLDER [--json FILE]``.

The detector looks at every frame of FOLDER's clips once; then the same people are tracked without a second look, with
one by the detector, and with one by the finder. Last, the finder stands in for the detector.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.riders.labels import Clip, read_clips
from benchmarks.riders.scores import ClipScore, score_clip, total
from harness.tables import Report, add_json_option
from tracker_service.camera.follower import CameraFollower
from tracker_service.inference.client import InferenceClient
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.recorder import Recorder, TrackedFrame
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.tracking import track_frames
from tracker_service.settings import Settings, load_settings
from tracker_service.video.source import open_source
from tracker_service.wiring.models import load_body, models_of, open_client
from tracker_service.wiring.second_look import open_second_look
from tracker_service.wiring.tracker import TrackerFactory

_ALONE = {"low_th_c": 0.1, "second_pass_th": 0.05}
"""Gates for the finder as the detector: its scores are lower."""
_COLUMNS = {
    "way": "who looks",
    "seen": "share seen",
    "ways": "rider found by",
    "rider_identities": "ids of the riders",
    "others_seen": "seen off the rider, a frame",
    "others_predicted": "predicted off the rider, a frame",
}
_TIMES = {
    "way": "who looks",
    "frames": "frames",
    "looks": "of them looked at again",
    "look": "a look / detection in a frame",
    "share": "all looks / all detection",
}


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to look: its name, its settings, and whether the finder stands in for the detector."""

    name: str
    settings: Mapping[str, Any]
    finder_alone: bool = False


_WAYS = (
    _Way("detector alone", {"second_look": {"enable": False}}),
    _Way("detector, again on cut-outs", {"second_look": {"by": "detector"}}),
    _Way("detector, finder on upright cut-outs", {"second_look": {"by": "finder", "turned": False}}),
    _Way("detector, finder on cut-outs", {"second_look": {"by": "finder"}}),
    _Way("finder alone", {"second_look": {"enable": False}, "phalp": _ALONE}, finder_alone=True),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="clips and their labels.json")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    clips = read_clips(options.folder)
    if not clips:
        print(f"skipped: expected clips and their labels.json in {options.folder}, found none")
        return
    with closing(open_client(load_settings())) as client:
        rows = list(_rows(client, clips))
    report = Report("benchmarks.riders.second_look", options.json, arguments)
    report.add("ways", "Riders by who looks for them, in the labelled frames", _COLUMNS, rows)
    report.add("times", "What second looks cost, in units of the detector's time", _TIMES, rows)


def _rows(client: InferenceClient, clips: Sequence[Clip]) -> Iterator[dict[str, Any]]:
    observed: dict[bool, list[list[FrameObservation]]] = {}
    times = {alone: StageTimes() for alone in (False, True)}
    for way in _WAYS:
        settings, alone = load_settings(way.settings), way.finder_alone
        perception = _perception(settings, client, times[alone], finder_alone=alone)
        if alone not in observed:
            observed[alone] = [_observed(clip, perception) for clip in clips]
        scores, looks = list[ClipScore](), list[float]()
        for clip, frames in zip(clips, observed[alone], strict=True):
            tracked = _tracked(settings, client, frames, perception, looks)
            scores.append(score_clip(clip, (frame.result for frame in tracked)))
        whole, detection = total(scores), times[alone].seconds()["detection"]
        yield {
            **whole.found_row(),
            **whole.others_row(),
            "way": way.name,
            "looks": len(looks),
            "look": sum(looks) / len(looks) / (detection / whole.frames) if looks else None,
            "share": sum(looks) / detection,
        }


def _perception(settings: Settings, client: InferenceClient, times: StageTimes, *, finder_alone: bool) -> Perception:
    models = models_of(settings)
    if finder_alone:
        models = replace(models, detector="person_finder")
    return Perception(client, models, settings.phalp, times=times, second_look=True, follow_camera=True)


def _observed(clip: Clip, perception: Perception) -> list[FrameObservation]:
    with open_source(clip.video) as video:
        return [perception.observe([frame])[0] for frame in video]


def _tracked(
    settings: Settings,
    client: InferenceClient,
    frames: Sequence[FrameObservation],
    perception: Perception,
    looks: list[float],
) -> Iterator[TrackedFrame]:
    """Track the people of a clip; the seconds of every second look go to ``looks``."""
    tracker, second_look = TrackerFactory(settings, client, load_body(settings)).new(), None
    if settings.second_look.enable:
        second_look = open_second_look(
            settings, client, perception, StageTimes(lambda _, seconds: looks.append(seconds))
        )
    observations = (frame for frame in frames)
    tracked = track_frames(observations, tracker, CameraFollower(), Recorder(), StageTimes(), second_look=second_look)
    return (item for item in tracked if isinstance(item, TrackedFrame))


if __name__ == "__main__":
    main()
