"""Rotations about the axes."""

import numpy as np

from tracker_service.types import Float64


def about_x(angle: float) -> Float64:
    """Return the (3, 3) rotation that carries y towards z."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def about_y(angle: float) -> Float64:
    """Return the (3, 3) rotation that carries z towards x."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def about_z(angle: float) -> Float64:
    """Return the (3, 3) rotation that carries x towards y."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
