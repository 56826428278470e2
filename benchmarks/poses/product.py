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
from tracker_service.pipeline.tracking import associate_observed
from tracker_service.settings import Settings
from tracker_service.types import NUMBER_OF_JOINTS, ArrayPicture, Detections, Float32, Frame, UInt8
from tracker_service.wiring.models import load_body, models_of
from tracker_service.wiring.run import open_perception
from tracker_service.wiring.second_look import looks_again, open_second_look
from tracker_service.wiring.tracker import TrackerFactory


@dataclass(frozen=True, slots=True)
class OnePose:
    """A body: its (45, 2) joints in pixels, presence, and turn of its crop in radians."""

    joints_2d: Float32
    presence: float
    turn: float


@dataclass(frozen=True, slots=True)
class PeopleFound:
    """n people: their (n, 4) boxes and (n, 45, 2) joints in pixels."""

    boxes: Float32
    joints_2d: Float32


class Product:
    """Perception and a live tracker as the settings want it, picture by picture.

    Args:
        settings: everything that can be set.
        client: runs the models; stays the caller's to close.
        align: try turned crops where the model set does; off takes the upright crop of every given box.
    """

    def __init__(self, settings: Settings, client: InferenceClient, *, align: bool = True) -> None:
        self._models, self._times = models_of(settings), StageTimes()
        self._align = align and self._models.align_crops
        self._regressor = BodyRegressor(client, self._models.hmr, command=self._models.hmr_command)
        again = looks_again(settings)
        self._perception: Perception = open_perception(settings, client, times=self._times, second_look=again)
        self._second_look = open_second_look(settings, client, self._perception, self._times) if again else None
        self._trackers = TrackerFactory(settings, client, load_body(settings), live=True)

    def pose_in(self, image: UInt8, box: Float32) -> OnePose:
        """Return the body in a given box."""
        models, given = self._models, Detections(box[None], np.ones(1, np.float32))
        regions = squares(given.boxes, margin=models.crop_margin, aspect=models.crop_aspect)
        candidates = Candidates(ArrayPicture(image), given, regions)
        bodies = regress_bodies([candidates], self._regressor, align=self._align, times=self._times)[0]
        size = candidates.frame_size
        people = build_people(given, bodies.squares, bodies.estimates, size, np.zeros((1, 1), np.float32))
        return OnePose(people.joints_2d[0], float(people.presence[0]), float(bodies.squares.angles[0]))

    def people_in(self, image: UInt8) -> PeopleFound:
        """Return the people that the product reports of a picture that stands alone."""
        (seen,) = self._perception.observe([Frame(0, 0.0, ArrayPicture(image))])
        _, people = associate_observed(self._trackers.new(), seen, self._second_look)
        boxes, joints = ([getattr(person, name) for person in people] for name in ("box", "joints_2d"))
        shapes = (len(people), 4), (len(people), NUMBER_OF_JOINTS, 2)
        return PeopleFound(
            *(np.array(each, np.float32).reshape(to) for each, to in zip((boxes, joints), shapes, strict=True))
        )
