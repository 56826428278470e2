"""How many places in the world of a run can be relied on, and why not the others: counted as its frames pass by."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tracker_service.results.records import FrameRecord
from tracker_service.types import FrameResult, PersonState, WorldDoubt


@dataclass(slots=True)
class WorldCounts:
    """Person-frames of people who were seen and placed in the world.

    Attributes:
        placed: how many.
        reliable: those whose place can be relied on.
        assumed: those of frames whose focal length is not known.
        doubts: those whose place cannot be relied on, by every reason.
    """

    placed: int = 0
    reliable: int = 0
    assumed: int = 0
    doubts: Counter[str] = field(default_factory=Counter)

    def add(self, frame: FrameResult | FrameRecord) -> None:
        """Count the people of one frame; nothing of those who were not placed."""
        for person in frame.persons:
            if person.state is not PersonState.SEEN or person.world is None or person.world.doubts is None:
                continue
            self.placed += 1
            self.reliable += person.world.reliable
            self.assumed += frame.calibration is None
            self.doubts.update(map(str, person.world.doubts))

    def to_json(self) -> dict[str, Any]:
        """Return the counts as JSON values, the reasons in a fixed order."""
        doubts = {str(name): self.doubts[name] for name in WorldDoubt if self.doubts[name]}
        return {"placed": self.placed, "reliable": self.reliable, "assumed": self.assumed, "doubts": doubts}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Go on where `to_json` was taken; nothing was counted by earlier versions."""
        placed, reliable, assumed = (int(values.get(name, 0)) for name in ("placed", "reliable", "assumed"))
        return cls(placed, reliable, assumed, Counter(values.get("doubts", {})))

    def share(self, doubt: WorldDoubt) -> float:
        """Return the share of the placed person-frames that have ``doubt``; 0 where nobody was placed."""
        return self.doubts[doubt] / self.placed if self.placed else 0.0
