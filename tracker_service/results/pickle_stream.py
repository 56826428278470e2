"""A pickled dict that is written item by item, so that it never has to be in memory as a whole.

A pickle is a program for a small stack machine: "empty dict", then "key, value, set item" for every item, then "stop".
Writing that program by hand costs nothing but the opcodes between the items; each key and value is pickled by the
standard library. Compressed with zlib, the result is one of the forms that ``joblib.load`` recognises.

Arrays and scalars are pickled through names that NumPy 1 and NumPy 2 share (``numpy.ndarray``, ``numpy.dtype``, the
scalar types); NumPy's own pickles name private modules that moved between the two.
"""

import io
import pickle
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker_service.errors import ResultsError

COMPRESSION_LEVEL = 3
"""What the original passes to joblib; raising it makes smaller files and takes longer."""

# Protocol 3 numbers its memo entries explicitly (later ones count the reader's), which lets the memo start anew with
# every item: neither the writer nor the reader keeps old items alive.
_PROTOCOL = 3
_HEADER = pickle.PROTO + bytes([_PROTOCOL])
_CHUNK_BYTES = 1 << 18


class PickleProgram:
    """The pickle program of a dict, piece by piece and not compressed."""

    begin = _HEADER + pickle.EMPTY_DICT
    end = pickle.STOP

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._pickler = pickle.Pickler(self._buffer, protocol=_PROTOCOL)
        self._pickler.dispatch_table = {
            np.ndarray: _reduce_array,
            np.float32: _reduce_scalar,
            np.int64: _reduce_scalar,
        }

    def item(self, key: str, value: Any) -> bytes:
        """Return the piece that adds an item; one with a key that was added before replaces the earlier value."""
        return self._of(key) + self._of(value) + pickle.SETITEM

    def _of(self, value: Any) -> bytes:
        self._buffer.seek(0)
        self._buffer.truncate()
        self._pickler.clear_memo()
        self._pickler.dump(value)
        return self._buffer.getvalue()[len(_HEADER) : -len(pickle.STOP)]


class PickleStream:
    """Writes one dict as a zlib-compressed pickle.

    Args:
        write: takes the compressed bytes, in order.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._compressor = zlib.compressobj(COMPRESSION_LEVEL)
        self._program = PickleProgram()
        self._pending = bytearray()
        self._compress(self._program.begin)

    def add(self, key: str, value: Any) -> None:
        """Append one item; a key that was added before replaces its earlier value for the reader."""
        self._compress(self._program.item(key, value))

    def add_items_of(self, chunks: Iterable[bytes]) -> None:
        """Append all items of a dict that another stream has written.

        Args:
            chunks: what it wrote, in pieces of any size.

        Raises:
            ResultsError: they are not what a finished stream writes.
        """
        for program in _items(chunks):
            self._compress(program)

    def finish(self) -> None:
        """End the dict; nothing can be added afterwards."""
        self._compress(self._program.end)
        self._write(bytes(self._pending) + self._compressor.flush())
        self._pending.clear()

    def _compress(self, program: bytes) -> None:
        self._pending += self._compressor.compress(program)
        if len(self._pending) >= _CHUNK_BYTES:
            self._write(bytes(self._pending))
            self._pending.clear()


def _items(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the program of a finished stream without its begin and its end."""
    decompressor, begin, end = zlib.decompressobj(), PickleProgram.begin, PickleProgram.end
    held, begun = b"", False
    try:
        for chunk in chunks:
            held += decompressor.decompress(chunk)
            if not begun and len(held) >= len(begin):
                begun, held = held.startswith(begin), held.removeprefix(begin)
                if not begun:
                    break
            if begun:
                yield held[: -len(end)]
                held = held[-len(end) :]
    except zlib.error as error:
        raise ResultsError(f"tracks: expected a compressed pickle, got {error}") from error
    if not (begun and decompressor.eof and held == end):
        raise ResultsError("tracks: expected a finished pickle of a dict, got one that is cut off or something else")


def _reduce_array(array: NDArray[Any]) -> tuple[Any, ...]:
    # The state is the one ndarray.__setstate__ documents: version, shape, dtype, Fortran order, bytes.
    return np.ndarray, ((0,), array.dtype), (1, array.shape, array.dtype, False, array.tobytes())


def _reduce_scalar(scalar: np.generic) -> tuple[Any, ...]:
    return type(scalar), (scalar.item(),)
