"""What was checked, how long it took, what was measured; printed as it happens and as a table at the end."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path


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

    def table(self) -> str:
        """Return the steps as a Markdown table."""
        lines = ["| profile | what | time | measured |", "|---|---|---|---|"]
        lines += [
            f"| {step.profile} | {step.name if step.passed else f'FAILED: {step.name}'} | {step.seconds:.1f} s | "
            f"{step.remark} |"
            for step in self.steps
        ]
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """Write the steps as JSON."""
        partial = path.with_name(f"{path.name}.partial")
        partial.write_text(json.dumps([asdict(step) for step in self.steps], indent=1) + "\n")
        partial.replace(path)

    @staticmethod
    def _line(step: Step) -> str:
        mark = "ok  " if step.passed else "FAIL"
        remark = f"  [{step.remark}]" if step.remark else ""
        return f"{mark} {step.profile:<6} {step.seconds:7.1f} s  {step.name}{remark}"
