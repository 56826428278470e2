"""What the service and a decoder process tell each other about an image; the image itself is in shared memory."""

import struct
from typing import NamedTuple


class DecodeRequest(NamedTuple):
    """Bytes of the file in the memory, whether it is a PNG, and the size that its header says."""

    length: int
    png: bool
    width: int
    height: int


class DecodeAnswer(NamedTuple):
    """Whether the memory holds (height, width, 3) bytes of an upright image now; else the file is damaged.

    ``over_diagonal`` is the focal length over the image's diagonal, 0 where the file does not say it.
    """

    decoded: bool
    width: int
    height: int
    over_diagonal: float = 0.0


REQUEST = struct.Struct("<Q?II")
ANSWER = struct.Struct("<?IId")
SETUP = struct.Struct("<QI")
"""Most bytes of addresses, and most seconds of computing for an image: what the process is told first."""
CHANNELS = 3
