"""Runs of the command line with the full model set."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import orjson

from harness.command_line import CommandLine

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "samples" / "snow_promenade.mp4"
FRAMES = {"APL": 12, "TPL": 8}
"""By `phalp.predict`: texture maps take longer."""
# The reduced set finds people with the lite detector, whose scores are lower than those the full set's gates suit.
GATES = ("phalp.low_th_c=0.3", "phalp.small_w=0", "phalp.small_h=0", "phalp.n_init=3")


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left behind.

    Attributes:
        status: exit status.
        error: what it printed on stderr.
        frames: content of `results.ndjson`.
        tracks: content of `tracks.pkl`, one entry a frame.
        summary: content of `summary.json`.
    """

    status: int
    error: str
    frames: list[dict[str, Any]]
    tracks: list[dict[str, Any]]
    summary: dict[str, Any]

    @property
    def ids(self) -> list[list[int]]:
        """Track ids of every frame."""
        return [frame["tid"] for frame in self.tracks]


def track(
    command_line: CommandLine, repository: Path, folder: Path, *arguments: str, frames: int = 8, model_set: str = "full"
) -> Run:
    """Track the first frames of the sample."""
    options = ("--model-set", model_set, "--end", frames, "--no-overlay", f"inference.repository={repository}")
    done = command_line("track", SAMPLE, "--out", folder, *options, *arguments)
    if done.returncode:
        return Run(done.returncode, done.stderr, [], [], {})
    return Run(
        0,
        done.stderr,
        [orjson.loads(line) for line in (folder / "results.ndjson").read_bytes().splitlines()],
        list(joblib.load(folder / "tracks.pkl").values()),
        orjson.loads((folder / "summary.json").read_bytes()),
    )
