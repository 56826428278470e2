"""What is expected of all tracks in the next frame: appearance, location and pose (CVPR 2022, section 3.2)."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from tracker_service.phalp.cost import Samples
from tracker_service.phalp.expectation.carrying import trusts_camera
from tracker_service.phalp.location import LocationPrediction, predict_location
from tracker_service.phalp.track import Tracks
from tracker_service.phalp.tracker_parameters import TrackerParameters
from tracker_service.types import Float32, Float64, Int64
from tracker_service.types.phalp_vectors import LOCATION_SAMPLE


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is expected of n tracks in one frame.

    Attributes:
        track_id: (n,) int64 identities, ascending.
        samples: what association compares.
        pose: (n, 229) float32 predicted pose vectors.
        location: predicted locations, by the motion that each track trusts.
        in_picture, with_camera: predicted locations by the motion in the picture, and by the motion before the
            background; the same object where no camera motion told them apart.
    """

    track_id: Int64
    samples: Samples
    pose: Float32
    location: LocationPrediction
    in_picture: LocationPrediction
    with_camera: LocationPrediction

    @property
    def positions(self) -> Float64:
        """(n, 2, 2) predicted positions: in the picture, with the camera."""
        return np.stack([self.in_picture.position, self.with_camera.position], axis=1)

    def take(self, rows: Int64) -> Self:
        """Return only ``rows``."""
        in_picture = self.in_picture.take(rows)
        same = self.with_camera is self.in_picture
        return type(self)(
            self.track_id[rows],
            self.samples.take(rows),
            self.pose[rows],
            self.location.take(rows),
            in_picture,
            in_picture if same else self.with_camera.take(rows),
        )

    def distrusted(self) -> Samples | None:
        """Return the samples with the locations that the tracks do not trust; None where there is only one."""
        if self.with_camera is self.in_picture:
            return None
        camera = (self.location.position == self.with_camera.position).all(axis=1)
        other = self.with_camera.replaced(camera, self.in_picture)
        return replace(self.samples, location=other.sample())

    def of(self, track_id: Int64) -> Self:
        """Return the rows of these tracks, which must all be there."""
        return self.take(np.searchsorted(self.track_id, track_id))


def predict(tracks: Tracks, time: int, parameters: TrackerParameters, pose: Float32) -> Prediction:
    """Predict every track's appearance (the last one) and location in frame ``time``, beside its pose (n, 229).

    With ``compat="upstream"`` the sample of a track created in the last frame is its raw sighting, whose camera stands
    where the spreads are expected, and so is the part of which ``predict`` lacks the letter.
    """
    steps = time - tracks.last_time
    in_picture = with_camera = location = _location(tracks, tracks.history_location, steps, parameters)
    if tracks.moved:
        carried = np.concatenate([tracks.carried, tracks.history_location[:, :, 2:]], axis=2)
        with_camera = _location(tracks, carried, steps, parameters)
        location = in_picture.replaced(trusts_camera(tracks.mean_squares), with_camera)
    sample_pose, sample_location = pose, location.sample()
    if parameters.upstream:
        raw_pose = tracks.fresh | ("P" not in parameters.predict)
        raw_location = tracks.fresh | ("L" not in parameters.predict)
        sample_pose = np.where(raw_pose[:, None], tracks.last.pose, pose)
        sample_location = np.where(raw_location[:, None], tracks.last.location[:, LOCATION_SAMPLE], sample_location)
    samples = Samples(tracks.last.appearance, sample_pose, sample_location)
    return Prediction(tracks.track_id, samples, pose, location, in_picture, with_camera)


def _location(tracks: Tracks, history: Float32, steps: Int64, parameters: TrackerParameters) -> LocationPrediction:
    return predict_location(
        tracks.history_time,
        history,
        steps,
        damping=parameters.damping,
        degenerate_spread=np.nan if parameters.upstream else 0.0,
    )
