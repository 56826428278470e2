"""Names that clients send: one that nothing reads is an error that offers the nearest one."""

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel

from tracker_service.api.http.errors import http_error

_SIMILAR = 0.5
_LONGEST_SHOWN, _MOST_SHOWN = 64, 3


def check_names(sent: Collection[str], known: Collection[str], elsewhere: Mapping[str, Collection[str]]) -> None:
    """Check that every name that a client sent means something.

    Args:
        sent: the names of form fields, of fields of a JSON body, or of query parameters.
        known: the names that are read there.
        elsewhere: names that are read in another part of the request, by what that part is called.

    Raises:
        HTTPException: 422, with the first unknown names and the nearest known one, or all of them where none is near.
    """
    if unknown := sorted(set(sent) - set(known)):
        shown = (f"{name[:_LONGEST_SHOWN]!r}{_advice(name, known, elsewhere)}" for name in unknown[:_MOST_SHOWN])
        raise http_error(422, "; ".join(shown))


def query_names(request: Request) -> frozenset[str]:
    """Return the names of the query parameters that the route of a request reads."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return frozenset()
    names: set[str] = set()
    for parameter in route.dependant.query_params:
        kind = parameter.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= kind.model_fields.keys()
        else:
            names.add(parameter.alias)
    return frozenset(names)


async def check_query(request: Request) -> None:
    """Check the query of a request; to be a dependency of all routes.

    A route that reads neither query nor body ignores what comes: pollers append times to defeat caches.

    Raises:
        HTTPException: 422, see `check_names`.
    """
    if request.query_params:
        known, body = query_names(request), _body_names(request)
        if known or body:
            check_names(request.query_params.keys(), known, {"body": body})


def _body_names(request: Request) -> frozenset[str]:
    """Return the names that the documentation of the route has for forms and JSON bodies."""
    documented: Mapping[str, Any] = getattr(request.scope.get("route"), "openapi_extra", None) or {}
    content = documented.get("requestBody", {}).get("content", {}).values()
    return frozenset(name for kind in content for name in kind["schema"].get("properties", ()))


def _advice(name: str, known: Collection[str], elsewhere: Mapping[str, Collection[str]]) -> str:
    places = {other: f" in the {part}" for part, others in elsewhere.items() for other in others}
    places |= dict.fromkeys(known, "")
    near = difflib.get_close_matches(name.lower(), sorted(places), n=1, cutoff=_SIMILAR)
    if near == [name]:
        return f" is expected{places[name]}"
    if near:
        return f" is unknown; did you mean {near[0]}{places[near[0]]}?"
    return f" is unknown; expected {', '.join(sorted(known)) or 'none here'}"
