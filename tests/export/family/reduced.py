"""Sizes of the networks with random weights that tests export."""

from export.hmr2.sizes import Hmr2Sizes
from export.tokenhmr.sizes import TokenSizes

SIZES = TokenSizes(Hmr2Sizes(64, 1, 4, 64, 1, 4, 16, 64), codes=64, code_size=16, width=32)
