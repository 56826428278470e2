"""Other names of settings: those of upstream's configuration, and those of our own that have moved."""

from collections.abc import Mapping
from typing import Any

OTHER_NAMES = {
    "use_gt": "phalp.use_gt",
    "device": "inference.device",
    "phalp.start_frame": "video.start_frame",
    "phalp.end_frame": "video.end_frame",
    "inference.workers": "pipeline.workers",
    "inference.decoder_threads": "video.decoder_threads",
}
"""Dotted name in PHALP's configuration or in an earlier version, and where the value is declared."""


def with_present_names(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a nested dict in which other names are replaced by the present ones; those win where both are given."""
    found: dict[str, Any] = {
        group: dict(values) if isinstance(values, Mapping) else values for group, values in tree.items()
    }
    for other, present in OTHER_NAMES.items():
        value = _taken(found, other)
        group, _, name = present.partition(".")
        if value is not None and isinstance(found.setdefault(group, {}), dict):
            found[group].setdefault(name, value)
    return found


def _taken(tree: dict[str, Any], key: str) -> Any:
    group, _, name = key.rpartition(".")
    values = tree.get(group) if group else tree
    return values.pop(name, None) if isinstance(values, dict) else None
