"""usd, by UsdSkel's own posing and skinning."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from pxr import Gf, Usd, UsdGeom, UsdSkel, Vt

from harness.formats.poses import VERTEX_STEP, Key, Pose
from tracker_service.types import Float64


def read_usd(path: Path) -> dict[Key, Pose]:
    """Return everybody in the frames in which they are visible."""
    stage, found = Usd.Stage.Open(str(path)), {}
    frames = range(int(stage.GetStartTimeCode()), int(stage.GetEndTimeCode()) + 1)
    for person in stage.GetDefaultPrim().GetChildren():
        track_id = int(re.findall(r"\d+", person.GetName())[-1])
        root, cache = UsdSkel.Root(person), UsdSkel.Cache()
        cache.Populate(root, Usd.PrimDefaultPredicate)
        (binding,) = cache.ComputeSkelBindings(root, Usd.PrimDefaultPredicate)
        skeleton, (target,) = cache.GetSkelQuery(binding.GetSkeleton()), binding.GetSkinningTargets()
        rest = UsdGeom.PointBased(target.GetPrim()).GetPointsAttr().Get()
        for number in frames:
            if UsdGeom.Imageable(person).ComputeVisibility(number) == UsdGeom.Tokens.inherited:
                found[track_id, number] = _pose(skeleton, target, rest, number)
    return found


def _pose(skeleton: Any, target: Any, rest: Any, number: int) -> Pose:
    transforms = np.array(skeleton.ComputeJointSkelTransforms(number))
    skinning = skeleton.ComputeSkinningTransforms(number)
    points = Vt.Vec3fArray(rest)
    target.ComputeSkinnedPoints(Vt.Matrix4dArray(skinning), points, number)
    vertices: Float64 = np.array(points, np.float64)[::VERTEX_STEP]
    # USD multiplies rows from the left.
    rotations = np.array([Gf.Matrix4d(*row.ravel().tolist()).GetOrthonormalized() for row in transforms])
    return Pose(transforms[:, 3, :3], rotations[:, :3, :3].transpose(0, 2, 1), vertices=vertices)
