"""PHALP's pose transformer (Rajasegaran et al., CVPR 2022), decoding only the token of the wanted frame.

One token stands for one frame of a track. Frames without a sighting hold a learnt mask token, and nobody attends to
them in the first stack: upstream masks their logits, here keys and values are computed of the few frames with a
sighting only. Two convolutions mix neighbouring frames, a last layer attends over all of them; of that layer and of the
readouts only the wanted frame is computed. Both are exact, and save 118 of 125 keys and 124 of 125 readouts.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.hmr2.backbone import in_type_of
from export.hmr2.rotation import rotation_from_6d
from export.pose_predictor.sizes import PoseTransformerSizes
from tracker_service.types import POSE_SIZE, Float64
from tracker_service.types.smpl import NUMBER_OF_BETAS, NUMBER_OF_ROTATIONS

INPUT_NAMES = ("poses", "frames", "target")
OUTPUT_NAMES = ("pose",)
POSE_6D, BETAS, CAMERA = 6 * NUMBER_OF_ROTATIONS, NUMBER_OF_BETAS, 3
_MASKED = -1000.0
"""Added to the logit of a row without a sighting; exp() of it is 0, as of upstream's logit of masked frames."""
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
            queries: (B, Q, dim) the tokens whose new value is wanted.
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

    def forward(self, poses: Tensor, frames: Tensor, target: Tensor) -> Tensor:
        """Return (B, 229) the predicted pose vectors: rotations, shape, camera x, y and z / 200.

        Args:
            poses: (B, H, 229) FP32 pose vectors of sightings; any number of them.
            frames: (B, H) int64 the frame of each, from 0 on, no two alike, the latest one last; -1 for a row that
                does not count. Where they span more than F frames, the oldest ones do not count.
            target: (B, 1) int64 the frame that is wanted; one that is later than F frames after the first is decoded
                at the last.
        """
        last_slot = self.sizes.frame_length - 1
        first = (frames[:, -1:] - last_slot).clamp(min=0)
        counted = (frames >= 0) & (frames >= first)
        tokens = self._mixed(poses, torch.where(counted, frames - first, self.sizes.frame_length))
        wanted = self._index((target - first).clamp(min=0, max=last_slot))
        token = self.last_layer(tokens, tokens.gather(1, wanted), None)[:, 0]
        place = self.place3(functional.relu(self.place2(functional.relu(self.place1(token)))))
        return torch.cat((self.body(token), place), dim=-1)

    def _mixed(self, poses: Tensor, slots: Tensor) -> Tensor:
        """Return (B, F, dim) tokens before the last layer.

        Args:
            poses: as in `forward`.
            slots: (B, H) the slot of each sighting, 0 to F - 1; F for a row that does not count.
        """
        length = self.sizes.frame_length
        seen = self._index(slots.clamp(max=length - 1))
        bias = (slots >= length)[:, None, None, :].float() * _MASKED
        tokens = self._tokens(poses, slots)
        for layer in self.layers:
            tokens = layer(tokens.gather(1, seen), tokens, bias)
        frames = self.spread_frames(self.gather_frames(in_type_of(self.gather_frames, tokens).transpose(1, 2)))
        return torch.add(frames.transpose(1, 2).float(), self.position2)

    def _tokens(self, poses: Tensor, slots: Tensor) -> Tensor:
        """Return (B, F, dim) tokens before the first layer: sightings in their frames, the mask token in the others."""
        hidden = functional.relu(self.encode1(in_type_of(self.encode1, self.normalisation(poses))))
        # One frame more than there are takes the rows that do not count.
        positions = functional.pad(self.position1, (0, 0, 0, 1))
        sightings = self.encode2(hidden).float() + positions[slots]
        vacant = (self.mask_token + positions).expand(poses.shape[0], -1, -1)
        return vacant.scatter(1, self._index(slots), sightings)[:, : self.sizes.frame_length]

    def _index(self, slots: Tensor) -> Tensor:
        """Return (B, H, dim) the index that gathers the tokens of ``slots`` (B, H)."""
        return slots[..., None].expand(-1, -1, self.sizes.dim)
