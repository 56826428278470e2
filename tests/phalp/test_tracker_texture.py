from typing import Any

import numpy as np
import pytest

from tests.phalp.people import FRAME_SIZE, Person, people, walker
from tracker_service.errors import ContractError, SettingsError
from tracker_service.phalp.tracker import Tracker
from tracker_service.phalp.tracker_parameters import TrackerParameters


def test_texture_needs_an_encoder_and_maps() -> None:
    with pytest.raises(SettingsError, match="texture encoder"):
        Tracker(TrackerParameters(predict="TPL"))
    tracker = Tracker(TrackerParameters(predict="TPL"), texture_encoder=lambda maps: maps.reshape(len(maps), -1))
    with pytest.raises(ContractError, match="texture maps"):
        tracker.update(people(walker(0)), 0, FRAME_SIZE)


def texture(colour: float, *, left: bool) -> Any:
    """A small map, visible on one half."""
    texture_map = np.zeros((4, 8, 8), np.float32)
    half = slice(0, 4) if left else slice(4, 8)
    texture_map[:3, :, half] = colour
    texture_map[3] = -1
    texture_map[3, :, half] = 1
    return texture_map


@pytest.mark.parametrize(("compat", "continued"), [("upstream", 1), ("paper", 0)])
def test_views_without_common_texels_look_identical_upstream_and_unknown_by_default(
    compat: Any, continued: int
) -> None:
    parameters = TrackerParameters(predict="TPL", compat=compat, unknown_texture=50.0)
    tracker = Tracker(parameters, texture_encoder=lambda maps: maps.reshape(len(maps), -1))
    tracker.update(people(walker(0), uv_maps=texture(0.3, left=True)[None]), 0, FRAME_SIZE)
    tracker.update(people(walker(1), uv_maps=texture(0.3, left=False)[None]), 1, FRAME_SIZE)
    assert tracker.decision is not None
    assert len(tracker.decision.first.association.matches) == continued


def test_texture_is_compared_only_where_the_other_terms_leave_a_chance() -> None:
    encoded: list[int] = []

    def encode(maps: Any) -> Any:
        encoded.append(len(maps))
        return maps.reshape(len(maps), -1)

    tracker = Tracker(TrackerParameters(predict="TPL"), texture_encoder=encode)
    maps = np.stack([texture(0.3, left=True), texture(0.1, left=True)])
    for time in range(2):
        tracker.update(people(Person(100), Person(1200), uv_maps=maps), time, FRAME_SIZE)
    assert encoded == [4]
    assert len(tracker.textures) == 2
