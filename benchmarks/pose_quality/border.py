"""Bodies that the border of the picture cuts off: size and joints with the box alone, and as the product does it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.pose_quality.copies import Copy
from tracker_service.inference.client import InferenceClient
from tracker_service.model_sets import ModelSet
from tracker_service.people.boxes import squares
from tracker_service.people.features import build_people
from tracker_service.pipeline.models.bodies import Candidates, regress_bodies
from tracker_service.pipeline.models.regression import BodyRegressor
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.quality.measures import TRUNK_AND_LIMBS
from tracker_service.types import ArrayPicture, Detections, Float32, Float64

_JITTER = 0.02
"""Boxes are moved by that part of their size, as a detector's are."""


@dataclass(frozen=True, slots=True)
class _Cut:
    kind: str
    share: float
    errors: tuple[float, float]
    heights: tuple[float, float]


def border_rows(pictures: Iterable[Copy], client: InferenceClient, models: ModelSet) -> list[Mapping[str, Any]]:
    """Return one row a share of the body that is seen: error of the seen joints, and size of the whole body."""
    regressor, random = BodyRegressor(client, models.hmr), np.random.default_rng(1)
    cuts = [_measure(picture, regressor, models, random) for picture in pictures if picture.kind.startswith("cut off")]
    groups = sorted({(cut.kind, cut.share) for cut in cuts})
    return [
        _row(kind, share, [cut for cut in cuts if (cut.kind, cut.share) == (kind, share)]) for kind, share in groups
    ]


def _measure(picture: Copy, regressor: BodyRegressor, models: ModelSet, random: np.random.Generator) -> _Cut:
    (person,) = picture.people
    size = picture.image.shape[1], picture.image.shape[0]
    sides = np.tile(person.box[2:] - person.box[:2], 2)
    box = np.clip(person.box + random.normal(0, _JITTER, 4) * sides, 0, (*size, *size))
    bodies = [_joints(picture, box, regressor, models, align=align) for align in (False, True)]
    true = person.joints[TRUNK_AND_LIMBS]
    shown = ((true >= 0) & (true < size)).all(axis=1)
    off = [float(np.linalg.norm(body - true, axis=1)[shown].mean()) / person.height for body in bodies]
    heights = [float(np.ptp(body[:, 1]) / np.ptp(true[:, 1])) for body in bodies]
    return _Cut(picture.kind, picture.degree, (off[0], off[1]), (heights[0], heights[1]))


def _joints(picture: Copy, box: Float64, regressor: BodyRegressor, models: ModelSet, *, align: bool) -> Float32:
    found = Detections(box[None].astype(np.float32), np.ones(1, np.float32))
    regions = squares(found.boxes, margin=models.crop_margin, aspect=models.crop_aspect)
    candidates = Candidates(ArrayPicture(picture.image), found, regions)
    (bodies,) = regress_bodies([candidates], regressor, align=align, times=StageTimes())
    people = build_people(found, bodies.squares, bodies.estimates, candidates.frame_size, np.zeros((1, 1), np.float32))
    return np.asarray(people.joints_2d[0, TRUNK_AND_LIMBS])


def _row(kind: str, share: float, cuts: Sequence[_Cut]) -> Mapping[str, Any]:
    errors, heights = np.array([cut.errors for cut in cuts]), np.array([cut.heights for cut in cuts])
    return {
        "seen": f"{share:.0%}, {kind}",
        "people": len(cuts),
        "error_alone": float(errors[:, 0].mean()),
        "error": float(errors[:, 1].mean()),
        "height_alone": float(np.median(heights[:, 0])),
        "height": float(np.median(heights[:, 1])),
    }
