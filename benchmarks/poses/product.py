"""What the product makes of one picture: the body in a given box, or the people it finds by itself."""

from dataclasses import dataclass

import numpy as np

from tracker_service.inference.client import InferenceClient
from tracker_service.people.boxes import squares
from tracker_service.people.features import build_people
from tracker_service.pipeline.models.bodies import Candidates, regress_bodies
from tracker_service.pipeline.models.regression import BodyRegressor
from tracker_service.pipeline.perception import Perception
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.settings import Settings
from tracker_service.types import Detections, Float32, Frame, People, UInt8
from tracker_service.wiring.models import models_of
from tracker_service.wiring.run import open_perception


@dataclass(frozen=True, slots=True)
class OnePose:
    """A body: its (45, 2) joints in pixels, presence, and turn of its crop in radians."""

    joints_2d: Float32
    presence: float
    turn: float


class Product:
    """Perception as the settings want it, picture by picture.

    Args:
        settings: everything that can be set.
        client: runs the models; stays the caller's to close.
        align: try turned crops where the model set does; off takes the upright crop of every given box.
    """

    def __init__(self, settings: Settings, client: InferenceClient, *, align: bool = True) -> None:
        self._models, self._times = models_of(settings), StageTimes()
        self._align = align and self._models.align_crops
        self._regressor = BodyRegressor(client, self._models.hmr, command=self._models.hmr_command)
        self._perception: Perception = open_perception(settings, client, times=self._times)

    def pose_in(self, image: UInt8, box: Float32) -> OnePose:
        """Return the body in a given box."""
        models, given = self._models, Detections(box[None], np.ones(1, np.float32))
        regions = squares(given.boxes, margin=models.crop_margin, aspect=models.crop_aspect)
        candidates = Candidates(image, given, regions)
        bodies = regress_bodies([candidates], self._regressor, align=self._align, times=self._times)[0]
        size = candidates.frame_size
        people = build_people(given, bodies.squares, bodies.estimates, size, np.zeros((1, 1), np.float32))
        return OnePose(people.joints_2d[0], float(people.presence[0]), float(bodies.squares.angles[0]))

    def people_in(self, image: UInt8) -> People:
        """Return the people that the product finds by itself."""
        return self._perception.observe([Frame(0, 0.0, image)])[0].people
