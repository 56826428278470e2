"""CameraHMR from uint8 crops and their place in the picture to body, camera and mesh."""

import torch
from torch import Tensor, nn

from export.body.body_model import BodyModel
from export.camerahmr.camera import full_translation
from export.hmr2.decoder import BodyParameters, Decoder
from export.hmr2.model import OUTPUT_NAMES as HMR2_OUTPUTS
from export.hmr2.model import SmplRegressor
from export.hmr2.rotation import rotation_from_6d
from export.hmr2.sizes import PUBLISHED, Hmr2Sizes
from tracker_service.types.smpl import NUMBER_OF_ROTATIONS

PLACE_SIZE = 3
"""Numbers of ``bbox_info``."""
INPUT_NAMES = ("crops", "bbox_info")
OUTPUT_NAMES = (*HMR2_OUTPUTS, "cam_t")
"""Names of the outputs, in the order of `CameraHmr.forward`."""


class PlacedDecoder(Decoder):
    """HMR2's head, whose query token says where the crop lies in the picture.

    Upstream's token is made from ``bbox_info`` and the constant mean parameters; what those contribute is folded into
    `query_token`, so that one product with three columns is left.
    """

    def __init__(self, sizes: Hmr2Sizes) -> None:
        super().__init__(sizes)
        self.place = nn.Linear(PLACE_SIZE, sizes.decoder_dim, bias=False)

    def query(self, bbox_info: Tensor) -> Tensor:
        """Return the (B, dim) token before the first layer."""
        return torch.add(self.place(bbox_info), self.query_token)

    def placed(self, features: Tensor, bbox_info: Tensor) -> BodyParameters:
        """Return the body parameters for (B, N, embed_dim) features and (B, 3) ``bbox_info``, all FP32."""
        token = self.token(features, self.query(bbox_info))
        return BodyParameters(self.readout_pose(token), self.readout_betas(token), self.readout_camera(token))


class CameraHmr(SmplRegressor):
    """The whole network; its bodies are in the axes of the picture's camera, not in those of the crop.

    Args:
        body: the SMPL body it poses.
        sizes: channels and depths; the published ones by default.
    """

    def __init__(self, body: BodyModel, sizes: Hmr2Sizes = PUBLISHED) -> None:
        super().__init__(body, sizes)
        with torch.device("meta"):
            self.decoder = PlacedDecoder(sizes)

    def forward(self, crops: Tensor, bbox_info: Tensor) -> tuple[Tensor, ...]:
        """Regress the bodies in square crops.

        Args:
            crops: (B, 256, 256, 3) uint8 RGB. Only columns 32 to 223 are looked at.
            bbox_info: (B, 3) FP32, see `full_translation`.

        Returns:
            The outputs of HMR2 and ``cam_t``, (B, 3): the translation before the picture's camera, metres.
        """
        pose, betas, camera = self.decoder.placed(self.features(crops), bbox_info)
        rotations = rotation_from_6d(pose.reshape(-1, NUMBER_OF_ROTATIONS, 6))
        return (*self.outputs(rotations, betas, camera), full_translation(camera, bbox_info))
