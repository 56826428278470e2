"""A person between two sightings."""

from dataclasses import replace

import numpy as np

from tracker_service.phalp.missed_tracks import JointModel
from tracker_service.refinement.bodies import rotations_of, with_bodies
from tracker_service.refinement.rotations import slerp
from tracker_service.types import Float64, PersonState, TrackedPerson


def between(
    before: TrackedPerson,
    after: TrackedPerson,
    template: TrackedPerson,
    size: tuple[int, int],
    body: JointModel,
) -> TrackedPerson:
    """Return the person of ``template`` as it must have been on the way from one sighting to the next.

    Rotations go the shortest way at constant speed, everything else goes straight: the place in the image and the
    logarithm of the depth, the box, the square, the shape.

    Args:
        before: the sighting before the frame.
        after: the sighting after it.
        template: gives frame, identity, state and age.
        size: (width, height) of the frame.
        body: gives the joints.
    """
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
    rotations = slerp(rotations_of(before), rotations_of(after), part)
    return with_bodies([placed], rotations[None], betas[None], camera[None], size, body)[0]


def view_of(person: TrackedPerson) -> Float64:
    """Return the camera as what is seen of it: the direction of the model origin and the logarithm of its depth."""
    x, y, z = person.camera.astype(np.float64)
    return np.array([x / z, y / z, np.log(z)])


def from_view(view: Float64) -> Float64:
    """Return the camera; undoes `view_of`."""
    depth = np.exp(view[2])
    return np.array([view[0] * depth, view[1] * depth, depth])
