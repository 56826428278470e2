"""Tracks the beginning of a video and writes down whom it found, for the comparison of two trees.

A process of its own, ``python -m benchmarks.feed.results_of VIDEO FRAMES REPOSITORY TARGET``, so that the path chooses
whose `tracker_service` runs.
"""

import sys
from contextlib import closing

import numpy as np

from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import load_settings
from tracker_service.types import PersonState
from tracker_service.video.source import Position, open_source
from tracker_service.wiring.models import open_client
from tracker_service.wiring.run import RunOptions, open_run


def main(video: str, frames: str, repository: str, target: str) -> None:
    """Track and write."""
    settings = load_settings({"render": {"enable": False}, "inference": {"repository": repository}})
    rows, boxes, joints = [], [], []
    with closing(open_client(settings)) as client, open_source(video, end=Position(frame=int(frames))) as source:
        run = open_run(RunOptions.of(settings), client, source, source.info.fps, times=StageTimes())
        with closing(run):
            for item in run.frames():
                for person in item.result.persons:
                    if person.state is PersonState.SEEN:
                        rows.append((person.frame_number, person.track_id))
                        boxes.append(person.box)
                        joints.append(person.joints_3d)
    np.savez(target, rows=np.array(rows), boxes=np.array(boxes), joints=np.array(joints))


if __name__ == "__main__":
    main(*sys.argv[1:])
