"""PHALP's appearance as one graph: texture map from crop and mesh, and its embedding."""

from torch import Tensor, nn

from export.appearance.encoder import AppearanceEncoder
from export.appearance.texture import TextureSampler
from export.hmr2.camera import crop_translation
from export.hmr2.model import CropNormalisation

INPUT_NAMES = ("crops", "masks", "vertices", "pred_cam")
OUTPUT_NAMES = ("embedding", "uv_map")


class Appearance(nn.Module):
    """The `appearance` graph of the design's contract.

    Args:
        sampler: reads the texture.
        encoder: embeds it.
    """

    def __init__(self, sampler: TextureSampler, encoder: AppearanceEncoder) -> None:
        super().__init__()
        self.normalisation = CropNormalisation()
        self.sampler = sampler
        self.encoder = encoder

    def forward(self, crops: Tensor, masks: Tensor, vertices: Tensor, pred_cam: Tensor) -> tuple[Tensor, Tensor]:
        """Describe how people look.

        Args:
            crops: (B, 256, 256, 3) uint8 RGB.
            masks: (B, 256, 256) uint8, 0 outside the person; 255 everywhere where no mask is known.
            vertices: (B, V, 3) HMR2's vertices for these crops.
            pred_cam: (B, 3) HMR2's camera for these crops.

        Returns:
            (B, 4096) FP32 embedding and (B, 4, 256, 256) FP16 texture map.
        """
        points = vertices + crop_translation(pred_cam)[:, None]
        uv_map = self.sampler(self.normalisation(crops), masks.float(), points)
        return self.encoder(uv_map), uv_map.half()


class EncoderOfMaps(nn.Module):
    """The `appearance_encoder` graph: FP16 texture maps, masked to where a pair overlaps, to embeddings.

    Args:
        encoder: embeds them.
    """

    def __init__(self, encoder: AppearanceEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, uv_map: Tensor) -> Tensor:
        """Return (B, 4096) FP32 embeddings of (B, 4, 256, 256) FP16 maps."""
        embedding: Tensor = self.encoder(uv_map.float())
        return embedding
