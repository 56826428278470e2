"""How error answers are documented, for all routes."""

from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Responses: TypeAlias = dict[int | str, dict[str, Any]]


class ErrorAnswer(BaseModel):
    """Every answer of status 400 and above, health routes aside."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"error": "image: expected JPEG or PNG, got GIF", "request_id": "5f0c3b"}]}
    )

    error: str = Field(description="what was expected and what came, in one line")
    request_id: str = Field(description="as in the header X-Request-Id; name it when you report a problem")


_MEANINGS = {
    400: "What was sent cannot be understood",
    401: "No valid API key",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "The body did not arrive in time",
    409: "Not possible in this state",
    413: "Too large",
    415: "Unsupported format",
    416: "The range begins beyond the end of the file",
    422: "A value has a wrong type or is out of range",
    429: "Too many requests of one client at a time; see Retry-After",
    500: "Internal error",
    503: "Not available now; see Retry-After",
}
_RETRY = {429, 503}


def errors(*statuses: int) -> Responses:
    """Return the documentation of the error answers of a route."""
    return {status: _error(status) for status in statuses}


def _error(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {"model": ErrorAnswer, "description": _MEANINGS[status]}
    if status in _RETRY:
        answer["headers"] = {
            "Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}}
        }
    return answer
