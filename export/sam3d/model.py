"""The whole body-only graph: crop and place in the image to a body, its pose read back after every decoder layer.

Prompts that are never given (mask, points, the estimate before) are constants: they are part of the first tokens.
"""

import torch
from torch import Tensor, nn

from export.hmr2.backbone import EPSILON, FeedForward
from export.hmr2.model import CropNormalisation
from export.sam3d.backbone import Trunk
from export.sam3d.camera import in_crop, translation
from export.sam3d.decoder import DecoderLayer
from export.sam3d.pose_numbers import POSE_SIZE, PoseNumbers
from export.sam3d.rays import RayEncoding
from export.sam3d.rig import Rig
from export.sam3d.rig_constants import RigConstants
from export.sam3d.sampling import sample_map
from export.sam3d.sizes import CROP_SIZE, PATCH, Sam3dSizes

OUTPUT_NAMES = ("model_params", "shape", "pred_cam", "cam_t", "joints", "vertices", "keypoints")
"""Names of the outputs, in the order of `Sam3dBody.forward`."""
OTHER_TOKENS = 5
"""Pose, estimate before, prompt, two boxes of hands; before the keypoints' tokens."""
CAMERA_SIZE = 3


class Heads(nn.Module):
    """What is read from the pose token.

    Args:
        sizes: channels.
    """

    def __init__(self, sizes: Sam3dSizes) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(sizes.decoder_dim, eps=EPSILON)
        self.pose = _perceptron(sizes.decoder_dim, sizes.decoder_mlp_dim, POSE_SIZE)
        self.camera = _perceptron(sizes.decoder_dim, sizes.decoder_mlp_dim, CAMERA_SIZE)
        self.first_camera = nn.Parameter(torch.tensor((-0.9, 0.0, 0.0)))

    def forward(self, token: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, 519) numbers of the pose, which add to an upright body's, and (B, 3) of the camera."""
        normed = self.norm(token)
        return self.pose(normed), self.camera(normed) + self.first_camera


class Feedback(nn.Module):
    """Tells the tokens of the keypoints where these are now.

    Args:
        sizes: channels and patches.
    """

    def __init__(self, sizes: Sam3dSizes) -> None:
        super().__init__()
        dim, hidden = sizes.decoder_dim, sizes.decoder_mlp_dim
        self._rows, self._columns = sizes.rows, sizes.columns
        self._stretch = CROP_SIZE / (PATCH * sizes.columns)
        self.flat_place = _perceptron(2, hidden, dim)
        self.deep_place = _perceptron(3, hidden, dim)
        self.look = nn.Linear(sizes.embed_dim, dim)

    def forward(self, features: Tensor, points: Tensor, flat: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, P, dim) what is added to the tokens of 2D keypoints, and (B, 2 P, dim) positions of both kinds.

        Args:
            features: (B, N, embed_dim).
            points: (B, P, 3) keypoints, metres.
            flat: (B, P, 2) where they are in the crop, its edges being -1 and 1.
        """
        on_map = torch.cat((flat[..., :1] * self._stretch, flat[..., 1:]), dim=-1)
        seen = self.look(sample_map(features, on_map, self._rows, self._columns))
        inside = (flat.abs().amax(dim=-1, keepdim=True) <= 1).float()
        return seen * inside, torch.cat((self.flat_place(flat) * inside, self.deep_place(points)), dim=1)


class Sam3dBody(nn.Module):
    """The network.

    Args:
        sizes: channels and depths.
        rig: the body's tables.
    """

    def __init__(self, sizes: Sam3dSizes, rig: RigConstants) -> None:
        super().__init__()
        self.sizes, count = sizes, OTHER_TOKENS + 2 * sizes.rig.keypoints
        self.normalisation = CropNormalisation()
        with torch.device("meta"):  # takes no memory before it gets weights
            self.trunk = Trunk(sizes)
        self.no_mask = nn.Parameter(torch.empty(sizes.embed_dim))
        self.rays = RayEncoding(sizes)
        self.pose_token = nn.Linear(CAMERA_SIZE, sizes.decoder_dim)
        self.tokens = nn.Parameter(torch.empty(count - 1, sizes.decoder_dim))
        self.positions = nn.Parameter(torch.empty(count, sizes.decoder_dim))
        self.layers = nn.ModuleList(DecoderLayer(sizes) for _ in range(sizes.decoder_depth))
        self.heads = Heads(sizes)
        self.feedback = Feedback(sizes)
        self.pose_numbers = PoseNumbers()
        self.rig = Rig(rig)

    def features(self, crops: Tensor, bbox_info: Tensor) -> Tensor:
        """Return (B, N, embed_dim) features of (B, 512, 512, 3) uint8 RGB crops; their middle columns are read."""
        cut = self.sizes.cut
        features: Tensor = self.trunk(self.normalisation(crops[:, :, cut : CROP_SIZE - cut]))
        mixed: Tensor = self.rays(features + self.no_mask, bbox_info)
        return mixed

    def forward(self, crops: Tensor, bbox_info: Tensor) -> tuple[Tensor, ...]:
        """Regress the bodies in square crops.

        Args:
            crops: (B, 512, 512, 3) uint8 RGB.
            bbox_info: (B, 3) ((cx - W/2)/f, (cy - H/2)/f, side/f) of the crop, f in pixels.

        Returns:
            model_params (B, 204), shape (B, 45), pred_cam (B, 3) and cam_t (B, 3) in metres; joints (B, J, 3), vertices
            (B, V, 3) and keypoints (B, P, 3) in metres of model space, y and z turned.
        """
        features, batch = self.features(crops, bbox_info), bbox_info.shape[0]
        tokens = torch.cat((self.pose_token(bbox_info)[:, None], self.tokens.expand(batch, -1, -1)), dim=1)
        positions = self.positions.expand(batch, -1, -1)
        for layer in self.layers[:-1]:
            tokens, positions = self._informed(layer(tokens, positions, features), features, bbox_info)
        tokens = self.layers[-1](tokens, positions, features)
        numbers, camera = self.heads(tokens[:, 0])
        parameters, shape = self.pose_numbers(numbers)
        joints, vertices, keypoints = self.rig(parameters, shape)
        return parameters, shape, camera, translation(camera, bbox_info), joints, vertices, keypoints

    def _informed(self, tokens: Tensor, features: Tensor, bbox_info: Tensor) -> tuple[Tensor, Tensor]:
        """Return tokens and positions that know the pose so far."""
        numbers, camera = self.heads(tokens[:, 0])
        points = self.rig.keypoints(*self.pose_numbers(numbers))
        flat = in_crop(points, translation(camera, bbox_info), bbox_info)
        seen, places = self.feedback(features, points, flat)
        first, last = OTHER_TOKENS, OTHER_TOKENS + self.sizes.rig.keypoints
        tokens = torch.cat((tokens[:, :first], tokens[:, first:last] + seen, tokens[:, last:]), dim=1)
        fixed = self.positions[:first].expand(tokens.shape[0], -1, -1)
        return tokens, torch.cat((fixed, places), dim=1)


class Perceptron(FeedForward):
    """Two linear layers whose widths differ.

    Args:
        inputs, hidden, outputs: channels.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__(inputs, hidden)
        self.narrow = nn.Linear(hidden, outputs)


def _perceptron(inputs: int, hidden: int, outputs: int) -> Perceptron:
    return Perceptron(inputs, hidden, outputs)
