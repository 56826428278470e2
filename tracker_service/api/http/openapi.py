"""What ``/openapi.json`` says beyond the routes: how to send an API key, and the limits."""

from typing import Any

from fastapi import FastAPI

from tracker_service.api.http.access_control import OPEN_PATHS
from tracker_service.api.service_parameters import Limits

_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "where the service has keys"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "the same keys"},
}
# The first entry: no key, where the service has none.
_SECURITY: list[dict[str, list[str]]] = [{}, {"bearer": []}, {"key": []}]


class DocumentedApp(FastAPI):
    """An app whose documentation includes keys and limits."""

    limits: Limits

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document; made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            document["info"]["description"] = _limits_in_words(self.limits)
            document.setdefault("components", {})["securitySchemes"] = _SCHEMES
            for path, operations in document["paths"].items():
                for operation in operations.values():
                    operation["security"] = [] if path in OPEN_PATHS else _SECURITY
        return self.openapi_schema or {}


def _limits_in_words(limits: Limits) -> str:
    return (
        f"Limits here: JSON and image bodies {limits.body_bytes} bytes, images {limits.image_pixels} pixels, uploaded "
        f"videos {limits.upload_bytes} bytes, {limits.client_requests} requests of one client at a time. An error is "
        '`{"error": ..., "request_id": ...}`; 429 and 503 say in `Retry-After` when to come again.'
    )
