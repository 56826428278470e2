"""Two ways to expect a person: where the motion in the picture leads, and where the motion before the background does.

The first is right where the camera stands still or follows the person, the second where it pans over people who do not
care. Which one a track trusts is learned from its own recent errors.
"""

import numpy as np

from tracker_service.types import Bool, CameraMotion, Float32, Float64


def carried(positions: Float32, motion: CameraMotion, frame_size: tuple[int, int]) -> Float32:
    """Return where positions of the previous frame lie in this one, if they are fixed to the background.

    Args:
        positions: (..., 2) in the padded square frame, [0, 1] inside it.
        motion: of the picture of the background.
        frame_size: width and height of the frame in pixels.
    """
    size = max(frame_size)
    border = (size - np.array(frame_size, np.float64)) / 2
    moved = motion.apply(positions.astype(np.float64) * size - border)
    return np.asarray((moved + border) / size, np.float32)


def trusts_camera(mean_squares: Float64) -> Bool:
    """Return (n,) whether the second of two ways to predict has been better; (n, 2) mean squared errors."""
    return np.asarray(mean_squares[:, 1] < mean_squares[:, 0])
