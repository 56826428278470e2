"""TokenHMR from uint8 crops to body, camera and mesh: HMR2's contract."""

import torch
from torch import Tensor, nn

from export.body.body_model import BodyModel
from export.hmr2.decoder import TokenDecoder
from export.hmr2.model import Outputs, SmplRegressor
from export.hmr2.rotation import rotation_from_6d
from export.tokenhmr.classifier import TokenClassifier
from export.tokenhmr.sizes import PUBLISHED, TokenSizes
from export.tokenhmr.tokenizer import PoseTokenizer
from tracker_service.types.smpl import NUMBER_OF_ROTATIONS


class PoseTokenDecoder(TokenDecoder):
    """HMR2's decoder with three readouts of the pose: the root, the pose tokens, and the hands.

    Args:
        sizes: of network and tokenizer.
    """

    mean_pose: Tensor

    def __init__(self, sizes: TokenSizes) -> None:
        dim = sizes.network.decoder_dim
        super().__init__(sizes.network)
        self.readout_root = nn.Linear(dim, 6)
        self.readout_hands = nn.Linear(dim, 12)
        self.classifier = TokenClassifier(dim, sizes.codes)
        self.tokenizer = PoseTokenizer(sizes)
        self.mean_pose = nn.Parameter(torch.empty(NUMBER_OF_ROTATIONS, 6))

    def pose(self, token: Tensor) -> Tensor:
        """Return (B, 24, 6) 6D rotations for (B, dim) tokens; the mean pose is added to all, the tokens' included."""
        body = self.tokenizer(self.tokenizer.code(self.classifier(token)))
        root, hands = self.readout_root(token)[:, None], self.readout_hands(token).reshape(-1, 2, 6)
        return torch.cat((root, body, hands), dim=1) + self.mean_pose


class TokenHmr(SmplRegressor):
    """The whole network.

    Args:
        body: the SMPL body it poses.
        sizes: of network and tokenizer; the published ones by default.
    """

    def __init__(self, body: BodyModel, sizes: TokenSizes = PUBLISHED) -> None:
        super().__init__(body, sizes.network)
        with torch.device("meta"):
            self.decoder = PoseTokenDecoder(sizes)

    def forward(self, crops: Tensor) -> Outputs:
        """Regress the bodies in (B, 256, 256, 3) uint8 RGB square crops; see `SmplRegressor.outputs`."""
        token = self.decoder.token(self.features(crops))
        rotations = rotation_of_rows(self.decoder.pose(token))
        return self.outputs(rotations, self.decoder.readout_betas(token), self.decoder.readout_camera(token))


def rotation_of_rows(values: Tensor) -> Tensor:
    """Return (..., 3, 3) rotations whose first two *rows* the (..., 6) numbers hold: HMR2's, transposed.

    TokenHMR, ``lib/utils/geometry.py``.
    """
    return rotation_from_6d(values).transpose(-1, -2)
