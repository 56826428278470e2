"""Run a coroutine for its result."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def result_of(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Return what ``coroutine`` returns in an event loop of its own.

    Unlike ``asyncio.run``, which in the main thread of Python 3.11 lets ``signal`` print its main task twice, result
    included: seconds where that holds arrays.
    """
    results: list[Result] = []

    async def main() -> None:
        results.append(await coroutine)

    asyncio.run(main())
    return results[0]
