"""The way of a frame: which functions of ours it passes, told by tracking twice under a profiler."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson

from harness.clips import SAMPLE

PROFILER = Path(__file__).with_name("call_profile.py")


def profile(root: Path, frames: int) -> dict[str, Any]:
    """Track ``frames`` and twice as many frames of the sample with the code of a checkout; see `call_profile.py`."""
    with tempfile.TemporaryDirectory() as folder:
        counted = []
        for number in (frames, 2 * frames):
            target = Path(folder) / f"{number}.json"
            arguments = ["track", str(SAMPLE), "--out", str(Path(folder) / str(number)), "--end", str(number)]
            command = [sys.executable, str(PROFILER), str(target), *arguments, "--no-overlay"]
            subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)
            counted.append(orjson.loads(target.read_bytes()))
    return per_frame(counted[0], counted[1], frames)


def per_frame(shorter: dict[str, Any], longer: dict[str, Any], frames: int) -> dict[str, Any]:
    """Return what ``frames`` more frames have added to a run.

    Args:
        shorter: calls and deepest stack by function, of a run.
        longer: likewise, of a run with ``frames`` more frames.
        frames: their number.
    """
    more = {name: calls - shorter["calls"].get(name, 0) for name, calls in longer["calls"].items()}
    of_frames = {name: calls for name, calls in more.items() if calls >= frames}
    deepest = max((longer["stacks"][name] for name in of_frames), key=len)
    return {
        "functions": len(of_frames),
        "files": len({name.partition(":")[0] for name in of_frames}),
        "calls": sum(more.values()) / frames,
        "depth": len(deepest),
        "deepest": deepest,
    }
