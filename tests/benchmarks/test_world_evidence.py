"""What is measured of the world beside people's places: planes of footprints and the fall of riders."""

import numpy as np
import pytest

from benchmarks.cost import together
from benchmarks.flights import by_gravity
from benchmarks.vertical import plane_of


def test_the_plane_of_most_footprints_has_their_normal() -> None:
    random = np.random.default_rng(1)
    across = random.uniform(-5, 5, (200, 2))
    slope = np.column_stack([across[:, 0], 1.5 + 0.2 * across[:, 1], 12 + across[:, 1]])
    slope[:40, 1] -= random.uniform(0.5, 2, 40)  # people in the air
    normal, share = plane_of(slope + random.normal(0, 0.03, slope.shape))
    np.testing.assert_allclose(normal, np.array([0, -1, 0.2]) / np.hypot(1, 0.2), atol=0.02)
    assert share == pytest.approx(0.8, abs=0.03)


def test_a_fall_tells_the_distance_in_metres_from_directions_alone() -> None:
    times = np.linspace(2.0, 3.0, 26)
    since = (times - 2.5)[:, None]
    places = np.array([3.0, 1.0, -18.0]) + since * [6.0, 0.5, 4.0] + since**2 / 2 * [0.0, -9.81, 0.0]
    directions = places / np.linalg.norm(places, axis=1, keepdims=True)
    assert by_gravity(times, directions) == pytest.approx(np.linalg.norm([3, 1, 18]), rel=1e-3)


def test_videos_together_weigh_by_their_frames() -> None:
    short = {"now": {"cpu": 1.0, "frames": 10, "fps": 10.0}}
    long = {"now": {"cpu": 5.0, "frames": 90, "fps": 30.0}}
    assert together([short, long]) == {"now": {"cpu": 6.0, "frames": 100, "fps": 25.0}}
