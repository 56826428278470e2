"""One person of the ground truth: the results matched with it, frame by frame."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from tracker_service.body.joints import JOINT_INDEX
from tracker_service.evaluation.jitter import JitterMeter
from tracker_service.evaluation.poses.error import mpjpe, pa_mpjpe
from tracker_service.results.records import PersonRecord
from tracker_service.types import Float32, Float64, PersonState

LSP_JOINTS = tuple(range(JOINT_INDEX["right_ankle_lsp"], JOINT_INDEX["head_top_lsp"] + 1))
"""The 14 joints on which the literature reports errors (HMR: Kanazawa et al. 2018), as positions among the 45."""
_HIPS = tuple(LSP_JOINTS.index(JOINT_INDEX[name]) for name in ("right_hip_lsp", "left_hip_lsp"))


@dataclass(frozen=True, slots=True)
class JointError:
    """Mean errors of the 14 joints.

    Attributes:
        matches: person-frames compared.
        mpjpe: metres, after the middles of the hips are put on each other; None where nothing was compared.
        pa_mpjpe: metres, after Procrustes alignment; None where nothing was compared.
    """

    matches: int
    mpjpe: float | None
    pa_mpjpe: float | None

    @classmethod
    def of(cls, errors: Iterable[Float64]) -> Self:
        """Average (n, 2) blocks of MPJPE and PA-MPJPE."""
        values = np.concatenate([np.zeros((0, 2)), *errors])
        if not len(values):
            return cls(0, None, None)
        return cls(len(values), float(values[:, 0].mean()), float(values[:, 1].mean()))

    def text(self) -> str:
        """Return one phrase for the terminal."""
        if self.mpjpe is None or self.pa_mpjpe is None:
            return "nothing to compare"
        return f"MPJPE {1000 * self.mpjpe:.0f} mm, PA-MPJPE {1000 * self.pa_mpjpe:.0f} mm ({self.matches} matches)"


class PersonMatches:
    """Collects the matches of one person of the ground truth, frame by frame in order.

    Attributes:
        frames: numbers of the frames in which the person was matched.
        track_ids: the matched id in each of them.
        states: of the matched person in each of them.
        jitter: of the matched joints.
    """

    def __init__(self) -> None:
        self.frames: list[int] = []
        self.track_ids: list[int] = []
        self.states: list[PersonState] = []
        self._errors: list[Float64] = []
        self.jitter = JitterMeter()
        self._covered = 0
        self._covered_since_match = 0

    @property
    def track_id(self) -> int | None:
        """The id of the last match."""
        return self.track_ids[-1] if self.track_ids else None

    @property
    def id_switches(self) -> int:
        """Times the matched id changed."""
        return sum(before != after for before, after in zip(self.track_ids, self.track_ids[1:], strict=False))

    @property
    def coverage(self) -> float:
        """Share of the frames from the first to the last match that hold the person's track; 0 without a match."""
        return self._covered / (self.frames[-1] - self.frames[0] + 1) if self.frames else 0.0

    @property
    def errors(self) -> Float64:
        """MPJPE and PA-MPJPE of every match, (matches, 2) float64."""
        return np.array(self._errors, np.float64).reshape(-1, 2)

    def errors_of(self, state: PersonState) -> Float64:
        """Return the rows of `errors` whose result was in ``state``."""
        return self.errors[np.array([matched is state for matched in self.states], np.bool_)]

    def add_match(self, frame_number: int, timestamp: float, person: PersonRecord, true_joints: Float32) -> None:
        """Add a frame in which ``person`` is this one; ``true_joints`` are (44, 3)."""
        found, true = person.keypoints_3d[None, LSP_JOINTS], true_joints[None, LSP_JOINTS]
        self.frames.append(frame_number)
        self.track_ids.append(person.track_id)
        self.states.append(person.state)
        self._errors.append(np.array([mpjpe(found, true, root=_HIPS)[0], pa_mpjpe(found, true)[0]]))
        self.jitter.add(frame_number, timestamp, _from_hips(found[0]), _from_hips(true[0]))
        self._covered += self._covered_since_match + 1
        self._covered_since_match = 0

    def add_miss(self, free_ids: frozenset[int]) -> None:
        """Add a frame without a match; ``free_ids`` are the tracks in it that match nobody.

        Counts only once the person is matched again: what follows the last match is not between two sightings.
        """
        self._covered_since_match += self.track_id in free_ids


def _from_hips(joints: Float32) -> Float32:
    return np.asarray(joints - joints[list(_HIPS)].mean(axis=0), np.float32)
