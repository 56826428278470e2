"""The poses of all tracks in the next frame, predicted while that frame is still being looked at."""

from dataclasses import dataclass

import numpy as np

from tracker_service.errors import InferenceError
from tracker_service.phalp.pose.pose_prediction import PendingPoses, PosePredictor
from tracker_service.phalp.track import Tracks
from tracker_service.types import Float32, Int64


@dataclass(frozen=True, slots=True)
class _Begun:
    """A prediction under way: of these tracks, in this frame."""

    track_id: Int64
    time: int
    poses: PendingPoses


class NextPoses:
    """Begins the prediction of the next frame's poses as soon as its tracks are known, one batch a frame.

    The prediction depends on the tracks only, so that a network which runs elsewhere is done with it by the time that
    the people of the frame have been found. It is begun for the frame that comes next if frames keep their distance;
    where another one comes, or the prediction failed, it is made when it is asked for. The poses are the same.

    Args:
        predictor: predicts them.
        grouped: predict the seen and the missed tracks in one batch each, as upstream does.
    """

    def __init__(self, predictor: PosePredictor, *, grouped: bool = False) -> None:
        self._predictor = predictor
        self._grouped = grouped
        self._distance = 1
        self._begun: _Begun | None = None

    def prepare(self, tracks: Tracks, time: int, distance: int) -> None:
        """Begin with the next frame.

        Args:
            tracks: as frame ``time`` left them; they must not change before `poses` is called.
            time: number of the frame that the tracks have taken in.
            distance: of this frame from the one before.
        """
        steady, self._distance = distance == self._distance, distance
        self._begun = None
        if steady and len(tracks):
            self._begun = _Begun(tracks.track_id, time + distance, self._begin(tracks, time + distance))

    def poses(self, tracks: Tracks, time: int) -> Float32:
        """Return (n, 229) float32 the pose of every track in frame ``time``; raises what the predictor raises."""
        if not len(tracks):
            return np.zeros_like(tracks.last.pose)
        begun = self._begun
        if begun is not None and begun.time == time and np.array_equal(begun.track_id, tracks.track_id):
            try:
                return begun.poses()
            except InferenceError:  # perhaps long ago: frames of a live video may be far apart
                self._begun = None
        return self._begin(tracks, time)()

    def drop(self) -> None:
        """Forget what was begun: no frame follows."""
        self._begun = None

    def _begin(self, tracks: Tracks, time: int) -> PendingPoses:
        steps = time - tracks.last_time
        if not self._grouped:
            return self._predictor.begin(tracks.history_pose, tracks.history_time, steps)
        groups = [rows for rows in (np.flatnonzero(tracks.misses == 0), np.flatnonzero(tracks.misses)) if len(rows)]
        pending = [
            self._predictor.begin(tracks.history_pose[rows], tracks.history_time[rows], steps[rows]) for rows in groups
        ]
        shape = tracks.last.pose.shape

        def joined() -> Float32:
            pose = np.empty(shape, np.float32)
            for rows, poses in zip(groups, pending, strict=True):
                pose[rows] = poses()
            return pose

        return joined
