"""One video through the pipeline with a given inference client, and what is kept of it for comparison."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker_service.inference.client import InferenceClient
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import load_settings
from tracker_service.types import FrameResult
from tracker_service.types.phalp_vectors import NUMBER_OF_JOINTS
from tracker_service.video.source import Position, open_source
from tracker_service.wiring.run import RunOptions, open_run

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class VideoRun:
    """A finished run.

    Attributes:
        ids: track ids of every frame.
        joints: (m, 45, 3) metres, of all people of all frames, in order.
        seconds: wall time from the first frame asked for to the last one finished.
        stages: busy seconds by stage; stages overlap.
        finished_at: time of each finished frame, seconds since the start.
    """

    ids: tuple[tuple[int, ...], ...]
    joints: NDArray[np.float32]
    seconds: float
    stages: Mapping[str, float]
    finished_at: tuple[float, ...]

    @property
    def fps(self) -> float:
        """Frames a second."""
        return len(self.ids) / self.seconds


def sources() -> dict[str, Path]:
    """Return the videos that are here: the sample, and footage beside the project."""
    known = {
        "sample": PROJECT / "samples" / "snow_promenade.mp4",
        "PETS09-S2L1": PROJECT.parent / "shared" / "data" / "pets09_s2l1.avi",
    }
    return {name: path for name, path in known.items() if path.is_file()}


def run_video(
    client: InferenceClient, source: Path, frames: int | None, on_frame: Callable[[int], None] | None = None
) -> VideoRun:
    """Track the first ``frames`` frames of ``source`` with the default settings.

    Args:
        client: runs the models.
        source: a video file.
        frames: how many; None takes all.
        on_frame: called with the number of frames finished, after each.
    """
    settings, times = load_settings({"render": {"enable": False}}), StageTimes()
    end = None if frames is None else Position(frame=frames)
    results: list[FrameResult] = []
    finished_at: list[float] = []
    with open_source(source, end=end, threads=1) as video:
        started = time.perf_counter()
        run = open_run(RunOptions.of(settings), client, video, video.info.fps, times=times)
        with closing(run):
            for frame in run.frames():
                results.append(frame.result)
                finished_at.append(time.perf_counter() - started)
                if on_frame is not None:
                    on_frame(len(results))
    joints = [person.joints_3d for result in results for person in result.persons]
    return VideoRun(
        ids=tuple(tuple(person.track_id for person in result.persons) for result in results),
        joints=np.array(joints, np.float32).reshape(-1, NUMBER_OF_JOINTS, 3),
        seconds=time.perf_counter() - started,
        stages=times.seconds(),
        finished_at=tuple(finished_at),
    )


def compare(run: VideoRun, reference: VideoRun) -> dict[str, Any]:
    """Return frames lost, whether the ids are identical, and the largest distance of a joint in millimetres."""
    same = run.ids == reference.ids
    worst = float(np.linalg.norm(run.joints - reference.joints, axis=2).max(initial=0.0)) * 1e3 if same else None
    return {
        "frames_lost": len(reference.ids) - len(run.ids),
        "ids_identical": same,
        "worst_joint_mm": worst,
    }
