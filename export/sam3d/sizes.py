"""The sizes of SAM 3D Body's ViT-H model and of its body, MHR."""

from dataclasses import dataclass

CROP_SIZE = 512
"""Side of the square crop, pixels; the trunk reads its middle columns."""
PATCH = 16


@dataclass(frozen=True, slots=True)
class RigSizes:
    """Of a body like MHR (level of detail 1).

    Attributes:
        joints: of the skeleton.
        vertices: of the mesh.
        shapes: numbers of the body's shape.
        keypoints: points that the network reads back.
        corrective: hidden units of the layer that corrects the surface by the pose.
        influences: most joints that move one vertex.
    """

    joints: int = 127
    vertices: int = 18439
    shapes: int = 45
    keypoints: int = 70
    corrective: int = 3000
    influences: int = 8


@dataclass(frozen=True, slots=True)
class Sam3dSizes:
    """Channels and depths.

    Attributes:
        embed_dim: channels of a trunk token.
        depth: trunk blocks.
        heads: attention heads of a trunk block.
        rows, columns: patches that the trunk reads.
        decoder_dim: channels of a decoder token.
        decoder_depth: decoder layers.
        decoder_heads: attention heads of a decoder layer.
        decoder_head_dim: channels of one of them.
        decoder_mlp_dim: hidden channels of a decoder layer's feed-forward part, and of the heads.
        bands: frequencies of the ray encoding.
        rig: of the body.
    """

    embed_dim: int = 1280
    depth: int = 32
    heads: int = 16
    rows: int = 32
    columns: int = 24
    decoder_dim: int = 1024
    decoder_depth: int = 6
    decoder_heads: int = 8
    decoder_head_dim: int = 64
    decoder_mlp_dim: int = 1024
    bands: int = 16
    rig: RigSizes = RigSizes()

    @property
    def cut(self) -> int:
        """Pixels of the crop that are not read at its left, and as many at its right."""
        return (CROP_SIZE - PATCH * self.columns) // 2


PUBLISHED = Sam3dSizes()
REDUCED = Sam3dSizes(
    embed_dim=32,
    depth=1,
    heads=2,
    decoder_dim=48,
    decoder_depth=3,
    decoder_heads=2,
    decoder_head_dim=16,
    decoder_mlp_dim=32,
    rig=RigSizes(vertices=600, corrective=24),
)
"""For tests: the same parts, small; the crop, its patches and the skeleton keep their sizes."""
