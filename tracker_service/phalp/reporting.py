"""Who of the living people is reported in a frame.

The result of a whole video names confirmed people, back-filled once they are. A live answer cannot be changed later, so
it names tentative people at once; those nobody has seen for a while are mostly false detections and are named only
where the frame would otherwise be empty. From the first sighting on a live frame is therefore empty only when no track
lives.
"""

from collections.abc import Collection, Iterable, Sequence

from tracker_service.phalp.carrying import visible_part
from tracker_service.types import PersonState, TrackedPerson


def visible_people(
    people: Iterable[TrackedPerson], frame_size: tuple[int, int], least_visible: float
) -> list[TrackedPerson]:
    """Return those of whom enough is within the frame of (width, height); who was seen, was there.

    Args:
        people: records of one or several frames.
        frame_size: width and height in pixels.
        least_visible: part of a predicted person's box that must lie in the frame. Raising it lets people who leave
            vanish sooner.
    """
    return [
        person
        for person in people
        if person.state is PersonState.SEEN or visible_part(person.box, frame_size) >= least_visible
    ]


def live_people(
    people: Sequence[TrackedPerson],
    confirmed: Collection[int],
    frame_size: tuple[int, int],
    *,
    least_visible: float,
    doubtful_age: int,
) -> list[TrackedPerson]:
    """Return whom a live answer names: of all who live in a frame, the first of these groups that is not empty.

    1. everybody visible (see `visible_people`), except tentative people unseen for more than ``doubtful_age`` frames;
    2. confirmed people, although expected outside the frame;
    3. tentative people.

    Args:
        people: everybody who lives, in one frame.
        confirmed: track ids of those who are confirmed.
        frame_size: width and height in pixels.
        least_visible: see `visible_people`.
        doubtful_age: unseen frames after which a tentative person is doubted. Raising it shows false detections longer.
    """
    sure = [person for person in people if person.track_id in confirmed or person.age <= doubtful_age]
    known = [person for person in people if person.track_id in confirmed]
    return visible_people(sure, frame_size, least_visible) or known or list(people)
