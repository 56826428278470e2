"""A value, its default and its bounds are declared once: the settings are the rooms' own dataclasses."""

import ast
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass
from inspect import get_annotations
from pathlib import Path
from typing import Any

import tracker_service
from tracker_service.evaluation.track_evaluation import PersonFilter
from tracker_service.jobs.job import JobOptions
from tracker_service.settings import Settings

PACKAGE = Path(tracker_service.__file__).parent
SHARED_WORDS = {"enable", "workers", "device", "boxes", "fps", "keep", "live", "focal"}
"""Names of different things: what is enabled, whose workers, a device asked for or in use, boxes given or drawn, frames
a second read or drawn, where sessions or which joints are kept, a tracker's mode or the group of cameras, a focal
length that is set or that of one frame."""

SINGLE = {"model_set", "detect_shots", "overwrite"}
"""Settings that stand in no group."""
OPTIONS = (JobOptions, PersonFilter)
"""Classes of options with defaults that are no settings."""
OTHER_MEANINGS = {
    ("command_line/bulk.py", "verify"): "whether the results of an earlier bulk run are read again",
    ("command_line/view.py", "port"): "of a page for one user; 0 takes a free one",
    ("tracing/opentelemetry_tracer.py", "kind"): "of a span",
    ("tracing/spans.py", "kind"): "of a span",
    ("video/live/connection.py", "follow"): "whether playlists and redirections are followed",
    ("video/writer.py", "threads"): "of an encoder",
}
"""Parameters that share their name with a setting and are something else, by file and name."""


def groups() -> dict[str, type]:
    """The groups of the settings tree by name."""
    return {
        name: field.annotation
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and is_dataclass(field.annotation)
    }


def declaring_class(group: type, name: str) -> type:
    """The class of a group's ancestry in whose body a field stands."""
    return next(kind for kind in group.__mro__ if name in get_annotations(kind))


def settings_leaves() -> list[tuple[str, str]]:
    return [(group, field.name) for group, kind in groups().items() for field in fields(kind)]


def class_fields(path: Path) -> Iterator[tuple[str, str, bool]]:
    """Class and name of every field with a default in a file, and whether the default is None."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is not None:
                    empty = isinstance(line.value, ast.Constant) and line.value.value is None
                    yield node.name, line.target.id, empty


def option_names() -> set[str]:
    return {field.name for kind in OPTIONS for field in fields(kind)}


def literal_defaults(path: Path) -> Iterator[tuple[str, Any]]:
    """Name and default of every parameter of a function whose default is written there as a value."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        given = node.args
        positional = given.posonlyargs + given.args
        last = positional[len(positional) - len(given.defaults) :]
        for parameter, default in [
            *zip(last, given.defaults, strict=True),
            *zip(given.kwonlyargs, given.kw_defaults, strict=True),
        ]:
            with suppress(TypeError, ValueError):  # None where there is no default; else it is computed, or a name
                if (value := ast.literal_eval(default or "None")) is not None:
                    yield parameter.arg, value


def test_no_name_stands_in_two_groups() -> None:
    places: dict[str, list[str]] = {}
    for group, name in settings_leaves():
        if name not in SHARED_WORDS:
            places.setdefault(name, []).append(group)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_class_declares_a_setting_or_the_default_of_an_option_a_second_time() -> None:
    names = {name for _, name in settings_leaves()} - SHARED_WORDS | SINGLE
    places: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for kind, name, empty in class_fields(path):
            if name in names or (name in option_names() and not empty):
                places.setdefault(name, set()).add(f"{path.relative_to(PACKAGE)}: {kind}")
    assert {name: sorted(found) for name, found in places.items() if len(found) > 1} == {}


def test_no_function_writes_the_default_of_a_setting_a_second_time() -> None:
    names = {name for _, name in settings_leaves()} | SINGLE | option_names()
    written = {
        (str(path.relative_to(PACKAGE)), name): value
        for path in PACKAGE.rglob("*.py")
        for name, value in literal_defaults(path)
        if name in names
    }
    assert {place: value for place, value in written.items() if place not in OTHER_MEANINGS} == {}
    assert written.keys() == OTHER_MEANINGS.keys()


def test_every_setting_is_explained_where_it_is_declared() -> None:
    silent = [
        f"{group}.{name}"
        for group, name in settings_leaves()
        if name not in (declaring_class(groups()[group], name).__doc__ or "").partition("Attributes:")[2]
    ]
    assert silent == []
