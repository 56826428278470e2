"""A value, its default and its bounds are declared once: the settings are the rooms' own dataclasses."""

import ast
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from inspect import get_annotations
from pathlib import Path
from typing import Any

import tracker_service
from tracker_service.settings import Settings

PACKAGE = Path(tracker_service.__file__).parent
SHARED_WORDS = {"enable", "workers", "device", "boxes", "fps", "keep", "live", "focal"}
"""Names of different things: what is enabled, whose workers, a device asked for or in use, boxes given or drawn, frames
a second read or drawn, where sessions or which joints are kept, a tracker's mode or the group of cameras, a focal
length that is set or that of one frame."""


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


def class_fields(path: Path) -> Iterator[tuple[str, str]]:
    """Class and name of every field with a default in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value is not None:
                    yield node.name, line.target.id


@cache
def parameters_with_defaults(path: Path) -> tuple[tuple[str, Any], ...]:
    """Name and default of every parameter of a function whose default is a number, a text or a truth value."""
    return tuple(_defaults_in(path))


def _defaults_in(path: Path) -> Iterator[tuple[str, Any]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.args
            positional = given.posonlyargs + given.args
            last = positional[len(positional) - len(given.defaults) :]
            for parameter, default in [
                *zip(last, given.defaults, strict=True),
                *zip(given.kwonlyargs, given.kw_defaults, strict=True),
            ]:
                if isinstance(default, ast.Constant) and default.value is not None:
                    yield parameter.arg, default.value


def test_no_name_stands_in_two_groups() -> None:
    places: dict[str, list[str]] = {}
    for group, name in settings_leaves():
        if name not in SHARED_WORDS:
            places.setdefault(name, []).append(group)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_class_declares_a_setting_a_second_time() -> None:
    names = {name for _, name in settings_leaves()} - SHARED_WORDS | {"model_set", "detect_shots", "overwrite"}
    places: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for kind, name in class_fields(path):
            if name in names:
                places.setdefault(name, set()).add(f"{path.relative_to(PACKAGE)}: {kind}")
    assert {name: sorted(found) for name, found in places.items() if len(found) > 1} == {}


def test_no_function_of_a_room_has_another_default_for_a_setting_of_that_room() -> None:
    differing = []
    for group, kind in groups().items():
        for field in fields(kind):
            owner = declaring_class(kind, field.name)
            room = owner.__module__.split(".")[1]
            default = None if field.default is MISSING else field.default
            for path in (PACKAGE / room).rglob("*.py"):
                differing += [
                    f"{path.relative_to(PACKAGE)}: {name}={value!r}, the setting {group}.{name} has {default!r}"
                    for name, value in parameters_with_defaults(path)
                    if name == field.name and value != default
                ]
    assert differing == []


def test_every_setting_is_explained_where_it_is_declared() -> None:
    silent = [
        f"{group}.{name}"
        for group, name in settings_leaves()
        if name not in (declaring_class(groups()[group], name).__doc__ or "").partition("Attributes:")[2]
    ]
    assert silent == []
