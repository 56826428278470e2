"""``glb``: everybody's skinned, moving body in one binary glTF 2.0 file.

Every person is one node with a mesh, a skin and the joints below it. The pelvis is scaled to nothing where the person
is not shown, which every program can play. Shape and colour of a person do not change; corrections of the surface that
depend on the pose (SMPL's pose blend shapes) have no counterpart in a skin and are left out.

The arrays are written into their places in the file: in memory are a surface a person, some frames, and the times, 12
bytes a frame.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
from numpy.typing import NDArray

from tracker_service.body.joints import SMPL_JOINT_NAMES
from tracker_service.body.model import BodyModel
from tracker_service.drawing.palette import track_color
from tracker_service.errors import ResultsError
from tracker_service.results.formats.bodies.placement import place
from tracker_service.results.formats.bodies.rotations import quaternions
from tracker_service.results.formats.bodies.surface import RestSurface, Skinning
from tracker_service.results.formats.glb_layout import INDICES, VERTICES, GlbLayout
from tracker_service.results.formats.recording import PersonSpan, Recording, shown
from tracker_service.results.partial_file import PARTIAL_SUFFIX
from tracker_service.results.records import PersonRecord
from tracker_service.types import Float32, Float64
from tracker_service.types.smpl import NUMBER_OF_ROTATIONS

_MAGIC, _VERSION = 0x46546C67, 2
_JSON_CHUNK, _BINARY_CHUNK = 0x4E4F534A, 0x004E4942
_MOST_BYTES = 2**32 - 1
_ROUGHNESS = 0.8
_FRAMES_AT_ONCE = 64


def write_glb(recording: Recording, path: Path, body: BodyModel) -> None:
    """Write the file.

    Raises:
        ResultsError: the file would have more than 4 GiB, or it cannot be written.
    """
    scene = _Scene(recording, body)
    partial = path.with_name(f"{path.name}{PARTIAL_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _fill(scene, recording, partial)
        partial.replace(path)
    except OSError as error:
        raise ResultsError(f"{path}: expected to write it, got {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


@dataclass(slots=True, eq=False)
class _Track:
    """One person in the file: the numbers of the arrays, and what is being written into them."""

    span: PersonSpan
    surface: RestSurface
    times: int
    positions: int
    rotations: list[int]
    scale_times: int | None
    scales: int | None


class _Scene:
    """Everything but the numbers in the buffer."""

    def __init__(self, recording: Recording, body: BodyModel) -> None:
        self.layout = GlbLayout()
        self._constants: list[tuple[int, NDArray[Any]]] = []
        self._recording = recording
        self.tracks: list[_Track] = []
        self._json: dict[str, list[Any]] = {"nodes": [], "meshes": [], "skins": [], "materials": []}
        self._channels: list[dict[str, Any]] = []
        self._samplers: list[dict[str, Any]] = []
        skinning = Skinning.of(body)
        wide = body.number_of_vertices > np.iinfo(np.uint16).max
        faces = skinning.faces.astype(np.uint32 if wide else np.uint16).ravel()
        self._shared = {
            "indices": self._constant(faces, target=INDICES),
            "JOINTS_0": self._constant(skinning.bones.astype(np.uint8), target=VERTICES),
            "WEIGHTS_0": self._constant(skinning.weights, target=VERTICES),
        }
        self._roots = [self._add_person(span, body) for span in recording.people]

    def json(self) -> bytes:
        """Return the description."""
        document = {
            "asset": {"version": "2.0", "generator": "phalp-triton"},
            "scene": 0,
            "scenes": [{"nodes": self._roots}],
            **self._json,
            "animations": [{"name": "motion", "channels": self._channels, "samplers": self._samplers}],
            "accessors": self.layout.accessors,
            "bufferViews": self.layout.views,
            "buffers": [{"byteLength": self.layout.size}],
        }
        text = orjson.dumps(document)
        return text + b" " * (-len(text) % 4)

    def write_constants(self, buffer: "_Buffer") -> None:
        """Write the arrays that are known already."""
        for number, values in self._constants:
            buffer.write(number, values)

    def _add_person(self, span: PersonSpan, body: BodyModel) -> int:
        surface, nodes = RestSurface.of(body, span.betas), self._json["nodes"]
        root, name = len(nodes), f"person_{span.track_id}"
        first_joint = root + 1
        number = len(self._json["meshes"])
        nodes.append({"name": name, "mesh": number, "skin": number, "children": [first_joint]})
        nodes[root]["extras"] = {"track_id": span.track_id}
        nodes.extend(_joint_nodes(surface, first_joint))
        self._json["materials"].append(_material(span.track_id))
        self._json["meshes"].append({"name": name, "primitives": [self._primitive(surface, number)]})
        joints = list(range(first_joint, first_joint + NUMBER_OF_ROTATIONS))
        bind = self._constant(_inverse_bind(surface))
        self._json["skins"].append({"joints": joints, "skeleton": first_joint, "inverseBindMatrices": bind})
        self.tracks.append(self._track(span, surface, joints))
        return root

    def _primitive(self, surface: RestSurface, material: int) -> dict[str, Any]:
        low, high = surface.vertices.min(axis=0).tolist(), surface.vertices.max(axis=0).tolist()
        attributes = {
            "POSITION": self._constant(surface.vertices, target=VERTICES, min=low, max=high),
            "NORMAL": self._constant(surface.normals, target=VERTICES),
            "JOINTS_0": self._shared["JOINTS_0"],
            "WEIGHTS_0": self._shared["WEIGHTS_0"],
        }
        return {"attributes": attributes, "indices": self._shared["indices"], "material": material}

    def _track(self, span: PersonSpan, surface: RestSurface, joints: list[int]) -> _Track:
        add, n = self.layout.add, span.frames
        times = add(np.float32, (n,), min=[0.0], max=[0.0])
        positions = add(np.float32, (n, 3))
        rotations = [add(np.float32, (n, 4)) for _ in joints]
        self._animate(joints[0], "translation", times, positions)
        for joint, rotation in zip(joints, rotations, strict=True):
            self._animate(joint, "rotation", times, rotation)
        track = _Track(span, surface, times, positions, rotations, None, None)
        if (steps := len(_steps(span, self._recording.frames))) > 1:
            track.scale_times = add(np.float32, (steps,), min=[0.0], max=[0.0])
            track.scales = add(np.float32, (steps, 3))
            self._animate(joints[0], "scale", track.scale_times, track.scales, interpolation="STEP")
        return track

    def _animate(self, node: int, path: str, times: int, values: int, *, interpolation: str = "LINEAR") -> None:
        self._channels.append({"sampler": len(self._samplers), "target": {"node": node, "path": path}})
        self._samplers.append({"input": times, "output": values, "interpolation": interpolation})

    def _constant(self, values: NDArray[Any], **properties: Any) -> int:
        number = self.layout.add(values.dtype, values.shape, **properties)
        self._constants.append((number, values))
        return number


def _fill(scene: _Scene, recording: Recording, path: Path) -> None:
    """Write the buffer behind room for the description, which needs the times' bounds and has the same length then."""
    times = _increasing(frame.timestamp for frame in recording.read())
    for track in scene.tracks:
        _bound(scene.layout, track, times, recording.frames)
    text = scene.json()
    total = 12 + 8 + len(text) + 8 + scene.layout.size
    if total > _MOST_BYTES:
        raise ResultsError(f"{path.stem}: expected results of less than 4 GiB as glb, got {total / 2**30:.1f} GiB")
    head = np.array([_MAGIC, _VERSION, total, len(text), _JSON_CHUNK], "<u4").tobytes() + text
    head += np.array([scene.layout.size, _BINARY_CHUNK], "<u4").tobytes()
    with path.open("wb") as file:
        file.write(head)
        file.truncate(total)
        buffer = _Buffer(file, scene.layout, len(head))
        scene.write_constants(buffer)
        writers = {track.span.track_id: _TrackWriter(buffer, track) for track in scene.tracks}
        for writer in writers.values():
            writer.write_scales(times, recording.frames)
        for index, frame in enumerate(recording.read()):
            for person in shown(frame):
                writers[person.track_id].add(times[index], person)
        for writer in writers.values():
            writer.flush()


