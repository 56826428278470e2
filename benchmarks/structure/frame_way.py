"""The way of a frame: which functions of ours it passes, told by tracking twice under a profiler."""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from harness.clips import SAMPLE

PROFILER = Path(__file__).with_name("call_profile.py")


@dataclass(frozen=True, slots=True)
class FrameWay:
    """What a frame passes.

    Attributes:
        functions: different functions, by file and name.
        files: that they are in.
        calls: of our functions, a frame.
        deepest: the deepest stack of our functions on its way, outermost first.
    """

    functions: int
    files: int
    calls: float
    deepest: tuple[str, ...]


def profile(root: Path, frames: int) -> FrameWay:
    """Track ``frames`` and twice as many frames of the sample with the code of a checkout; see `call_profile.py`."""
    with tempfile.TemporaryDirectory() as folder:
        counted = []
        for number in (frames, 2 * frames):
            target = Path(folder) / f"{number}.json"
            arguments = ["track", str(SAMPLE), "--out", str(Path(folder) / str(number)), "--end", str(number)]
            command = [sys.executable, str(PROFILER), str(target), *arguments, "--no-overlay"]
            subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)
            counted.append(orjson.loads(target.read_bytes()))
    return frame_way(counted[0], counted[1], frames)


def frame_way(shorter: dict[str, Any], longer: dict[str, Any], frames: int) -> FrameWay:
    """Return what ``frames`` more frames have added to a run: start and end are in both.

    Args:
        shorter: calls and deepest stack by function, of a run.
        longer: likewise, of a run with ``frames`` more frames.
        frames: their number.
    """
    more = {name: calls - shorter["calls"].get(name, 0) for name, calls in longer["calls"].items()}
    passed = [name for name, calls in more.items() if calls >= frames]
    stacks: list[list[str]] = [longer["stacks"][name] for name in passed]
    deepest = max(stacks, key=len)
    return FrameWay(
        functions=len(passed),
        files=len({name.partition(":")[0] for name in passed}),
        calls=sum(more.values()) / frames,
        deepest=tuple(deepest),
    )
