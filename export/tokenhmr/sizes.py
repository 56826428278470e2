"""The sizes of TokenHMR's pose tokens, as far as they differ between checkpoints."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from export.errors import MissingTensorError
from export.hmr2.sizes import PUBLISHED as HMR2_PUBLISHED
from export.hmr2.sizes import Hmr2Sizes

TOKENS = 160
"""Tokens of a pose (TOKEN_SIZE_MUL 4 and DOWN_T 1 of ``hparams.ARCH``)."""
HIDDEN = 64
"""Channels of a token in the classifier."""
TOKEN_MLP, CHANNEL_MLP = 64, 256
"""Hidden channels of a mixer layer's two products."""
MIXERS = 4
LENGTHS = (125, 90, 55, 21)
"""Places after each of the decoder's resizes; the last are the joints 1 to 21."""


@dataclass(frozen=True, slots=True)
class TokenSizes:
    """The defaults are those of the published checkpoints.

    Attributes:
        network: of trunk and decoder.
        codes: entries of the codebook (NB_CODE).
        code_size: numbers of an entry (CODE_DIM).
        width: channels of the tokenizer's decoder (WIDTH).
    """

    network: Hmr2Sizes = field(default=HMR2_PUBLISHED)
    codes: int = 2048
    code_size: int = 256
    width: int = 512

    @classmethod
    def of_tokenizer(cls, tensors: Mapping[str, Any], network: Hmr2Sizes = HMR2_PUBLISHED) -> "TokenSizes":
        """Return the sizes that the tensors of a tokenizer tell; raises `MissingTensorError`."""
        try:
            codes, code_size = tensors["quantizer.codebook"].shape
            width = tensors["decoder.decoder.0.weight"].shape[0]
        except (KeyError, AttributeError, ValueError) as error:
            raise MissingTensorError(
                "tokenizer: expected quantizer.codebook and decoder.decoder.0.weight, got a file without them"
            ) from error
        return cls(network, codes, code_size, width)


PUBLISHED = TokenSizes()
