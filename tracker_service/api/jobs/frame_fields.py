"""Which fields of a frame's people a client gets: with or without mesh, all or some."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import orjson

from tracker_service.api.http.errors import http_error
from tracker_service.api.http.person_schemas import Person
from tracker_service.body.model import BodyModel
from tracker_service.types import Smpl

MESH = "mesh_vertices"
PERSON_FIELDS = tuple(Person.model_fields)
"""All fields that a person of a frame can have."""


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """Which fields of a person are sent.

    Attributes:
        mesh: whether the vertices are sent.
        names: the other fields; None for all.
    """

    mesh: bool
    names: frozenset[str] | None = None

    @classmethod
    def of_query(cls, fields: str | None, *, mesh: bool | None, mesh_by_default: bool) -> Self:
        """Parse ``?fields=a,b&mesh=true``; ``mesh`` decides, then ``fields``, then the route's default.

        Raises:
            HTTPException: 422 for a field that does not exist.
        """
        names = None if fields is None else _names(fields.split(","))
        wanted = mesh_by_default if names is None else MESH in names
        return cls(wanted if mesh is None else mesh, names)


def _names(given: Iterable[str]) -> frozenset[str]:
    names = frozenset(name.strip() for name in given if name.strip())
    unknown = sorted(names.difference(PERSON_FIELDS))
    if unknown:
        raise http_error(422, f"fields: expected some of {', '.join(PERSON_FIELDS)}, got {unknown[0][:40]!r}")
    return names


@dataclass(slots=True)
class MeshAllowance:
    """How many meshes one answer may still hold; the first frame that has more people is the first one without.

    Attributes:
        left: meshes, one for each person of each frame.
        ended: whether there was a frame whose meshes were too many.
    """

    left: float = math.inf
    ended: bool = False

    def take(self, people: int) -> bool:
        """Tell whether a frame may have its meshes; after the first that may not, none may."""
        self.ended = self.ended or people > self.left
        if not self.ended:
            self.left -= people
        return not self.ended


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """Adds the mesh to stored result lines, which have none, and selects fields.

    Attributes:
        body: computes the vertices; None leaves them out.
        names: fields to keep, None for all.
        allowance: how many meshes may be sent.
    """

    body: BodyModel | None = None
    names: frozenset[str] | None = None
    allowance: MeshAllowance = field(default_factory=MeshAllowance)

    @property
    def unchanged(self) -> bool:
        """Whether lines are sent as they are stored."""
        return self.body is None and self.names is None

    def apply(self, line: bytes) -> bytes:
        """Return the JSON of the frame on ``line``; takes milliseconds a mesh, so it belongs in a thread."""
        if self.unchanged:
            return line
        frame = orjson.loads(line)
        persons = frame["persons"]
        if self.body is not None and persons and self.allowance.take(len(persons)):
            for person, vertices in zip(persons, self.body.vertices(_smpl(persons)), strict=True):
                person[MESH] = np.ascontiguousarray(vertices)
        if self.names is not None:
            kept = self.names | {MESH}
            frame["persons"] = [{name: person[name] for name in person if name in kept} for person in persons]
        return orjson.dumps(frame, option=orjson.OPT_SERIALIZE_NUMPY)


def _smpl(persons: list[dict[str, Any]]) -> Smpl:
    def stacked(name: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.array([person["smpl"][name] for person in persons], np.float32)

    return Smpl(stacked("global_orient"), stacked("body_pose"), stacked("betas"))
