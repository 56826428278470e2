"""From the decoder's token to a distribution over the codebook for each of 160 pose tokens: an MLP-Mixer.

Tolstikhin et al., NeurIPS 2021; its arrangement is TokenHMR's (``token_classifier.py``, ``modules.py``).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from export.tokenhmr.sizes import CHANNEL_MLP, HIDDEN, MIXERS, TOKEN_MLP, TOKENS


class _FeedForward(nn.Module):
    """Two linear layers with an exact GELU between them."""

    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        self.widen = nn.Linear(size, hidden)
        self.narrow = nn.Linear(hidden, size)

    def forward(self, values: Tensor) -> Tensor:
        out: Tensor = self.narrow(functional.gelu(self.widen(values)))
        return out


class MixerLayer(nn.Module):
    """Mixes tokens, then channels; both results are added to what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.token_norm = nn.LayerNorm(HIDDEN)
        self.tokens = _FeedForward(TOKENS, TOKEN_MLP)
        self.channel_norm = nn.LayerNorm(HIDDEN)
        self.channels = _FeedForward(HIDDEN, CHANNEL_MLP)

    def forward(self, values: Tensor) -> Tensor:
        """Return (B, 160, 64) mixed tokens."""
        across = self.tokens(self.token_norm(values).transpose(1, 2)).transpose(1, 2)
        mixed = values + across
        return torch.add(mixed, self.channels(self.channel_norm(mixed)))


class TokenClassifier(nn.Module):
    """The classifier.

    Args:
        dim: channels of the decoder's token.
        codes: entries of the codebook.
    """

    def __init__(self, dim: int, codes: int) -> None:
        super().__init__()
        self.stem = nn.Linear(dim, TOKENS * HIDDEN)
        self.stem_norm = nn.LayerNorm(TOKENS * HIDDEN)
        self.mixers = nn.ModuleList(MixerLayer() for _ in range(MIXERS))
        self.last = nn.Linear(HIDDEN, HIDDEN)
        self.last_norm = nn.LayerNorm(HIDDEN)
        self.logits = nn.Linear(HIDDEN, codes)

    def tokens(self, token: Tensor) -> Tensor:
        """Return the (B, 160, 64) pose tokens for (B, dim) tokens, before they are mixed."""
        return functional.relu(self.stem_norm(self.stem(token))).reshape(-1, TOKENS, HIDDEN)

    def mixed(self, tokens: Tensor) -> Tensor:
        """Return the (B, 160, 64) tokens after the mixer layers."""
        for mixer in self.mixers:
            tokens = mixer(tokens)
        return tokens

    def forward(self, token: Tensor) -> Tensor:
        """Return (B, 160, codes) logits for (B, dim) tokens."""
        mixed = self.mixed(self.tokens(token))
        logits: Tensor = self.logits(functional.relu(self.last_norm(self.last(mixed))))
        return logits
