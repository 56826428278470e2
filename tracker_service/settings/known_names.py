"""The names that settings have, and an error that offers the nearest one for a name that nothing reads."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass

from pydantic.fields import FieldInfo

from tracker_service.errors import SettingsError

_OTHER_PROGRAMS = re.compile(r"EXPORT_\w+|CACHE|TORCH")
"""Variables with our prefix that the export and the harness read."""
_KUBERNETES = re.compile(r"(\w+_)?SERVICE_(HOST|PORT(_\w+)?)|(\w+_)?PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?")
"""What Kubernetes adds for every service whose name begins with ours."""


def dotted_keys(groups: Mapping[str, FieldInfo]) -> list[str]:
    """Return all dotted keys of a settings tree, given its fields."""
    keys: list[str] = []
    for name, field in groups.items():
        group = field.annotation
        keys += [f"{name}.{leaf.name}" for leaf in fields(group)] if is_dataclass(group) else [name]
    return keys


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of an error message that offers the known name nearest to an unknown one; empty if none is."""
    nearest = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f"; did you mean {nearest[0]}?" if nearest else ""


def check_environment(environment: Mapping[str, str], prefix: str, delimiter: str, keys: Iterable[str]) -> None:
    """Make sure that every variable with our prefix is a setting: pydantic would ignore the others silently.

    Args:
        environment: variables of the process.
        prefix: of the variables that are settings.
        delimiter: between a group and a name.
        keys: dotted names of the settings.

    Raises:
        SettingsError: one is not; the message offers the nearest name.
    """
    known = {prefix + key.upper().replace(".", delimiter) for key in keys}
    known |= {prefix + key.partition(".")[0].upper() for key in keys}  # a whole group as JSON
    for name in environment:
        own = name.upper()
        if not own.startswith(prefix) or own in known:
            continue
        rest = own.removeprefix(prefix)
        added = "KUBERNETES_SERVICE_HOST" in environment and _KUBERNETES.fullmatch(rest)
        if not added and not _OTHER_PROGRAMS.fullmatch(rest):
            raise SettingsError(f"environment: unknown setting {name}{did_you_mean(own, known)}")
