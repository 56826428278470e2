"""Valid bytes that are changed here and there: what hypothesis gives parsers."""

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "30"))
"""Of every test; by hand more are tried: ``FUZZ_EXAMPLES=20000 python -m pytest tests/hostile/test_parsers.py``."""
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
ODD_VALUES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just([]) | st.just({})
)


@st.composite
def mutated(draw: st.DrawFn, original: bytes, tokens: tuple[bytes, ...] = ()) -> bytes:
    """Bytes of which some places are cut out, doubled or replaced, also by one of ``tokens``."""
    changed = original
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(changed)))
        end = min(len(changed), start + draw(st.integers(0, 40)))
        new = draw(st.binary(max_size=8) | st.sampled_from([b"", changed[start:end] * 2, *tokens]))
        changed = changed[:start] + new + changed[end:]
    return changed


@st.composite
def with_odd_values(draw: st.DrawFn, original: Any) -> Any:
    """A JSON value in which one value, at any depth, is another one or gone."""
    if isinstance(original, dict) and original and draw(st.integers(0, 3)):
        name = draw(st.sampled_from(sorted(original)))
        others = {key: value for key, value in original.items() if key != name}
        return others if draw(st.integers(0, 4)) == 0 else {**others, name: draw(with_odd_values(original[name]))}
    if isinstance(original, list) and original and draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(original) - 1))
        return [*original[:place], draw(with_odd_values(original[place])), *original[place + 1 :]]
    return draw(ODD_VALUES)
