"""Records of people that get what is found out later."""

from dataclasses import fields

import numpy as np

from tests.drawing.people import person
from tracker_service.types.world import PersonWorld


def test_a_person_with_a_place_in_the_world_is_otherwise_the_same() -> None:
    before = person(3, (100, 80))
    somewhere = np.zeros(3)
    world = PersonWorld(somewhere, somewhere, somewhere, somewhere, 0.0, 0.0, np.zeros(2))
    after = before.with_world(world)
    assert (before.world, after.world) == (None, world)
    for field in fields(before):
        if field.name != "world":
            assert getattr(after, field.name) is getattr(before, field.name)
