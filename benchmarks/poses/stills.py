"""Errors of poses in given and in found boxes, by group of people."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.poses.labels import LabelledPerson
from benchmarks.poses.product import Product
from tracker_service.evaluation.box_overlap import pairwise_iou
from tracker_service.types import Float32, Float64

FOUND = 0.5
"""IoU from which a person found is the labelled one."""
_PCK = 0.1
_JOINTS_FOR_SIDES = 8


@dataclass(slots=True)
class Group:
    """People of one row of a table, and what was made of them."""

    name: str
    people: int = 0
    given: list[Float64] = field(default_factory=list)
    sides_as_they_fit: list[Float64] = field(default_factory=list)
    found: list[Float64] = field(default_factory=list)
    presence: list[float] = field(default_factory=list)
    turned: int = 0
    sure: int = 0
    swapped: int = 0

    def row(self) -> dict[str, Any]:
        """Return the figures of this group."""
        return {
            "group": self.name,
            "people": self.people,
            "error": _mean(self.given),
            "pck": _pck(self.given),
            "error_without_sides": _mean(self.sides_as_they_fit),
            "pck_without_sides": _pck(self.sides_as_they_fit),
            "swaps": f"{self.swapped} of {self.sure}",
            "presence": float(np.mean(self.presence)),
            "turned": self.turned / self.people,
            "found": len(self.found) / self.people,
            "found_error": _mean(self.found),
            "found_pck": _pck(self.found),
        }


def judge(people: Iterable[LabelledPerson], product: Product) -> list[Group]:
    """Pose every person in the labelled box, and look for every person without it."""
    groups: dict[str, Group] = {}
    for person in people:
        group = groups.setdefault(person.group, Group(person.group))
        group.people += 1
        pose = product.pose_in(person.image, person.box)
        own, swapped = person.errors(pose.joints_2d)
        group.given.append(own)
        group.sides_as_they_fit.append(_better(own, swapped) if person.of_body is None else own)
        group.presence.append(pose.presence)
        group.turned += abs(pose.turn) > np.pi / 12
        if person.of_body is None and person.sure_of_side and np.isfinite(own).sum() >= _JOINTS_FOR_SIDES:
            group.sure += 1
            group.swapped += bool(np.nanmean(swapped) < np.nanmean(own))
        found = product.people_in(person.image)
        row = best_overlap(person.box, found.boxes, FOUND)
        if row is not None:
            group.found.append(person.errors(found.joints_2d[row])[0])
    return [groups[name] for name in sorted(groups, key=_order)]


def best_overlap(box: Float32, boxes: Float32, least: float) -> int | None:
    """Return which of (n, 4) boxes overlaps ``box`` most, None where none does by ``least``."""
    if not len(boxes):
        return None
    sizes = [np.concatenate([each[:, :2], each[:, 2:] - each[:, :2]], axis=1) for each in (box[None], boxes)]
    overlaps = pairwise_iou(*(each.astype(np.float64) for each in sizes))[0]
    best = int(overlaps.argmax())
    return best if overlaps[best] >= least else None


def _order(name: str) -> tuple[int, str]:
    start = name.partition("-")[0]
    return (int(start) if start.isdecimal() else -1, name)


def _better(own: Float64, swapped: Float64) -> Float64:
    """Return the errors with the sides of each pair of joints, after the head, as they fit better."""
    pairs = np.stack([own[1:], swapped[1:]]).reshape(2, -1, 2)
    better = np.where(np.nansum(pairs[0], axis=1) <= np.nansum(pairs[1], axis=1), 0, 1)
    return np.concatenate([own[:1], pairs[better, np.arange(len(better))].ravel()])


def _known(errors: list[Float64]) -> Float64:
    every = np.concatenate(errors) if errors else np.zeros(0)
    return np.asarray(every[np.isfinite(every)], np.float64)


def _mean(errors: list[Float64]) -> float | None:
    known = _known(errors)
    return float(known.mean()) if len(known) else None


def _pck(errors: list[Float64]) -> float | None:
    known = _known(errors)
    return float((known < _PCK).mean()) if len(known) else None
