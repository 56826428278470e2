"""``usd``: everybody's skinned, moving body in one Universal Scene Description file (UsdSkel), with the extra ``usd``.

As `glb`: one ``SkelRoot`` a person, without pose blend shapes. Time codes are frames of the video. The animation has
the attributes ``world:pelvisDeviation``, ``world:contacts`` (left and right foot) and ``world:reliable``, with values
where the place in the world is known. The library keeps all of a file in memory until it is saved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pxr import Gf, Sdf, Usd, UsdGeom, UsdSkel, Vt

from tracker_service.body.joints import SMPL_JOINT_NAMES
from tracker_service.body.model import BodyModel
from tracker_service.drawing.palette import track_color
from tracker_service.errors import ResultsError
from tracker_service.results.formats.bodies.placement import place
from tracker_service.results.formats.bodies.rotations import quaternions
from tracker_service.results.formats.bodies.surface import BONES_OF_A_VERTEX, RestSurface, Skinning
from tracker_service.results.formats.recording import PersonSpan, Recording, shown
from tracker_service.results.partial_file import PARTIAL_SUFFIX
from tracker_service.results.records import PersonRecord
from tracker_service.types import Float64


def write_usd(recording: Recording, path: Path, body: BodyModel) -> None:
    """Write the file.

    Raises:
        ResultsError: the file cannot be written.
    """
    # The name must end in a suffix that the library knows.
    partial = path.with_name(f"{path.stem}{PARTIAL_SUFFIX}.usd")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stage = _stage(recording, body)  # its layer lives no longer than it does
        if not stage.GetRootLayer().Export(str(partial)):
            raise ResultsError(f"{path}: expected to write it, got a file that cannot be written")
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        raise ResultsError(f"{path}: expected to write it, got {error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _stage(recording: Recording, body: BodyModel) -> Any:
    stage = Usd.Stage.CreateInMemory()
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.y)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    stage.SetTimeCodesPerSecond(recording.rate)
    stage.SetFramesPerSecond(recording.rate)
    stage.SetStartTimeCode(recording.first_number)
    stage.SetEndTimeCode(recording.first_number + recording.frames - 1)
    skinning = Skinning.of(body)
    people = UsdGeom.Xform.Define(stage, "/people")
    stage.SetDefaultPrim(people.GetPrim())
    motions = {span.track_id: _add_person(stage, span, body, skinning, recording) for span in recording.people}
    with Sdf.ChangeBlock():
        for frame in recording.read():
            for person in shown(frame):
                motions[person.track_id].add(frame.frame_number, person)
    return stage


@dataclass(slots=True, eq=False)
class _Motion:
    """The animation of one person, as it is being written."""

    translations: Any
    rotations: Any
    deviations: Any
    contacts: Any
    reliable: Any
    offsets: Float64
    before: Float64 | None = None

    def add(self, number: int, person: PersonRecord) -> None:
        placement = place(person)
        local = person.body_pose.astype(np.float64)
        self.before = quaternions(np.concatenate([placement.rotation_of_pelvis(person)[None], local]), self.before)
        places = np.concatenate([placement.pelvis[None], self.offsets[1:]]).astype(np.float32)
        self.translations.Set(Vt.Vec3fArray.FromNumpy(places), number)
        self.rotations.Set(Vt.QuatfArray.FromNumpy(self.before.astype(np.float32)), number)
        if (world := person.world) is not None:
            self.deviations.Set(Gf.Vec3f(*world.position_deviation.tolist()), number)
            self.contacts.Set(Gf.Vec2f(*world.contacts.tolist()), number)
            self.reliable.Set(world.reliable, number)


def _add_person(stage: Any, span: PersonSpan, body: BodyModel, skinning: Skinning, recording: Recording) -> _Motion:
    surface, root = RestSurface.of(body, span.betas), f"/people/person_{span.track_id}"
    skeleton_root = UsdSkel.Root.Define(stage, root)
    _set_visible(skeleton_root, span, recording)
    names = _joint_paths(surface.skeleton.parents)
    skeleton = UsdSkel.Skeleton.Define(stage, f"{root}/skeleton")
    skeleton.CreateJointsAttr(names)
    skeleton.CreateBindTransformsAttr(_translations(surface.skeleton.rest))
    skeleton.CreateRestTransformsAttr(_translations(surface.skeleton.offsets))
    motion = UsdSkel.Animation.Define(stage, f"{root}/motion")
    motion.CreateJointsAttr(names)
    motion.CreateScalesAttr(Vt.Vec3hArray([Gf.Vec3h(1, 1, 1)] * len(names)))
    UsdSkel.BindingAPI.Apply(skeleton.GetPrim()).CreateAnimationSourceRel().SetTargets([motion.GetPath()])
    mesh = _mesh(stage, f"{root}/body", surface, skinning, track_color(span.track_id))
    UsdSkel.BindingAPI(mesh).CreateSkeletonRel().SetTargets([skeleton.GetPath()])
    moving = (motion.CreateTranslationsAttr(), motion.CreateRotationsAttr())
    kinds = {
        "pelvisDeviation": Sdf.ValueTypeNames.Float3,
        "contacts": Sdf.ValueTypeNames.Float2,
        "reliable": Sdf.ValueTypeNames.Bool,
    }
    deviations, contacts, reliable = (
        motion.GetPrim().CreateAttribute(f"world:{name}", kind) for name, kind in kinds.items()
    )
    return _Motion(*moving, deviations, contacts, reliable, surface.skeleton.offsets)


def _set_visible(root: Any, span: PersonSpan, recording: Recording) -> None:
    visibility = root.CreateVisibilityAttr()
    steps: Mapping[int, bool] = {
        0: span.first == 0,
        **{last + 1: False for _, last in span.runs if last + 1 < recording.frames},
        **{first: True for first, _ in span.runs},
    }
    for index, here in steps.items():
        shown_as = UsdGeom.Tokens.inherited if here else UsdGeom.Tokens.invisible
        visibility.Set(shown_as, recording.first_number + index)


def _mesh(stage: Any, path: str, surface: RestSurface, skinning: Skinning, color: tuple[int, int, int]) -> Any:
    mesh = UsdGeom.Mesh.Define(stage, path)
    mesh.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(surface.vertices))
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(skinning.faces.astype(np.int32).ravel()))
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray(len(skinning.faces), 3))
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateNormalsAttr(Vt.Vec3fArray.FromNumpy(surface.normals))
    mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    linear = Gf.ConvertDisplayToLinear(Gf.Vec3f(*(part / 255 for part in color)))
    mesh.CreateDisplayColorAttr([linear])
    binding = UsdSkel.BindingAPI.Apply(mesh.GetPrim())
    bones = binding.CreateJointIndicesPrimvar(constant=False, elementSize=BONES_OF_A_VERTEX)
    bones.Set(Vt.IntArray.FromNumpy(skinning.bones.astype(np.int32).ravel()))
    weights = binding.CreateJointWeightsPrimvar(constant=False, elementSize=BONES_OF_A_VERTEX)
    weights.Set(Vt.FloatArray.FromNumpy(skinning.weights.ravel()))
    return mesh.GetPrim()


def _joint_paths(parents: tuple[int, ...]) -> list[str]:
    paths: list[str] = []
    for name, parent in zip(SMPL_JOINT_NAMES, parents, strict=True):
        paths.append(name if parent < 0 else f"{paths[parent]}/{name}")
    return paths


def _translations(places: Float64) -> Any:
    return Vt.Matrix4dArray([Gf.Matrix4d().SetTranslate(Gf.Vec3d(*place)) for place in places.tolist()])