class _Buffer:
    """The buffer of a file that is being written, in any order."""

    def __init__(self, file: BinaryIO, layout: GlbLayout, begin: int) -> None:
        self._file, self._layout, self._begin = file, layout, begin

    def write(self, number: int, values: NDArray[Any], row: int = 0) -> None:
        """Write rows of the array ``number``, from the row ``row`` on."""
        row_bytes = values.itemsize * math.prod(values.shape[1:])
        self._file.seek(self._begin + self._layout.place(number) + row * row_bytes)
        self._file.write(values.tobytes())


def _bound(layout: GlbLayout, track: _Track, times: Float32, frames: int) -> None:
    """State the first and the last time of a person's motion, as the format asks for."""
    span = track.span
    _set_bounds(layout.accessors[track.times], times[span.first], times[span.last])
    if track.scale_times is not None:
        steps = [index for index, _ in _steps(span, frames)]
        _set_bounds(layout.accessors[track.scale_times], times[steps[0]], times[steps[-1]])


def _set_bounds(accessor: dict[str, Any], low: np.float32, high: np.float32) -> None:
    accessor["min"], accessor["max"] = [float(low)], [float(high)]


class _TrackWriter:
    """Writes one person's numbers into the buffer, some frames at once."""

    def __init__(self, buffer: _Buffer, track: _Track) -> None:
        self._buffer, self._track = buffer, track
        self._written, self._held = 0, 0
        self._times = np.empty(_FRAMES_AT_ONCE, np.float32)
        self._positions = np.empty((_FRAMES_AT_ONCE, 3), np.float32)
        self._rotations = np.empty((NUMBER_OF_ROTATIONS, _FRAMES_AT_ONCE, 4), np.float32)
        self._before: Float64 | None = None

    def add(self, time: np.float32, person: PersonRecord) -> None:
        """Append a frame."""
        placement, row = place(person), self._held
        pelvis = placement.rotation_of_pelvis(person)
        rotations = np.concatenate([pelvis[None], person.body_pose.astype(np.float64)])
        self._before = quaternions(rotations, self._before)
        self._times[row], self._positions[row] = time, placement.pelvis
        self._rotations[:, row] = self._before
        self._held += 1
        if self._held == _FRAMES_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        track, held = self._track, self._held
        self._buffer.write(track.times, self._times[:held], self._written)
        self._buffer.write(track.positions, self._positions[:held], self._written)
        for number, values in zip(track.rotations, self._rotations, strict=True):
            self._buffer.write(number, values[:held], self._written)
        self._written, self._held = self._written + held, 0

    def write_scales(self, times: Float32, frames: int) -> None:
        """Write when the person appears and vanishes."""
        track = self._track
        if track.scale_times is None or track.scales is None:
            return
        steps = _steps(track.span, frames)
        here = np.array([float(shown_now) for _, shown_now in steps], np.float32)
        self._buffer.write(track.scale_times, times[[index for index, _ in steps]])
        self._buffer.write(track.scales, np.repeat(here[:, None], 3, axis=1))


