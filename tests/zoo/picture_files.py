"""Makes odd picture files and folders of them: four coloured quarters in every format, mode and orientation."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pillow_heif import from_pillow

from tests.video.clips import HEIGHT, WIDTH, corner_image
from tests.video.pictures.tiled_heic import TILE, write_tiled_heic

Make = Callable[[Path], None]

ORIENTATION = 0x0112
"""Tag of EXIF."""
TURNED: dict[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera stores an upright picture for each value of the tag: the inverse of what a viewer has to do."""


def corners(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Return the picture: red and green above, blue and white below."""
    return Image.fromarray(corner_image(0, width, height))


def picture(mode: str = "RGB", size: tuple[int, int] = (WIDTH, HEIGHT), **options: Any) -> Make:
    """Return a maker of the picture in one of Pillow's modes, in the format that the file's name says."""

    def make(path: Path) -> None:
        image = corners(*size)
        if mode == "P":
            image.quantize(16).save(path, **options)
        elif mode == "RGBA":
            image.putalpha(255)
            image.save(path, **options)
        else:
            image.convert(mode).save(path, **options)

    return make


def grey_of_16_bits(path: Path) -> None:
    """Write what a depth camera writes."""
    grey = np.asarray(corners().convert("L"), np.uint16) * 257
    Image.fromarray(grey).save(path)


def heic(path: Path) -> None:
    """Write the picture as phones do, in one piece."""
    from_pillow(corners()).save(path, format="HEIF", quality=90)


def tiled_heic(path: Path) -> None:
    """Write a larger picture as phones do, in four tiles."""
    write_tiled_heic(path, corner_image(0, 2 * TILE, 2 * TILE))


def clear(path: Path) -> None:
    """Write the picture fully transparent."""
    image = corners()
    image.putalpha(0)
    image.save(path)


def oriented(tag: int, **options: Any) -> Make:
    """Return a maker of the picture as a turned camera stores it, with the tag that says so."""

    def make(path: Path) -> None:
        exif = Image.Exif()
        exif[ORIENTATION] = tag
        corners().transpose(TURNED[tag]).save(path, exif=exif, **options)

    return make


def several(count: int, **options: Any) -> Make:
    """Return a maker of a file of several pictures: an animation, or pages; each shows one blue bar further right."""

    def make(path: Path) -> None:
        images = [corners() for _ in range(count)]
        for number, image in enumerate(images):
            image.paste((20, 20, 220), (8 * number, 28, 8 * number + 4, 36))
        images[0].save(path, save_all=True, append_images=images[1:], **options)

    return make


def cut(make: Make, part: float) -> Make:
    """Return a maker of the first ``part`` of a file's bytes."""

    def made(path: Path) -> None:
        make(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * part)])

    return made


def called(kind: str, mode: str = "RGB") -> Make:
    """Return a maker of a picture of ``kind``, whatever the file is called."""

    def make(path: Path) -> None:
        stored = BytesIO()
        corners().convert(mode).save(stored, kind)
        path.write_bytes(stored.getvalue())

    return make


def folder(files: Mapping[str, Make]) -> Make:
    """Return a maker of a folder of these files."""

    def make(path: Path) -> None:
        path.mkdir()
        for name, make_file in files.items():
            make_file(path / name)

    return make


def sequence(rate: float) -> Make:
    """Return a maker of a sequence folder of three images, as the MOTChallenge lays it out."""

    def make(path: Path) -> None:
        path.mkdir()
        folder({f"{number:06d}.jpg": picture() for number in (1, 2, 3)})(path / "img1")
        (path / "seqinfo.ini").write_text(f"[Sequence]\nname=s\nimDir=img1\nframeRate={rate}\n")

    return make
