"""Footage with exact truth, filmed again by a window that moves over it.

``python -m benchmarks.association.panning VIDEO TRUTH.txt FOLDER`` writes ``still.mp4`` and ``pan.mp4``, with
``still.txt`` and ``pan.txt``: the same footage through a window of three quarters of its width that stands still in
the middle, and through one that swings to and fro as fast as somebody who follows a snowboarder by hand (median 7,
90 % below 10 pixels a frame of 640). The people do what they did; only the camera differs.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tracker_service.evaluation.mot import TruthFrame, read_mot
from tracker_service.types import Float64, UInt8
from tracker_service.video.source import Position, open_source
from tracker_service.video.writer import VideoWriter

_WINDOW = 0.75
_LEAST_SHOWN = 0.4
"""People of whom less is inside the window are left out of the truth."""
_PERIODS = (74, 18, 50)
"""Frames of the slow and the quick swing to the sides, and of the one up and down."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What is cut out of every frame, enlarged to its size again.

    Attributes:
        corners: (T, 2) upper left corner by frame, pixels of the footage.
        size: width and height of the footage, pixels.
    """

    corners: Float64
    size: tuple[int, int]

    @classmethod
    def still(cls, frames: int, size: tuple[int, int]) -> "Window":
        """Return one that stands in the middle."""
        return cls(np.tile(_margin(size), (frames, 1)), size)

    @classmethod
    def swinging(cls, frames: int, size: tuple[int, int]) -> "Window":
        """Return one that swings over all of the picture."""
        turn = 2 * np.pi * np.arange(frames)
        sideways = 0.85 * np.sin(turn / _PERIODS[0]) + 0.15 * np.sin(turn / _PERIODS[1])
        upwards = 0.7 * np.sin(turn / _PERIODS[2] + 1)
        return cls(_margin(size) * (1 + 0.98 * np.stack([sideways, upwards], axis=1)), size)

    def shown(self, image: UInt8, frame: int) -> UInt8:
        """Return what a frame (H, W, 3) shows through it, as large as the frame."""
        x, y = self.corners[frame]
        place = np.array([[1, 0, -x], [0, 1, -y]]) / _WINDOW
        return np.asarray(cv2.warpAffine(image, place, self.size, flags=cv2.INTER_LINEAR), np.uint8)

    def moved(self, truth: TruthFrame, frame: int) -> str:
        """Return the counted people of a frame as MOT rows, where the window shows them."""
        rows = []
        limits = np.array([*self.size, *self.size], np.float64)
        for identity, box in zip(truth.ids[truth.counted], truth.boxes[truth.counted], strict=True):
            corners = np.concatenate([box[:2], box[:2] + box[2:]])
            there = (corners - np.tile(self.corners[frame], 2)) / _WINDOW
            inside = np.clip(there, 0, limits)
            whole, seen = there[2:] - there[:2], inside[2:] - inside[:2]
            if seen.prod() >= _LEAST_SHOWN * whole.prod() and (seen > 0).all():
                x, y, width, height = (float(value) for value in (*inside[:2], *seen))
                rows.append(f"{frame + 1},{identity},{x:.1f},{y:.1f},{width:.1f},{height:.1f},1,-1,-1,-1\n")
        return "".join(rows)


def write_windows(video: Path, truth: Path, folder: Path, frames: int | None = None) -> None:
    """Write both clips and their truth.

    Args:
        video: the footage.
        truth: its people, MOT text.
        folder: where to; made when missing.
        frames: how many of the footage's frames; None takes all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    end = None if frames is None else Position(frame=frames)
    with open_source(video, end=end) as source:
        rate = source.info.fps
        images = [frame.image for frame in source]
    size = images[0].shape[1], images[0].shape[0]
    people = read_mot(truth)
    for name, window in (
        ("still", Window.still(len(images), size)),
        ("pan", Window.swinging(len(images), size)),
    ):
        with VideoWriter(folder / f"{name}.mp4", *size, rate, crf=12) as writer:
            for number, image in enumerate(images):
                writer.write(window.shown(image, number))
        rows = (window.moved(people.get(number, TruthFrame.empty()), number) for number in range(len(images)))
        (folder / f"{name}.txt").write_text("".join(rows))


def _margin(size: tuple[int, int]) -> Float64:
    """Return how far the window can move from the middle to each side."""
    return np.array(size) * (1 - _WINDOW) / 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the clips."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=int, help="how many of the footage's frames (default: all)")
    options = parser.parse_args(arguments)
    write_windows(options.video, options.truth, options.folder, options.frames)


if __name__ == "__main__":
    main()
