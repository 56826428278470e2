"""The OpenAPI document of the service at its defaults.

The TypeScript client is generated from it:
``python -m harness.openapi_document | npm --prefix clients/typescript run generate``.
"""

from typing import Any

import orjson

from tracker_service.api.app import create_app
from tracker_service.settings import load_settings


def openapi_document() -> dict[str, Any]:
    """Return the document."""
    return create_app(load_settings({})).openapi()


if __name__ == "__main__":
    print(orjson.dumps(openapi_document(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode())
