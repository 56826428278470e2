"""Which tracks are reported in a frame.

The result of a whole video reports confirmed tracks, back-filled once they are. A live answer cannot be changed later,
so it reports tentative tracks at once; those that were missed for a while are mostly false detections and are reported
only where the frame would otherwise be empty. From the first sighting on a live frame is therefore empty only when
there is no track.

People against whom the evidence speaks are lost: they are reported, as such, only in frames that would otherwise be
empty, so that whoever needs a pose in every frame has one.
"""

from collections.abc import Collection, Iterable, Sequence

from tracker_service.phalp.missed_tracks import visible_part
from tracker_service.types import PersonState, TrackedPerson


def visible_people(
    people: Iterable[TrackedPerson], frame_size: tuple[int, int], least_visible: float
) -> list[TrackedPerson]:
    """Return the seen people, and those of the others of whom enough is within the frame.

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


def without_lost(people: Iterable[TrackedPerson]) -> list[TrackedPerson]:
    """Return the people of one frame who are not lost; where all are, those who were seen last."""
    everybody = list(people)
    found = [person for person in everybody if person.state is not PersonState.LOST]
    return found or seen_last(everybody)


def seen_last(people: Collection[TrackedPerson]) -> list[TrackedPerson]:
    """Return those of the people whose last sighting is the latest."""
    youngest = min((person.age for person in people), default=0)
    return [person for person in people if person.age == youngest]


def live_people(
    people: Sequence[TrackedPerson],
    confirmed: Collection[int],
    frame_size: tuple[int, int],
    *,
    least_visible: float,
    tentative_misses: int,
) -> list[TrackedPerson]:
    """Return whom a live answer reports: of all tracks in a frame, the first of these groups that is not empty.

    1. everybody visible (see `visible_people`) who is not lost, except tentative people missed for more than
       ``tentative_misses`` frames;
    2. confirmed people, although lost or predicted outside the frame: those seen last;
    3. tentative people.

    Args:
        people: of all tracks, in one frame.
        confirmed: track ids of those who are confirmed.
        frame_size: width and height in pixels.
        least_visible: see `visible_people`.
        tentative_misses: missed frames after which a tentative person is left out. Raising it shows false detections
            for longer.
    """
    recent = [person for person in people if person.track_id in confirmed or person.age <= tentative_misses]
    certain = [person for person in people if person.track_id in confirmed]
    shown = [person for person in recent if person.state is not PersonState.LOST]
    return visible_people(shown, frame_size, least_visible) or seen_last(certain) or list(people)
