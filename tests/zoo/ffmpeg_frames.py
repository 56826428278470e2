"""Frames as FFmpeg's own command converts them."""

import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from tests.zoo.rows import Row
from tracker_service.types import UInt8


def converted(row: Row, path: Path) -> UInt8:
    """Return the (N, H, W, 3) RGB frames that FFmpeg makes of a row's file, or of the files of its folder."""
    if not path.is_dir():
        return _converted(row, path)
    files = sorted((file for file in path.rglob("*") if file.suffix != ".txt" and file.suffix != ".ini"), key=_number)
    return np.concatenate([_converted(row, file)[:1] for file in files])


def _converted(row: Row, path: Path) -> UInt8:
    stream = [] if row.stream is None else ["-map", f"0:v:{row.stream}"]
    filters = ["-vf", row.filters] if row.filters else []
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-i", str(path), "-an", *stream, *filters]
    command += ["-fps_mode", "passthrough", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
    # A file that is damaged or no picture ends it with an error, behind the frames it had.
    written = subprocess.run(command, capture_output=True).stdout
    width, height = row.size
    return np.frombuffer(written, np.uint8).reshape(-1, height, width, 3)


def _number(path: Path) -> tuple[int, str]:
    return int(path.stem) if path.stem.isdigit() else 0, path.name
