"""The one rule about frames that every result file shares: in order, without gaps, each track once a frame."""

from tracker_service.errors import ContractError
from tracker_service.types import FrameResult


class FrameOrder:
    """Checks that frames arrive one after another; the first may have any number (``--start``).

    Attributes:
        count: frames accepted so far.
    """

    def __init__(self) -> None:
        self.count = 0
        self._expected: int | None = None

    def accept(self, result: FrameResult) -> int:
        """Return the index of the frame among the accepted ones, from 0.

        Raises:
            ContractError: the frame is not the next one, holds a person of another frame, or a track id twice.
        """
        number = result.frame_number
        if self._expected is not None and number != self._expected:
            raise ContractError(f"frame_number: expected frame {self._expected} next, got frame {number}")
        _check_persons(result)
        index = self.count
        self.count += 1
        self._expected = number + 1
        return index


def _check_persons(result: FrameResult) -> None:
    seen: set[int] = set()
    for person in result.persons:
        if person.frame_number != result.frame_number:
            raise ContractError(
                f"frame {result.frame_number}, track {person.track_id}: expected a person of this frame,"
                f" got one of frame {person.frame_number}"
            )
        if person.track_id in seen:
            raise ContractError(
                f"frame {result.frame_number}: expected each track once, got track {person.track_id} twice"
            )
        seen.add(person.track_id)
