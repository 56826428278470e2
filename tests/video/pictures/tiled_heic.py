"""A HEIC picture in tiles, as phones write it: a grid item of HEVC pictures (ISO/IEC 23008-12, 6.6.2.3)."""

import io
import struct
from pathlib import Path

from PIL import Image
from pillow_heif import from_pillow

from tracker_service.types import UInt8

TILE = 64
_HIDDEN = 1
"""Flag of items that are no pictures of their own."""


def write_tiled_heic(path: Path, image: UInt8) -> Path:
    """Write an image of whole tiles, row by row, as items 2 and following of grid item 1."""
    height, width = image.shape[:2]
    corners = [(y, x) for y in range(0, height, TILE) for x in range(0, width, TILE)]
    encoded = [_encoded(image[y : y + TILE, x : x + TILE]) for y, x in corners]
    grid = struct.pack(">BBBBHH", 0, 0, height // TILE - 1, width // TILE - 1, width, height)
    data = [grid, *(_payload(one) for one in encoded)]
    start = encoded[0].index(b"hvcC") - 4
    decoder = encoded[0][start : start + struct.unpack(">I", encoded[0][start : start + 4])[0]]
    kind = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    meta = _meta(width, height, decoder, [len(item) for item in data], 0)
    first = len(kind) + len(meta) + 8
    meta = _meta(width, height, decoder, [len(item) for item in data], first)
    path.write_bytes(kind + meta + _box(b"mdat", b"".join(data)))
    return path


def _encoded(tile: UInt8) -> bytes:
    stream = io.BytesIO()
    from_pillow(Image.fromarray(tile)).save(stream, format="HEIF", quality=90)
    return stream.getvalue()


def _payload(file: bytes) -> bytes:
    """What the box ``mdat`` of a picture with one item holds."""
    position = 0
    while file[position + 4 : position + 8] != b"mdat":
        position += int.from_bytes(file[position : position + 4], "big")
    return file[position + 8 : position + int.from_bytes(file[position : position + 4], "big")]


def _meta(width: int, height: int, decoder: bytes, lengths: list[int], first: int) -> bytes:
    items = range(1, len(lengths) + 1)
    offsets = [first + sum(lengths[:number]) for number in range(len(lengths))]
    names = [struct.pack(">HH4sB", item, 0, b"grid" if item == 1 else b"hvc1", 0) for item in items]
    entries = [_full(b"infe", 2, name, flags=_HIDDEN * (item > 1)) for item, name in zip(items, names, strict=True)]
    locations = [struct.pack(">HHHII", item, 0, 1, offsets[item - 1], lengths[item - 1]) for item in items]
    tiles = struct.pack(f">HH{len(items) - 1}H", 1, len(items) - 1, *items[1:])
    sizes = _size(width, height) + _size(TILE, TILE)
    properties = [struct.pack(">HBB", 1, 1, 1), *(struct.pack(">HBBB", item, 2, 2, 0x83) for item in items[1:])]
    return _full(
        b"meta",
        0,
        _full(b"hdlr", 0, bytes(4) + b"pict" + bytes(13))
        + _full(b"pitm", 0, struct.pack(">H", 1))
        + _full(b"iinf", 0, struct.pack(">H", len(entries)) + b"".join(entries))
        + _full(b"iref", 0, _box(b"dimg", tiles))
        + _box(
            b"iprp",
            _box(b"ipco", sizes + decoder)
            + _full(b"ipma", 0, struct.pack(">I", len(properties)) + b"".join(properties)),
        )
        + _full(b"iloc", 0, struct.pack(">BBH", 0x44, 0, len(locations)) + b"".join(locations)),
    )


def _size(width: int, height: int) -> bytes:
    return _full(b"ispe", 0, struct.pack(">II", width, height))


def _full(kind: bytes, version: int, content: bytes, flags: int = 0) -> bytes:
    return _box(kind, bytes([version, 0, 0, flags]) + content)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content
