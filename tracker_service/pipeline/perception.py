"""Everything that depends on one frame only: detection, gates, crops, bodies, appearance.

It runs on a window of frames at once, so that both models see batches; what it says of a frame does not depend on
the other frames of the window.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from tracker_service.camera.background import Background, background_of
from tracker_service.inference.client import InferenceClient
from tracker_service.model_sets import ModelSet
from tracker_service.people.boxes import squares
from tracker_service.people.cameras import project_to_crop
from tracker_service.people.duplicates import DuplicateGate, containments
from tracker_service.people.features import build_people
from tracker_service.people.gates import Gate, Gates
from tracker_service.people.given_boxes import GivenBoxes
from tracker_service.people.shadows import shadows
from tracker_service.pipeline.models.appearance import Appearance, AppearanceModel, ColourAppearance, LearnedAppearance
from tracker_service.pipeline.models.bodies import Bodies, Candidates, regress_bodies
from tracker_service.pipeline.models.body_with_appearance import BodyWithAppearance
from tracker_service.pipeline.models.detection import PersonDetector
from tracker_service.pipeline.models.frame_cameras import FrameCameras
from tracker_service.pipeline.models.regression import BodyRegressor
from tracker_service.pipeline.observation import FrameObservation
from tracker_service.pipeline.stage_times import StageTimes
from tracker_service.quality.image_detail import sharpness_and_contrast
from tracker_service.types import (
    Bool,
    Detections,
    DroppedDetections,
    Frame,
    FrameResult,
    OtherTurns,
    People,
    Picture,
)
from tracker_service.types.calibration import Calibration, FocalLength

_Removed: TypeAlias = tuple[tuple[Gate, Detections], ...]


@dataclass(frozen=True, slots=True)
class _Gated:
    """The boxes of a frame whose bodies are wanted, those that gates removed, and those kept for a second look."""

    candidates: Candidates
    removed: _Removed
    low_boxes: Detections


class Perception:
    """Finds the people of frames and regresses their bodies.

    Args:
        client: runs the models.
        models: the model set.
        gates: which detections become people.
        times: counts busy seconds.
        keep_images: leave the pictures in the observations, to be kept after tracking; off, a frame's memory is freed
            as soon as it is regressed, or tracked with a second look.
        second_look: leave the pictures and the low-score boxes in the observations until they are tracked.
        texture_maps: ask the appearance model for texture maps (1 MB a person), which the texture term compares.
        follow_camera: leave what the camera is followed by in the observations.
        cameras: tells the cameras of frames; None knows none.
        given: people that are given instead of detected. No detector is run, and of the gates only the size counts.
    """

    def __init__(
        self,
        client: InferenceClient,
        models: ModelSet,
        gates: Gates,
        *,
        times: StageTimes,
        keep_images: bool = False,
        second_look: bool = False,
        texture_maps: bool = False,
        follow_camera: bool = False,
        cameras: FrameCameras | None = None,
        given: GivenBoxes | None = None,
    ) -> None:
        self._models, self._cameras = models, cameras or FrameCameras(None)
        learned = models.appearance is not None
        self._detector: PersonDetector | GivenBoxes = (
            PersonDetector(client, models.detector, masks=learned) if given is None else given
        )
        self._regressor = BodyRegressor(client, models.hmr, mesh=learned, command=models.hmr_command)
        self._appearance: AppearanceModel = ColourAppearance()
        if models.appearance is not None:
            self._appearance = LearnedAppearance(client, models.appearance, maps=texture_maps)
        self._together = BodyWithAppearance.where_served(client, models, maps=texture_maps)
        self._gates = gates if given is None else gates.of_given_boxes()
        self._duplicates = (
            DuplicateGate(models.duplicate_similarity, models.duplicate_containment)
            if given is None
            else DuplicateGate(body_similarity=1, containment=1)
        )
        self._keep_images, self._second_look = keep_images, second_look
        self._follow_camera = follow_camera
        self._times = times

    def check_focal(self, focal: FocalLength | None) -> None:
        """Check that a video's focal length is known where bodies need it; raises `FocalLengthError`."""
        self._regressor.check(focal)

    def observe(
        self, window: Sequence[Frame], detections: Sequence[Detections] | None = None
    ) -> tuple[FrameObservation, ...]:
        """Return what is seen in each frame of a window.

        Args:
            window: the frames.
            detections: of each frame, instead of the detector's.
        """
        with self._times.measure("detection"):
            found = self._detector.detect(window) if detections is None else detections
            cameras = self._cameras.of(window)
            gated = [
                self._gated(frame.picture, boxes, camera)
                for frame, boxes, camera in zip(window, found, cameras, strict=True)
            ]
        backgrounds = self._backgrounds(window, found)
        described = self._described([seen.candidates for seen in gated], self._times)
        with self._times.measure("features"):
            observations = [
                self._observation(frame, seen, every)
                for frame, seen, every in zip(window, gated, described, strict=True)
            ]
        return tuple(
            replace(seen, background=background) for seen, background in zip(observations, backgrounds, strict=True)
        )

    def describe_expected(self, picture: Picture, detections: Detections, camera: Calibration | None = None) -> People:
        """Return the people of boxes in which somebody is expected, without any gate.

        Turned crops are tried however low a score is: it says less than that a tracked person should be there.

        Args:
            picture: the frame.
            detections: the boxes, without masks.
            camera: the frame's, None where its focal length is not known.
        """
        certain = replace(detections, scores=np.ones_like(detections.scores))
        (people,) = self._described([self._candidates(picture, certain, camera)], StageTimes())
        return replace(people, detections=detections)

    def without_duplicates(self, people: People) -> People:
        """Return the people without those who are somebody else once more."""
        return people.take(self._single(people))

    def _described(self, candidates: Sequence[Candidates], times: StageTimes) -> list[People]:
        """Return everything that is known about the people in the boxes of a window."""
        bodies, appearance = self._seen(candidates, times)
        with times.measure("features"):
            people = [self._people(*parts) for parts in zip(candidates, bodies, appearance, strict=True)]
            return [self._with_other_turns(*parts) for parts in zip(candidates, bodies, people, strict=True)]

    def _seen(self, candidates: Sequence[Candidates], times: StageTimes) -> tuple[list[Bodies], list[Appearance]]:
        """Return the bodies in the boxes of a window and how they look."""
        if self._together is not None:
            return self._together.describe(candidates, times)
        bodies = regress_bodies(candidates, self._regressor, align=self._models.align_crops, times=times)
        with times.measure("features" if self._models.appearance is None else "appearance"):
            return bodies, self._appearance.describe(candidates, bodies)

    def _with_other_turns(self, candidates: Candidates, bodies: Bodies, people: People) -> People:
        """Return the people of a frame, and with them those who may be turned another way up."""
        others = bodies.other_bodies
        if others is None:
            return people
        rows = others.people
        some = replace(candidates, detections=candidates.detections.take(rows), squares=candidates.squares.take(rows))
        (appearance,) = self._appearance.describe([some], [others.bodies])
        return replace(people, other_turns=OtherTurns(rows, others.lead, self._people(some, others.bodies, appearance)))

    def _people(self, candidates: Candidates, bodies: Bodies, appearance: Appearance) -> People:
        estimates = bodies.estimates
        joints_in_crop = project_to_crop(estimates.joints_3d, estimates.crop_cameras)
        people = build_people(
            replace(candidates.detections, masks=None),  # cut out by now, and large
            bodies.squares,
            estimates,
            candidates.frame_size,
            appearance.embedding,
            uv_maps=appearance.uv_maps,
            detail=sharpness_and_contrast(bodies.crops, joints_in_crop),
        )
        if not self._models.tells_presence:
            return people
        # Body models know a person by the silhouette, which a shadow has as well.
        present = np.where(
            shadows(candidates.picture, people.detections.boxes, people.joints_2d), np.float32(0), people.presence
        )
        return replace(people, presence=present)

    def _candidates(self, picture: Picture, detections: Detections, camera: Calibration | None) -> Candidates:
        regions = squares(detections.boxes, margin=self._models.crop_margin, aspect=self._models.crop_aspect)
        return Candidates(picture, detections, regions, camera)

    def _backgrounds(self, window: Sequence[Frame], found: Sequence[Detections]) -> Sequence[Background | None]:
        """Return what the camera is followed by: every frame outside what the detector holds for people."""
        if not self._follow_camera:
            return [None] * len(window)
        with self._times.measure("camera"):
            return [
                background_of(frame.picture, boxes.boxes[~self._gates.too_low(boxes)])
                for frame, boxes in zip(window, found, strict=True)
            ]

    def _gated(self, picture: Picture, detections: Detections, camera: Calibration | None) -> _Gated:
        size = picture.size
        low = self._gates.too_low(detections)
        small = ~low & self._gates.too_small(detections, size)
        passed = ~low & ~small
        parts = passed & self._low_score_parts(detections, passed)
        kept = detections.take(passed & ~parts)
        bare = replace(detections, masks=None)
        removed = ((Gate.LOW_SCORE, low), (Gate.SMALL, small), (Gate.DUPLICATE, parts))
        return _Gated(
            self._candidates(picture, kept, camera),
            tuple((gate, bare.take(rows)) for gate, rows in removed),
            self._low_boxes(detections, low, passed, size) if self._second_look else Detections.empty(),
        )

    def _low_boxes(self, detections: Detections, low: Bool, passed: Bool, size: tuple[int, int]) -> Detections:
        """Return the boxes of a gated frame that are looked at only where a tracked person is missing."""
        whole = low & ~self._gates.hopeless(detections) & ~self._gates.too_small(detections, size)
        return detections.take(whole & ~self._low_score_parts(detections, passed))

    def _low_score_parts(self, detections: Detections, passed: Bool) -> Bool:
        """Return the low-score boxes inside a confident one: they would be dropped after costing a crop each."""
        confident = self._gates.confident(detections)
        inside = containments(detections.boxes, detections.boxes[passed & confident]) > self._duplicates.containment
        return np.asarray(~confident & inside.any(axis=1))

    def _observation(self, frame: Frame, seen: _Gated, every: People) -> FrameObservation:
        present = ~self._gates.absent(every.presence)
        single = np.ones(len(every), np.bool_)
        single[present] = self._single(every.take(present))
        people = every.take(present & single)
        confident = self._gates.confident(people.detections)
        absent, duplicates = every.detections.take(~present), every.detections.take(~single)
        removed = (*seen.removed, (Gate.ABSENT, absent), (Gate.DUPLICATE, duplicates))
        result = FrameResult(
            frame.number,
            frame.timestamp,
            *seen.candidates.frame_size,
            persons=(),
            shot=frame.shot,
            dropped=_counts(removed),
            calibration=seen.candidates.calibration,
        )
        return FrameObservation(
            result,
            people.take(confident),
            low_score=people.take(~confident) if self._gates.second_pass else None,
            removed=removed,
            low_boxes=seen.low_boxes,
            picture=frame.picture if self._keep_images or self._second_look else None,
            keep_picture=self._keep_images,
        )

    def _single(self, people: People) -> Bool:
        """Return (n,) bool, False for duplicates: of several boxes on one person the best is kept that shows a body."""
        order = np.argsort(-(people.detections.scores + people.presence), kind="stable")
        single = np.ones(len(people), np.bool_)
        single[order] = self._duplicates.keep(people.take(order))
        return single


def _counts(removed: _Removed) -> DroppedDetections:
    counts = Counter({gate.value: 0 for gate in Gate})
    for gate, detections in removed:
        counts[gate.value] += len(detections)
    return DroppedDetections(**counts)
