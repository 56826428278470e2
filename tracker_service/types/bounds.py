"""Bounds of settings: declared once, in the annotation of the field, and checked whoever builds the dataclass.

A field says ``n_init: Annotated[int, Ge(1)] = 5`` with the constraints of `annotated_types`; pydantic reads the same
annotations where the dataclass is a group of the settings.
"""

from dataclasses import fields
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Interval, Le, Lt

from tracker_service.errors import SettingsError

__all__ = ["Ge", "Gt", "Interval", "Le", "Lt", "bounds_in_words", "check_bounds", "check_value"]


def check_bounds(parameters: Any) -> None:
    """Check every field of a dataclass against its annotation: `Ge`, `Gt`, `Le`, `Lt`, `Interval` and `Literal`.

    To be called from ``__post_init__``. None passes where a field may be None.

    Raises:
        SettingsError: a value is outside; the message names the field, what was expected and what came.
    """
    for name in _declared(type(parameters)):  # type: ignore[arg-type]
        check_value(type(parameters), name, getattr(parameters, name))


def check_value(kind: type, name: str, value: Any) -> None:
    """Check a value that is given by itself for a field of a dataclass against the annotation of that field.

    Raises:
        SettingsError: it is outside; the message as that of `check_bounds`.
    """
    if value is None:
        return
    constraints, choices = _declared(kind)[name]
    if choices and value not in choices:
        raise SettingsError(f"{name}: expected one of {', '.join(map(str, choices))}, got {value!r}")
    if not all(_holds(constraint, value) for constraint in constraints):
        expected = " and ".join(_words(constraint) for constraint in constraints)
        raise SettingsError(f"{name}: expected a number {expected}, got {value}")


def bounds_in_words(kind: type) -> dict[str, str]:
    """Return for every field of a dataclass what its annotation allows: bounds, choices, or "" for neither."""
    return {
        name: ", ".join((*map(str, choices), *(" and ".join(map(_words, bounds)),) * bool(bounds)))
        for name, (bounds, choices) in _declared(kind).items()
    }


@cache
def _declared(kind: type) -> dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]]:
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: _constraints(hints[field.name]) for field in fields(kind)}


def _constraints(annotation: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the bounds and the choices of an annotation, those of the parts of a union included."""
    bounds: list[Any] = []
    choices: list[Any] = []
    if get_origin(annotation) is Literal:
        choices += get_args(annotation)
    elif get_origin(annotation) is Annotated:
        inner, *constraints = get_args(annotation)
        bounds += [part for each in constraints for part in (each if isinstance(each, Interval) else (each,))]
        more = _constraints(inner)
        bounds, choices = [*more[0], *bounds], [*choices, *more[1]]
    else:
        for part in get_args(annotation):
            more = _constraints(part)
            bounds, choices = [*bounds, *more[0]], [*choices, *more[1]]
    return tuple(bounds), tuple(choices)


def _holds(constraint: Any, value: Any) -> bool:
    match constraint:
        case Ge(least):
            return bool(value >= least)
        case Gt(below):
            return bool(value > below)
        case Le(most):
            return bool(value <= most)
        case Lt(above):
            return bool(value < above)
    raise TypeError(f"bounds: expected Ge, Gt, Le, Lt or Interval, got {constraint!r}")


def _words(constraint: Any) -> str:
    match constraint:
        case Ge(least):
            return f">= {least:g}"
        case Gt(below):
            return f"> {below:g}"
        case Le(most):
            return f"<= {most:g}"
        case Lt(above):
            return f"< {above:g}"
    return repr(constraint)
