"""Writes docs/settings.md and docs/limits.md from where settings are declared: ``python -m harness.settings_table``.

A value's explanation is the entry under "Attributes:" of the dataclass that declares it. An explanation that names an
HTTP status (400 to 599) is that of a limit.
"""

import re
import types
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from inspect import cleandoc, get_annotations
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from tracker_service.settings import Settings
from tracker_service.types.bounds import bounds_in_words

DOCS = Path(__file__).resolve().parents[1] / "docs"
LIMITS = "limits."

_ENTRY = re.compile(r"^    (\w+(?:, \w+)*): (.*)$")
_STATUS = re.compile(r"\b[45]\d\d\b")
_UNITS = (("GiB", 1 << 30), ("MiB", 1 << 20))
_WORDS: dict[Any, str] = {bool: "true, false", int: "number", float: "number", Path: "path", tuple: "JSON list"}
_NOTE = "Written by `python -m harness.settings_table` from where each value is declared; do not edit by hand."
_SETTINGS_INTRODUCTION = """\
A setting is given as `name=value` behind a command (`track clip.mp4 phalp.n_init=3`), as an environment variable
(`PHALP_TRITON_PHALP__N_INIT=3`), or as a keyword of the library. Defaults of `phalp` may differ with the model set."""
_LIMITS_INTRODUCTION = """\
What the HTTP service refuses, and with which status. Each limit is a [setting](settings.md):
`serve limits.client_requests=8`, or `PHALP_TRITON_LIMITS__CLIENT_REQUESTS=8` in the environment. A video of
5,312 x 2,988 pixels, as cameras of 5.3K write it, needs `limits.video_pixels=15872256`."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that can be set.

    Attributes:
        name: dotted name.
        default: as text.
        allowed: what it may be, as text.
        meaning: its explanation.
    """

    name: str
    default: str
    allowed: str
    meaning: str

    @property
    def is_limit(self) -> bool:
        """Whether the HTTP service refuses something because of it."""
        return self.name.startswith(LIMITS) or _STATUS.search(self.meaning) is not None

    @property
    def row(self) -> str:
        """The row of a table in Markdown."""
        cells = (f"`{self.name}`", self.default, self.allowed, self.meaning)
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def settings() -> list[Setting]:
    """Return every setting, in the order of the tree."""
    alone = _entries(Settings.__doc__)
    found: list[Setting] = []
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and is_dataclass(field.annotation):
            found += _of_group(name, field.annotation)
        else:
            found.append(Setting(name, _default(name, field.default), _kind(field.annotation), alone[name]))
    return found


def settings_page() -> str:
    """Return docs/settings.md."""
    parts = [f"# Settings\n\n{_SETTINGS_INTRODUCTION}\n"]
    found = settings()
    for group in dict.fromkeys(_group(setting) for setting in found):
        title = f"`{group}`" if group else "Without a group"
        parts.append(f"## {title}\n\n{_table(setting for setting in found if _group(setting) == group)}\n")
    return "\n".join((*parts, f"{_NOTE}\n"))


def limits_page() -> str:
    """Return docs/limits.md."""
    table = _table(setting for setting in settings() if setting.is_limit)
    return f"# Limits\n\n{_LIMITS_INTRODUCTION}\n\n{table}\n\n{_NOTE}\n"


PAGES = {"settings.md": settings_page, "limits.md": limits_page}
"""File in docs/ and what writes it."""


def _group(setting: Setting) -> str:
    return setting.name.rpartition(".")[0]


def _table(chosen: Iterator[Setting]) -> str:
    return "\n".join(("| name | default | allowed | meaning |", "|---|---|---|---|", *(each.row for each in chosen)))


def _of_group(group: str, kind: type) -> Iterator[Setting]:
    hints, bounds = get_type_hints(kind, include_extras=True), bounds_in_words(kind)
    for field in fields(kind):
        declaring = next(each for each in kind.__mro__ if field.name in get_annotations(each))
        yield Setting(
            f"{group}.{field.name}",
            _default(field.name, _value(field)),
            bounds[field.name] or _kind(hints[field.name]),
            _entries(declaring.__doc__)[field.name],
        )


def _value(field: "Field[Any]") -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _default(name: str, value: Any) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and name.endswith("_bytes"):
        unit = next(((word, size) for word, size in _UNITS if value % size == 0 and value >= size), None)
        return f"{value}" if unit is None else f"{value} ({value // unit[1]} {unit[0]})"
    if isinstance(value, float):
        return f"{value!r}".removesuffix(".0")
    if isinstance(value, Path):
        return f"`{value.relative_to(DOCS.parent) if value.is_relative_to(DOCS.parent) else value}`"
    return f"{value}" if isinstance(value, int) else f"`{value}`"


def _kind(annotation: Any) -> str:
    """Return a type in words."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(parts[0])
    if origin in (Union, types.UnionType):
        return ", ".join(dict.fromkeys("none" if part is type(None) else _kind(part) for part in parts))
    if origin is Literal:
        return ", ".join(map(str, parts))
    return _WORDS.get(origin or annotation, "text")


def _entries(docstring: str | None) -> dict[str, str]:
    """Return the explanations under "Attributes:" by name."""
    lines = cleandoc(docstring or "").partition("Attributes:\n")[2].splitlines()
    found: dict[str, str] = {}
    names: list[str] = []
    for line in lines:
        if entry := _ENTRY.match(line):
            names = entry[1].split(", ")
            found |= dict.fromkeys(names, entry[2])
        elif line.startswith("     ") and names:
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
        elif line and not line.startswith(" "):
            break
    return {name: text.replace("``", "`") for name, text in found.items()}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())


if __name__ == "__main__":
    main()
