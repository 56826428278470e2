"""What notebooks call to show an object. How it looks is told by the library, which knows joints and colours."""

from collections.abc import Callable
from typing import Any, TypeVar

Shown = TypeVar("Shown")

_VIEWS: dict[type, Callable[[Any], str]] = {}


def show_as(kind: type[Shown], view: Callable[[Shown], str]) -> None:
    """Show objects of exactly this type as the HTML that ``view`` returns."""
    _VIEWS[kind] = view


class ShownInNotebooks:
    """Gives a type `_repr_html_`; its objects show themselves as text until `show_as` has said how."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        view = _VIEWS.get(type(self))
        return None if view is None else view(self)
