"""What was checked, how long it took, what was measured; printed as it happens and as a table at the end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Step:
    """One thing that was checked.

    Attributes:
        profile: part of the stack it was checked on.
        name: what is true now.
        seconds: how long it took to become or be found true.
        remark: what was measured on the way.
        passed: False if it was not found true.
    """

    profile: str
    name: str
    seconds: float = 0.0
    remark: str = ""
    passed: bool = False


@dataclass(slots=True)
class Report:
    """All steps so far."""

    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, profile: str, name: str) -> Iterator[Step]:
        """Time the block; it is passed if the block ends without an error."""
        step = Step(profile, name)
        self.steps.append(step)
        started = time.monotonic()
        try:
            yield step
            step.passed = True
        finally:
            step.seconds = time.monotonic() - started
            print(self._line(step), flush=True)

    @property
    def passed(self) -> bool:
        """Whether there are steps and all of them passed."""
        return bool(self.steps) and all(step.passed for step in self.steps)

    def rows(self) -> list[dict[str, Any]]:
        """Return the steps as rows of a table."""
        return [
            {
                "profile": step.profile,
                "step": step.name if step.passed else f"FAILED: {step.name}",
                "seconds": step.seconds,
                "outcome": step.remark,
            }
            for step in self.steps
        ]

    @staticmethod
    def _line(step: Step) -> str:
        mark = "ok  " if step.passed else "FAIL"
        remark = f"  [{step.remark}]" if step.remark else ""
        return f"{mark} {step.profile:<6} {step.seconds:7.1f} s  {step.name}{remark}"
