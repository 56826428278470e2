"""HMR2.0 from uint8 crops to body, camera and mesh: the `hmr2` graph of the design's contract."""

from typing import TypeAlias

import torch
from torch import Tensor, nn

from export.body.body_model import BodyModel
from export.body.layer import SmplLayer
from export.hmr2.backbone import IMAGE_WIDTH, Backbone
from export.hmr2.camera import CROP_SIZE
from export.hmr2.decoder import BodyParameters, Decoder
from export.hmr2.rotation import rotation_from_6d
from export.hmr2.sizes import PUBLISHED, Hmr2Sizes
from tracker_service.types.smpl import NUMBER_OF_ROTATIONS

OUTPUT_NAMES = ("global_orient", "body_pose", "betas", "pred_cam", "joints_3d", "vertices", "presence")
"""Names of the outputs, in the order of `Hmr2.forward`."""
INPUT_NAMES = ("crops",)

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
"""ImageNet's mean and standard deviation, RGB, for grey levels in [0, 1]."""
Outputs: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
_CUT = (CROP_SIZE - IMAGE_WIDTH) // 2


class CropNormalisation(nn.Module):
    """uint8 RGB to what networks trained on ImageNet read."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN) * 255, persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION) * 255, persistent=False)

    def forward(self, crops: Tensor) -> Tensor:
        """Return (B, 3, H, W) FP32, (v - 255 mean) / (255 deviation), of (B, H, W, 3) uint8 crops."""
        return ((crops.float() - self.mean) / self.deviation).permute(0, 3, 1, 2)


class SmplRegressor(nn.Module):
    """What the networks of the family share: the crop's preparation, the trunk, and the body that is posed.

    Weights take no memory until a checkpoint's take their place (`export.hmr2.checkpoint.build`).

    Args:
        body: the SMPL body it poses.
        sizes: channels and depths.
    """

    def __init__(self, body: BodyModel, sizes: Hmr2Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.normalisation = CropNormalisation()
        with torch.device("meta"):
            self.backbone = Backbone(sizes.embed_dim, sizes.depth, sizes.heads)
        self.body = SmplLayer(body)

    def features(self, crops: Tensor) -> Tensor:
        """Return the (B, 192, embed_dim) features of (B, 256, 256, 3) uint8 RGB crops; columns 32 to 223 are read."""
        # TensorRT takes bytes only where they are converted at once: cut afterwards.
        features: Tensor = self.backbone(self.normalisation(crops.float()[:, :, _CUT:-_CUT]))
        return features

    def outputs(self, rotations: Tensor, betas: Tensor, camera: Tensor) -> Outputs:
        """Return the outputs of the contract, in the order of `OUTPUT_NAMES`.

        Args:
            rotations: (B, 24, 3, 3), the pelvis first.
            betas: (B, 10).
            camera: (B, 3) weak perspective (s, tx, ty).

        Returns:
            global_orient (B, 1, 3, 3), body_pose (B, 23, 3, 3), betas (B, 10), pred_cam (B, 3), joints_3d (B, 44, 3)
            and vertices (B, V, 3) in metres of model space, presence (B, 1), which is 1: the family has no opinion on
            whether there is a person. All FP32.
        """
        joints, vertices = self.body(rotations, betas)
        return rotations[:, :1], rotations[:, 1:], betas, camera, joints, vertices, torch.ones_like(camera[:, :1])


class Hmr2(SmplRegressor):
    """The whole network.

    Args:
        body: the SMPL body it poses.
        sizes: channels and depths; the published ones by default.
    """

    def __init__(self, body: BodyModel, sizes: Hmr2Sizes = PUBLISHED) -> None:
        super().__init__(body, sizes)
        with torch.device("meta"):
            self.decoder = Decoder(sizes)

    def parameters_of(self, image: Tensor) -> BodyParameters:
        """Return the body parameters for (B, 3, 256, 192) normalised images."""
        parameters: BodyParameters = self.decoder(self.backbone(image))
        return parameters

    def forward(self, crops: Tensor) -> Outputs:
        """Regress the bodies in (B, 256, 256, 3) uint8 RGB square crops; see `SmplRegressor.outputs`."""
        pose, betas, camera = self.decoder(self.features(crops))
        return self.outputs(rotation_from_6d(pose.reshape(-1, NUMBER_OF_ROTATIONS, 6)), betas, camera)
