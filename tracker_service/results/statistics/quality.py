"""How many poses of a run are good for what, and why not: counted as its frames pass by."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tracker_service.results.records import PersonRecord
from tracker_service.types import PersonState, QualityReason, TrackedPerson, Usability


@dataclass(slots=True)
class QualityCounts:
    """Person-frames by what their pose is good for.

    Attributes:
        judged: person-frames of people who were seen, by usability.
        predicted: the same of those who were not.
        reasons: person-frames of people who were seen, by reason.
    """

    judged: Counter[str] = field(default_factory=Counter)
    predicted: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, person: TrackedPerson | PersonRecord) -> None:
        """Count one person of one frame; nothing where the pose was not judged."""
        if person.quality is None:
            return
        seen = person.state is PersonState.SEEN
        (self.judged if seen else self.predicted)[str(person.quality.usability)] += 1
        if seen:
            self.reasons.update(map(str, person.quality.reasons))

    def to_json(self) -> dict[str, dict[str, int]]:
        """Return the counts as JSON values, in a fixed order."""
        return {
            "seen": {str(name): self.judged[name] for name in Usability},
            "predicted": {str(name): self.predicted[name] for name in Usability},
            "reasons": {str(name): self.reasons[name] for name in QualityReason if self.reasons[name]},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Go on where `to_json` was taken."""
        return cls(*(Counter(values.get(part, {})) for part in ("seen", "predicted", "reasons")))

    def share(self, reason: QualityReason) -> float:
        """Return the share of the seen person-frames that have ``reason``; 0 where none were judged."""
        total = self.judged.total()
        return self.reasons[reason] / total if total else 0.0
