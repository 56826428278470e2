"""Everything that depends on one frame only: detection, gates, crops, bodies, appearance.

It runs on a window of frames at once, so that both models see batches; what it says of a frame does not depend on
the other frames of the window.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracker_service.inference.client import InferenceClient
from tracker_service.model_sets import ModelSet
from tracker_service.people.appearance import describe
from tracker_service.people.boxes import squares
from tracker_service.people.cameras import project_to_crop
from tracker_service.people.crops import crop
from tracker_service.people.duplicates import DuplicateGate, containments
from tracker_service.people.estimates import BodyEstimates
from tracker_service.people.features import build_people
from tracker_service.people.gates import Gates
from tracker_service.pipeline.detection import PersonDetector
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.regression import BodyRegressor
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.types import Detections, DroppedDetections, Frame, Squares, UInt8


@dataclass(frozen=True, slots=True)
class MarkedFrame:
    """A frame and whether a new shot starts with it."""

    frame: Frame
    shot: bool = False


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The boxes of one frame that are worth a body, and their crops."""

    detections: Detections
    dropped: DroppedDetections
    squares: Squares
    crops: UInt8


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
        self._detector = PersonDetector(client, models.detector)
        self._regressor = BodyRegressor(client, models.hmr)
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
            detections = self._detector.detect(images)
        with self._times.measure("crops"):
            candidates = [self._candidates(*pair) for pair in zip(images, detections, strict=True)]
        with self._times.measure("bodies"):
            estimates = self._regress(candidates)
        with self._times.measure("features"):
            return tuple(self._observation(*parts) for parts in zip(window, candidates, estimates, strict=True))

    def _candidates(self, image: UInt8, detections: Detections) -> _Candidates:
        keep, dropped = self._gates.keep(detections, (image.shape[1], image.shape[0]))
        passed = detections.take(keep)
        kept = self._without_doubtful_parts(passed)
        dropped = replace(dropped, duplicate=len(passed) - len(kept))
        regions = squares(kept.boxes, margin=self._models.crop_margin, aspect=self._models.crop_aspect)
        return _Candidates(kept, dropped, regions, crop(image, regions))

    def _without_doubtful_parts(self, detections: Detections) -> Detections:
        """Leave out low-score boxes inside a box above the gate: they would be dropped after costing a crop each."""
        sure = detections.scores > np.float32(self._models.low_th_c)
        inside = containments(detections.boxes, detections.boxes[sure]) > self._models.duplicate_containment
        return detections.take(sure | ~inside.any(axis=1))

    def _regress(self, candidates: Sequence[_Candidates]) -> list[BodyEstimates]:
        """Run all crops of the window as one batch and give each frame its own rows."""
        ends = np.cumsum([len(frame.crops) for frame in candidates])
        estimates = self._regressor.regress(np.concatenate([frame.crops for frame in candidates]))
        starts = np.concatenate([[0], ends[:-1]])
        return [estimates.take(np.arange(start, end)) for start, end in zip(starts, ends, strict=True)]

    def _observation(self, marked: MarkedFrame, seen: _Candidates, bodies: BodyEstimates) -> FrameObservation:
        frame = marked.frame
        size = (frame.image.shape[1], frame.image.shape[0])
        present, absent = self._gates.keep_present(bodies.presence)
        appearance = describe(seen.crops, project_to_crop(bodies.joints_3d, bodies.crop_cameras))
        people = build_people(seen.detections, seen.squares, bodies, size, appearance).take(present)
        single = self._duplicates.keep(people)
        people = people.take(single)
        sure = people.detections.scores > np.float32(self._models.low_th_c)
        return FrameObservation(
            frame_number=frame.number,
            timestamp=frame.timestamp,
            width=size[0],
            height=size[1],
            shot=marked.shot,
            people=people.take(sure),
            low_score=people.take(~sure) if self._second_pass else None,
            dropped=replace(
                seen.dropped, absent=absent.absent, duplicate=seen.dropped.duplicate + int((~single).sum())
            ),
            image=frame.image if self._keep_images else None,
        )
