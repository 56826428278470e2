"""The world as a stage: people are placed in it once their frame is finished, refined or not."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace

from tracker_service.camera.world.world_follower import WorldFollower
from tracker_service.pipeline.recorder import TrackedFrame
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.pipeline.tracking import Border


def in_the_world(
    stream: Generator[TrackedFrame | Border, None, None], world: WorldFollower, times: StageTimes
) -> Generator[TrackedFrame | Border, None, None]:
    """Give the people of finished frames, in order, their place in the world; borders pass with its state."""
    with closing(stream):
        for item in stream:
            if isinstance(item, Border):
                yield replace(item, world=world.state)
            else:
                with times.measure("world"):
                    yield replace(item, result=world.follow(item.result))
