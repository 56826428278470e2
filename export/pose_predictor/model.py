"""PHALP's pose transformer (Rajasegaran et al., CVPR 2022), decoding only the token of the wanted frame.

One token stands for one frame of a track. Frames without a sighting hold a learnt mask token, and nobody attends to
them in the first stack. Two convolutions mix neighbouring frames, a last layer attends over all of them; of that layer
and of the readouts only the wanted frame is computed, which is exact and saves 124 of 125 readouts.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.hmr2.backbone import in_type_of
from export.hmr2.rotation import rotation_from_6d
from export.pose_predictor.sizes import PoseTransformerSizes
from tracker_service.types import POSE_SIZE, Float64
from tracker_service.types.smpl import NUMBER_OF_BETAS, NUMBER_OF_ROTATIONS

INPUT_NAMES = ("poses", "empty", "target")
OUTPUT_NAMES = ("pose",)
POSE_6D, BETAS, CAMERA = 6 * NUMBER_OF_ROTATIONS, NUMBER_OF_BETAS, 3
_MASKED = -1000.0
"""Logit of frames without a sighting, as upstream has it."""
_REFINEMENTS = 3
_LEAST_DEVIATION = 1e-10
"""Added to the deviations before dividing by them, as upstream has it."""


class PoseNormalisation(nn.Module):
    """Pose vectors to mean 0 and deviation 1.

    Args:
        mean: (k,) mean of the first k <= 229 numbers; that of the rest counts as 0.
        deviation: (k,) standard deviation likewise; that of the rest counts as 1.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: Float64, deviation: Float64) -> None:
        super().__init__()
        rest = (0, POSE_SIZE - len(mean))
        self.register_buffer("mean", functional.pad(torch.tensor(mean), rest).float(), persistent=False)
        padded = functional.pad(torch.tensor(deviation), rest, value=1.0) + _LEAST_DEVIATION
        self.register_buffer("deviation", padded.float(), persistent=False)

    def forward(self, poses: Tensor) -> Tensor:
        """Return (..., 229) normalised pose vectors."""
        return (poses - self.mean) / self.deviation


