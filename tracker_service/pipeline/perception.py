"""Everything that depends on one frame only: detection, gates, crops, bodies, appearance.

It runs on a window of frames at once, so that both models see batches; what it says of a frame does not depend on
the other frames of the window.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracker_service.inference.client import InferenceClient
from tracker_service.model_sets import ModelSet
from tracker_service.people.boxes import squares
from tracker_service.people.duplicates import DuplicateGate, containments
from tracker_service.people.features import build_people
from tracker_service.people.gates import Gates
from tracker_service.pipeline.models.appearance import ColourLooks, Looks, LooksModel, TextureLooks
from tracker_service.pipeline.models.bodies import Bodies, Candidates, regress_bodies
from tracker_service.pipeline.models.detection import PersonDetector
from tracker_service.pipeline.models.regression import BodyRegressor
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.types import Detections, DroppedDetections, Frame, UInt8


@dataclass(frozen=True, slots=True)
class MarkedFrame:
    """A frame and whether a new shot starts with it."""

    frame: Frame
    shot: bool = False


class Perception:
    """Finds the people of frames and regresses their bodies.

    Args:
        client: runs the models.
        models: the model set, with gates as the settings want them.
        second_pass: also regress people below the score gate that may continue a track. They cost a crop each.
        keep_images: leave the images in the observations; off, a frame's memory is freed as soon as it is regressed.
        times: counts busy seconds.
    """

    def __init__(
        self, client: InferenceClient, models: ModelSet, *, second_pass: bool, keep_images: bool, times: StageTimes
    ) -> None:
        self._models = models
        learned = models.appearance is not None
        self._detector = PersonDetector(client, models.detector, masks=learned)
        self._regressor = BodyRegressor(client, models.hmr, mesh=learned)
        self._looks: LooksModel = ColourLooks()
        if models.appearance is not None:
            self._looks = TextureLooks(client, models.appearance, maps="T" in models.predict)
        self._gates = Gates(
            low_th_c=min(models.low_th_c, models.second_pass_th) if second_pass else models.low_th_c,
            small_w=models.small_w,
            small_h=models.small_h,
            small_relative=models.small_relative,
            presence=models.presence_th,
        )
        self._duplicates = DuplicateGate(models.duplicate_similarity, models.duplicate_containment)
        self._second_pass = second_pass
        self._keep_images = keep_images
        self._times = times

    def observe(self, window: Sequence[MarkedFrame]) -> tuple[FrameObservation, ...]:
        """Return what is seen in each frame of a window."""
        images = [marked.frame.image for marked in window]
        with self._times.measure("detection"):
            gated = [self._gated(*pair) for pair in zip(images, self._detector.detect(images), strict=True)]
        candidates = [candidates for candidates, _ in gated]
        bodies = regress_bodies(candidates, self._regressor, align=self._models.align_crops, times=self._times)
        with self._times.measure("features" if self._models.appearance is None else "appearance"):
            looks = self._looks.describe(candidates, bodies)
        with self._times.measure("features"):
            return tuple(
                self._observation(marked, *seen, found, look)
                for marked, seen, found, look in zip(window, gated, bodies, looks, strict=True)
            )

    def _gated(self, image: UInt8, detections: Detections) -> tuple[Candidates, DroppedDetections]:
        keep, dropped = self._gates.keep(detections, (image.shape[1], image.shape[0]))
        passed = detections.take(keep)
        kept = self._without_doubtful_parts(passed)
        regions = squares(kept.boxes, margin=self._models.crop_margin, aspect=self._models.crop_aspect)
        return Candidates(image, kept, regions), replace(dropped, duplicate=len(passed) - len(kept))

    def _without_doubtful_parts(self, detections: Detections) -> Detections:
        """Leave out low-score boxes inside a box above the gate: they would be dropped after costing a crop each."""
        sure = detections.scores > np.float32(self._models.low_th_c)
        inside = containments(detections.boxes, detections.boxes[sure]) > self._models.duplicate_containment
        return detections.take(sure | ~inside.any(axis=1))

    def _observation(
        self, marked: MarkedFrame, candidates: Candidates, dropped: DroppedDetections, bodies: Bodies, looks: Looks
    ) -> FrameObservation:
        frame = marked.frame
        every = build_people(
            replace(candidates.detections, masks=None),  # cut out by now, and large
            bodies.squares,
            bodies.estimates,
            candidates.frame_size,
            looks.embedding,
            uv_maps=looks.uv_maps,
        )
        present, absent = self._gates.keep_present(every.presence)
        single = self._duplicates.keep(every.take(present))
        people = every.take(present).take(single)
        sure = people.detections.scores > np.float32(self._models.low_th_c)
        duplicates = dropped.duplicate + int((~single).sum())
        return FrameObservation(
            frame_number=frame.number,
            timestamp=frame.timestamp,
            width=candidates.frame_size[0],
            height=candidates.frame_size[1],
            shot=marked.shot,
            people=people.take(sure),
            low_score=people.take(~sure) if self._second_pass else None,
            dropped=replace(dropped, absent=absent.absent, duplicate=duplicates),
            image=frame.image if self._keep_images else None,
        )
