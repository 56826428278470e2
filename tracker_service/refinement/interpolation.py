"""A person between two sightings."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tracker_service.phalp.missed_tracks import JointModel
from tracker_service.refinement.bodies import rotations_of, with_bodies
from tracker_service.refinement.rotations import nearest_rotations, slerp
from tracker_service.types import Float64, PersonState, TrackedPerson


def between(
    earlier: Sequence[TrackedPerson],
    later: Sequence[TrackedPerson],
    template: TrackedPerson,
    size: tuple[int, int],
    body: JointModel,
) -> TrackedPerson:
    """Return the person of ``template`` as it must have been on the way from one sighting to the next.

    Rotations go the shortest way at constant speed, from the mean of the earlier sightings, at their mean time, to that
    of the later ones: right before and after a gap a person is half hidden, and that one pose is the worst of all.
    Everything else goes straight from the nearest sighting to the nearest: the place in the image and the logarithm of
    the depth, the box, the square, the shape.

    Args:
        earlier: sightings before the frame, the nearest first, at least one.
        later: sightings after it, the nearest first, at least one.
        template: gives frame, identity, state and age.
        size: (width, height) of the frame.
        body: gives the joints.
    """
    before, after = earlier[0], later[0]
    part = (template.frame_number - before.frame_number) / (after.frame_number - before.frame_number)

    def mixed(first: Float64, second: Float64) -> Float64:
        return first + part * (second - first)

    nearer = before if part < 1 / 2 else after
    placed = replace(
        template,
        state=PersonState.PREDICTED,
        detection_index=-1,
        box=mixed(before.box.astype(np.float64), after.box.astype(np.float64)).astype(np.float32),
        center=mixed(before.center.astype(np.float64), after.center.astype(np.float64)).astype(np.float32),
        side=before.side + part * (after.side - before.side),
        appearance=nearer.appearance,
    )
    betas = mixed(before.betas.astype(np.float64), after.betas.astype(np.float64))
    camera = from_view(mixed(view_of(before), view_of(after)))
    start, end = (np.mean([person.frame_number for person in people]) for people in (earlier, later))
    turned = float((template.frame_number - start) / (end - start))
    rotations = slerp(_mean_rotations(earlier), _mean_rotations(later), turned)
    return with_bodies([placed], rotations[None], betas[None], camera[None], size, body)[0]


def _mean_rotations(people: Sequence[TrackedPerson]) -> Float64:
    """Return the (24, 3, 3) chordal mean of the rotations of the same person in several frames."""
    if len(people) == 1:
        return rotations_of(people[0])
    return nearest_rotations(np.mean([rotations_of(person) for person in people], axis=0))


def view_of(person: TrackedPerson) -> Float64:
    """Return the camera as what is seen of it: the direction of the model origin and the logarithm of its depth."""
    x, y, z = person.camera.astype(np.float64)
    return np.array([x / z, y / z, np.log(z)])


def from_view(view: Float64) -> Float64:
    """Return the camera; undoes `view_of`."""
    depth = np.exp(view[2])
    return np.array([view[0] * depth, view[1] * depth, depth])