class Layer(nn.Module):
    """Pre-norm transformer layer whose queries may be fewer than its keys."""

    def __init__(self, sizes: PoseTransformerSizes) -> None:
        super().__init__()
        self.heads = sizes.chosen.heads
        self.norm1 = nn.LayerNorm(sizes.dim)
        self.qkv = nn.Linear(sizes.dim, 3 * sizes.inner, bias=False)
        self.out = nn.Linear(sizes.inner, sizes.dim)
        self.norm2 = nn.LayerNorm(sizes.dim)
        self.widen = nn.Linear(sizes.dim, sizes.mlp_dim)
        self.narrow = nn.Linear(sizes.mlp_dim, sizes.dim)

    def forward(self, tokens: Tensor, queries: Tensor, bias: Tensor | None) -> Tensor:
        """Return (B, Q, dim) the queries after this layer.

        Args:
            tokens: (B, T, dim) what is attended to.
            queries: (B, Q, dim) those of the tokens whose new value is wanted.
            bias: (B, 1, 1, T) added to the logits, or None.
        """
        query_weight, key_weight, value_weight = self.qkv.weight.chunk(3)
        context = in_type_of(self.qkv, self.norm1(tokens))
        query = self._split(functional.linear(in_type_of(self.qkv, self.norm1(queries)), query_weight))
        key = self._split(functional.linear(context, key_weight))
        value = self._split(functional.linear(context, value_weight))
        mask = None if bias is None else bias.to(query.dtype)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        queries = queries + self.out(mixed.transpose(1, 2).flatten(2)).float()
        hidden = functional.gelu(self.widen(in_type_of(self.widen, self.norm2(queries))))
        return torch.add(queries, self.narrow(hidden).float())

    def _split(self, values: Tensor) -> Tensor:
        batch, count, inner = values.shape
        return values.reshape(batch, count, self.heads, inner // self.heads).transpose(1, 2)


class BodyReadout(nn.Module):
    """Regresses pose and shape from a token by three refinements of the mean body (HMR's iterative error feedback)."""

    initial: Tensor

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.register_buffer("initial", torch.empty(POSE_6D + BETAS + CAMERA))
        self.fc1 = nn.Linear(dim + POSE_6D + BETAS + CAMERA, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.increment = nn.Linear(hidden, POSE_6D + BETAS + CAMERA)

    def forward(self, token: Tensor) -> Tensor:
        """Return (B, 226): 24 rotation matrices row by row, then the shape."""
        body = self.initial.expand(token.shape[0], -1)
        for _ in range(_REFINEMENTS):
            hidden = functional.relu(self.fc1(torch.cat((token, body), dim=-1)))
            body = body + self.increment(functional.relu(self.fc2(hidden)))
        rotations = rotation_from_6d(body[:, :POSE_6D].reshape(-1, NUMBER_OF_ROTATIONS, 6)).flatten(1)
        return torch.cat((rotations, body[:, POSE_6D : POSE_6D + BETAS]), dim=-1)


class PoseTransformer(nn.Module):
    """Poses of a track's frames to the pose in one wanted frame.

    LayerNorm, the residual stream and the readouts stay in FP32 whatever the type of the other weights.

    Args:
        sizes: channels, depth and frames.
        normalisation: of the poses that come in.
    """

    def __init__(self, sizes: PoseTransformerSizes, normalisation: PoseNormalisation) -> None:
        super().__init__()
        self.sizes = sizes
        self.normalisation = normalisation
        chosen = sizes.chosen
        self.encode1 = nn.Linear(POSE_SIZE, sizes.encoder_dim)
        self.encode2 = nn.Linear(sizes.encoder_dim, sizes.dim)
        self.mask_token = nn.Parameter(torch.empty(sizes.dim))
        self.position1 = nn.Parameter(torch.empty(sizes.frame_length, sizes.dim))
        self.position2 = nn.Parameter(torch.empty(sizes.frame_length, sizes.dim))
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.depth))
        self.gather_frames = nn.Conv1d(sizes.dim, sizes.dim, sizes.kernel, chosen.stride, chosen.padding)
        self.spread_frames = nn.ConvTranspose1d(sizes.dim, sizes.dim, sizes.kernel, chosen.stride, chosen.padding)
        self.last_layer = Layer(sizes)
        self.body = BodyReadout(sizes.dim, sizes.head_dim)
        self.place1 = nn.Linear(sizes.dim, sizes.dim)
        self.place2 = nn.Linear(sizes.dim, sizes.dim)
        self.place3 = nn.Linear(sizes.dim, CAMERA)

    def forward(self, poses: Tensor, empty: Tensor, target: Tensor) -> Tensor:
        """Return (B, 229) the predicted pose vectors: rotations, shape, camera x, y and z / 200.

        Args:
            poses: (B, F, 229) FP32 pose vectors; what stands in empty slots does not matter.
            empty: (B, F) bool, True where the track was not seen.
            target: (B,) int64 the slot that is wanted, 0 to F - 1.
        """
        tokens = self._mixed(poses, empty)
        index = target[:, None, None].expand(-1, 1, self.sizes.dim)
        token = self.last_layer(tokens, tokens.gather(1, index), None)[:, 0]
        place = self.place3(functional.relu(self.place2(functional.relu(self.place1(token)))))
        return torch.cat((self.body(token), place), dim=-1)

    def _mixed(self, poses: Tensor, empty: Tensor) -> Tensor:
        """Return (B, F, dim) tokens before the last layer."""
        hidden = functional.relu(self.encode1(in_type_of(self.encode1, self.normalisation(poses))))
        tokens = torch.where(empty[..., None], self.mask_token, self.encode2(hidden).float()) + self.position1
        # Replacing a logit and adding to it make no difference: either way exp() of it is 0 in FP32.
        bias = empty[:, None, None, :].float() * _MASKED
        for layer in self.layers:
            tokens = layer(tokens, tokens, bias)
        frames = self.spread_frames(self.gather_frames(in_type_of(self.gather_frames, tokens).transpose(1, 2)))
        return torch.add(frames.transpose(1, 2).float(), self.position2)