def _steps(span: PersonSpan, frames: int) -> list[tuple[int, bool]]:
    """Return the frames at which a person appears or vanishes, the first frame of all included."""
    steps = [] if span.first == 0 else [(0, False)]
    for first, last in span.runs:
        steps.append((first, True))
        if last + 1 < frames:
            steps.append((last + 1, False))
    return steps


def _increasing(timestamps: Iterable[float]) -> Float32:
    """Return the times from 0 on as glTF wants them: float32, each later than the one before."""
    times = np.fromiter(timestamps, np.float64)
    found = (times - times[0]).astype(np.float32)
    if (np.diff(found) <= 0).any():
        for index in range(1, len(found)):
            found[index] = max(found[index], np.nextafter(found[index - 1], np.float32(np.inf)))
    return np.asarray(found, np.float32)


def _joint_nodes(surface: RestSurface, first: int) -> list[dict[str, Any]]:
    skeleton = surface.skeleton
    nodes = []
    for joint, (name, offset) in enumerate(zip(SMPL_JOINT_NAMES, skeleton.offsets.tolist(), strict=True)):
        node: dict[str, Any] = {"name": name, "translation": offset}
        if children := skeleton.children(joint):
            node["children"] = [first + child for child in children]
        nodes.append(node)
    return nodes


def _inverse_bind(surface: RestSurface) -> Float32:
    """Return the (24, 4, 4) matrices from the rest pose into each joint, columns first as glTF has them."""
    matrices = np.tile(np.eye(4, dtype=np.float32), (NUMBER_OF_ROTATIONS, 1, 1))
    matrices[:, 3, :3] = -surface.skeleton.rest
    return matrices


def _material(track_id: int) -> dict[str, Any]:
    color = [*(_linear(part / 255) for part in track_color(track_id)), 1.0]
    surface = {"baseColorFactor": color, "metallicFactor": 0.0, "roughnessFactor": _ROUGHNESS}
    return {"name": f"person_{track_id}", "pbrMetallicRoughness": surface}


def _linear(part: float) -> float:
    """Return an sRGB value, 0 to 1, as the linear one that glTF wants (IEC 61966-2-1)."""
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
