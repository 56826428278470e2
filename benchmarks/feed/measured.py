"""Tracks a video with recorded answers and says what CPU time the stages took, as one line of JSON.

A process of its own, ``python -m benchmarks.feed.measured VIDEO RECORDINGS REPOSITORY``, so that the path chooses whose
`tracker_service` runs; it uses nothing of it that is new. Figures are CPU milliseconds a frame.
"""

import json
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import av
import cv2

from benchmarks.feed.clients import INFERENCE, RecordedClient
from benchmarks.feed.recordings import Recordings
from tracker_service.pipeline import stage_times
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.process.memory import keep_freed_memory
from tracker_service.results.result_files import ResultFiles, ResultPaths
from tracker_service.settings import load_settings
from tracker_service.video.source import open_source
from tracker_service.wiring.models import open_client
from tracker_service.wiring.run import RunOptions, open_run


def main(video: str, recordings: str, repository: str) -> None:
    """Measure and print."""
    keep_freed_memory()
    cv2.setNumThreads(1)
    # Stages in threads of their own: what the others do meanwhile is not theirs.
    vars(stage_times)["time"] = SimpleNamespace(perf_counter=time.thread_time)
    figures = tracked(video, Path(recordings), repository)
    figures["bare decoder"] = bare_decoder(video)
    sys.stdout.write(json.dumps(figures) + "\n")


def tracked(video: str, recordings: Path, repository: str) -> dict[str, float]:
    """Return CPU milliseconds a frame by stage, all others as "others", their sum as "all", and people a frame."""
    settings = load_settings({"render": {"enable": False}, "inference": {"repository": repository}})
    times, frames, people = StageTimes(), 0, 0
    client = RecordedClient(open_client(settings), Recordings.load(recordings), times)
    options = RunOptions.of(settings)
    with closing(client), open_source(video, threads=1) as source, tempfile.TemporaryDirectory() as folder:
        paths = ResultPaths.of_run(Path(folder))
        run = open_run(options, client, source, source.info.fps, times=times)
        started = time.process_time()
        with (
            closing(run),
            ResultFiles(paths, frame_path=str, overlay_rate=25.0, constant_rate=False, mesh=None) as files,
        ):
            for item in run.frames():
                with times.measure("results"):
                    files.write(item.result)
                frames, people = frames + 1, people + len(item.result.persons)
        total = time.process_time() - started
    stages = {stage: 1000 * seconds / frames for stage, seconds in times.seconds().items()}
    everything = 1000 * total / frames - stages.pop(INFERENCE)
    return {**stages, "others": everything - sum(stages.values()), "all": everything, "people": people / frames}


def bare_decoder(video: str) -> float:
    """Return the CPU milliseconds a frame of decoding alone, with one thread and no conversion."""
    with av.open(video) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        started, frames = time.process_time(), sum(1 for _ in container.decode(stream))
        return 1000 * (time.process_time() - started) / frames


if __name__ == "__main__":
    main(*sys.argv[1:])
