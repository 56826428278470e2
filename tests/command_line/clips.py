"""A small clip without people: three frames of 64 x 48 pixels."""

from pathlib import Path

import numpy as np

from tracker_service.video.writer import VideoWriter


def clip(path: Path) -> Path:
    with VideoWriter(path, width=64, height=48, fps=25.0) as writer:
        for shade in (90, 100, 110):
            writer.write(np.full((48, 64, 3), shade, np.uint8))
    return path
