"""A line to a server on which connections break."""

import asyncio
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class BreakingLine:
    """Passes bytes on between clients and a server; ends a connection after some bytes of answers, without a farewell.

    Args:
        url: of the server.
        answer_bytes: what comes through on a connection.
    """

    def __init__(self, url: str, *, answer_bytes: int) -> None:
        self._server = urlsplit(url)
        self._answer_bytes = answer_bytes
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.breaks = 0
        """Connections that were ended."""
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._passed_on, "127.0.0.1"), self._loop)
        self._listener = listening.result()
        self.url = f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._listener.wait_closed()

    async def _passed_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, requests = await asyncio.open_connection(self._server.hostname, self._server.port)
        asking = asyncio.ensure_future(self._copy(reader, requests))
        rest = self._answer_bytes
        try:
            while rest and (data := await answers.read(rest)):
                writer.write(data)
                await writer.drain()
                rest -= len(data)
        except OSError:  # the client has gone
            return
        finally:
            self.breaks += not rest
            asking.cancel()
            for end in (writer, requests):
                end.transport.abort()
                with suppress(OSError):
                    await end.wait_closed()

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data)
