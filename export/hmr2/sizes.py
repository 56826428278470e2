"""The sizes of an HMR2 network; everything else about it is fixed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hmr2Sizes:
    """Channels, depths and heads; the defaults are those of both published checkpoints (HMR2.0a and b).

    Attributes:
        embed_dim: channels of a backbone token.
        depth: backbone blocks.
        heads: attention heads of a backbone block.
        decoder_dim: channels of the query token.
        decoder_depth: decoder layers.
        decoder_heads: attention heads of a decoder layer.
        decoder_head_dim: channels of one of them.
        decoder_mlp_dim: hidden channels of a decoder layer's feed-forward part.
    """

    embed_dim: int = 1280
    depth: int = 32
    heads: int = 16
    decoder_dim: int = 1024
    decoder_depth: int = 6
    decoder_heads: int = 8
    decoder_head_dim: int = 64
    decoder_mlp_dim: int = 1024

    @property
    def decoder_inner(self) -> int:
        """Channels of all decoder heads together."""
        return self.decoder_heads * self.decoder_head_dim


PUBLISHED = Hmr2Sizes()
