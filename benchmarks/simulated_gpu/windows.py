"""What larger windows cost: ``python -m benchmarks.simulated_gpu.windows [--card L4] [--json FILE]``.

One 1080p video with three people on a simulated card behind a real server, in the profile for a GPU with another number
of frames in a batch.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.feed.clip import full_hd
from benchmarks.simulated_gpu.serving import serving
from benchmarks.simulated_gpu.stand_ins import record_full
from benchmarks.simulated_gpu.tracker import Job
from benchmarks.simulated_gpu.trackers import body_repository, run_trackers
from harness.tables import Report, add_json_option


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--card", default="L4", help="name in cards.json")
    parser.add_argument("--frames", type=int, default=100, help="of the file")
    parser.add_argument("--rounds", type=int, default=4, help="how often the video plays the file, without a break")
    parser.add_argument("--windows", type=int, nargs="+", default=[4, 16, 64, 128], help="frames of a batch")
    add_json_option(parser)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that server and tracker end too
    rows = []
    with tempfile.TemporaryDirectory(prefix="phalp-simulated-") as name:
        folder = Path(name)
        repository = body_repository(folder / "models")
        video = full_hd(folder / "full_hd.mp4", options.frames)
        recordings = record_full(video, repository, folder / "answers.npz")
        for window in options.windows:
            with serving(options.card, recordings) as served:
                places = served.server.url, options.card, str(served.card_folder), str(recordings)
                job = Job(str(video), 1, options.rounds, str(repository), *places, window)
                (said,), _ = run_trackers(job, 1)
            rows.append({"window": window, **said})
    Report("benchmarks.simulated_gpu.windows", options.json).add(
        "windows",
        f"Memory and delay of larger windows on a simulated {options.card}",
        {
            "window": "frames of a window",
            "read_before_first": "frames read before the first result",
            "most_mib": "tracker, most MiB",
            "shared_mib": "of it shared with the server, MiB",
        },
        rows,
    )


if __name__ == "__main__":
    main()
