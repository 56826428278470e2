"""Everything that depends on one frame only: detection, gates, crops, bodies, appearance.

It runs on a window of frames at once, so that both models see batches; what it says of a frame does not depend on
the other frames of the window.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tracker_service.inference.client import InferenceClient
from tracker_service.model_sets import ModelSet
from tracker_service.people.boxes import squares
from tracker_service.people.duplicates import DuplicateGate, containments
from tracker_service.people.features import build_people
from tracker_service.people.gates import Gates
from tracker_service.pipeline.models.appearance import Appearance, AppearanceModel, ColourAppearance, LearnedAppearance
from tracker_service.pipeline.models.bodies import Bodies, Candidates, regress_bodies
from tracker_service.pipeline.models.detection import PersonDetector
from tracker_service.pipeline.models.regression import BodyRegressor
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.types import Detections, DroppedDetections, Frame, FrameResult, UInt8


class Perception:
    """Finds the people of frames and regresses their bodies.

    Args:
        client: runs the models.
        models: the model set.
        gates: which detections become people.
        times: counts busy seconds.
        keep_images: leave the images in the observations; off, a frame's memory is freed as soon as it is regressed.
        texture_maps: ask the appearance model for texture maps (1 MB a person), which the texture term compares.
    """

    def __init__(
        self,
        client: InferenceClient,
        models: ModelSet,
        gates: Gates,
        *,
        times: StageTimes,
        keep_images: bool = False,
        texture_maps: bool = False,
    ) -> None:
        self._models = models
        learned = models.appearance is not None
        self._detector = PersonDetector(client, models.detector, masks=learned)
        self._regressor = BodyRegressor(client, models.hmr, mesh=learned)
        self._appearance: AppearanceModel = ColourAppearance()
        if models.appearance is not None:
            self._appearance = LearnedAppearance(client, models.appearance, maps=texture_maps)
        self._gates = gates
        self._duplicates = DuplicateGate(models.duplicate_similarity, models.duplicate_containment)
        self._keep_images = keep_images
        self._times = times

    def observe(
        self, window: Sequence[Frame], detections: Sequence[Detections] | None = None
    ) -> tuple[FrameObservation, ...]:
        """Return what is seen in each frame of a window.

        Args:
            window: the frames.
            detections: of each frame, instead of the detector's.
        """
        images = [frame.image for frame in window]
        with self._times.measure("detection"):
            found = self._detector.detect(images) if detections is None else detections
            gated = [self._gated(*pair) for pair in zip(images, found, strict=True)]
        candidates = [candidates for candidates, _ in gated]
        bodies = regress_bodies(candidates, self._regressor, align=self._models.align_crops, times=self._times)
        with self._times.measure("features" if self._models.appearance is None else "appearance"):
            appearance = self._appearance.describe(candidates, bodies)
        with self._times.measure("features"):
            return tuple(
                self._observation(frame, *seen, found, looks)
                for frame, seen, found, looks in zip(window, gated, bodies, appearance, strict=True)
            )

    def _gated(self, image: UInt8, detections: Detections) -> tuple[Candidates, DroppedDetections]:
        keep, dropped = self._gates.keep(detections, (image.shape[1], image.shape[0]))
        passed = detections.take(keep)
        kept = self._without_doubtful_parts(passed)
        regions = squares(kept.boxes, margin=self._models.crop_margin, aspect=self._models.crop_aspect)
        return Candidates(image, kept, regions), replace(dropped, duplicate=len(passed) - len(kept))

    def _without_doubtful_parts(self, detections: Detections) -> Detections:
        """Leave out low-score boxes inside a box above the gate: they would be dropped after costing a crop each."""
        sure = detections.scores > np.float32(self._gates.low_th_c)
        inside = containments(detections.boxes, detections.boxes[sure]) > self._models.duplicate_containment
        return detections.take(sure | ~inside.any(axis=1))

    def _observation(
        self, frame: Frame, candidates: Candidates, dropped: DroppedDetections, bodies: Bodies, appearance: Appearance
    ) -> FrameObservation:
        every = build_people(
            replace(candidates.detections, masks=None),  # cut out by now, and large
            bodies.squares,
            bodies.estimates,
            candidates.frame_size,
            appearance.embedding,
            uv_maps=appearance.uv_maps,
        )
        present, absent = self._gates.keep_present(every.presence)
        single = self._duplicates.keep(every.take(present))
        people = every.take(present).take(single)
        sure = people.detections.scores > np.float32(self._gates.low_th_c)
        duplicates = dropped.duplicate + int((~single).sum())
        result = FrameResult(
            frame.number,
            frame.timestamp,
            *candidates.frame_size,
            persons=(),
            shot=frame.shot,
            dropped=replace(dropped, absent=absent.absent, duplicate=duplicates),
        )
        return FrameObservation(
            result,
            people.take(sure),
            low_score=people.take(~sure) if self._gates.second_pass else None,
            image=frame.image if self._keep_images else None,
        )
