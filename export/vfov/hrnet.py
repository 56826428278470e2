"""HRNet: branches of falling resolution and rising width that exchange what they see after every few blocks.

Wang et al., "Deep High-Resolution Representation Learning for Visual Recognition", TPAMI 2020. The names of the layers
are those of published checkpoints, so that one loads as it is.
"""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

_STEM = 64
_FIRST = 256
"""Channels after the stem and after the first stage."""


@dataclass(frozen=True, slots=True)
class HrnetSizes:
    """The defaults are those of HRNet-W48.

    Attributes:
        width: channels of the finest branch; each coarser one has twice as many.
        blocks: residual blocks of a branch between two exchanges.
        modules: exchanges of the second, third and fourth stage.
    """

    width: int = 48
    blocks: int = 4
    modules: tuple[int, int, int] = (1, 4, 3)

    def widths(self, branches: int) -> list[int]:
        """Return the channels of so many branches."""
        return [self.width << branch for branch in range(branches)]


W48 = HrnetSizes()


def convolution(inputs: int, outputs: int, *, stride: int = 1, taps: int = 3) -> list[nn.Module]:
    """Return a convolution without bias and its batch norm."""
    return [nn.Conv2d(inputs, outputs, taps, stride, taps // 2, bias=False), nn.BatchNorm2d(outputs)]


class _Bottleneck(nn.Module):
    """Residual block of three convolutions, the middle one narrow (He et al., CVPR 2016)."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = convolution(inputs, _STEM, taps=1)
        self.conv2, self.bn2 = convolution(_STEM, _STEM)
        self.conv3, self.bn3 = convolution(_STEM, _FIRST, taps=1)
        self.downsample = nn.Sequential(*convolution(inputs, _FIRST, taps=1)) if inputs != _FIRST else nn.Identity()

    def forward(self, values: Tensor) -> Tensor:
        inner = functional.relu(self.bn1(self.conv1(values)))
        inner = functional.relu(self.bn2(self.conv2(inner)))
        return functional.relu(self.bn3(self.conv3(inner)) + self.downsample(values))


class _Basic(nn.Module):
    """Residual block of two convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = convolution(width, width)
        self.conv2, self.bn2 = convolution(width, width)

    def forward(self, values: Tensor) -> Tensor:
        inner = functional.relu(self.bn1(self.conv1(values)))
        return functional.relu(self.bn2(self.conv2(inner)) + values)


class _Exchange(nn.Module):
    """Blocks in every branch; then each branch gets the sum of all, brought to its resolution and width."""

    def __init__(self, widths: list[int], blocks: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*(_Basic(width) for _ in range(blocks))) for width in widths)
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(_fusion(widths, source, target) for source in range(len(widths)))
            for target in range(len(widths))
        )

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        values = [blocks(branch) for blocks, branch in zip(self.branches, branches, strict=True)]
        fused = []
        for layers in self.fuse_layers:
            parts = [layer(value) for layer, value in zip(layers, values, strict=True)]  # type: ignore[call-overload]
            total = parts[0]
            for part in parts[1:]:
                total = total + part
            fused.append(functional.relu(total))
        return fused


def _fusion(widths: list[int], source: int, target: int) -> nn.Module:
    """Return what brings one branch to the resolution and width of another."""
    if source == target:
        return nn.Identity()
    if source > target:
        times = float(1 << (source - target))
        return nn.Sequential(*convolution(widths[source], widths[target], taps=1), nn.Upsample(scale_factor=times))
    steps: list[nn.Module] = []
    for step in range(source, target):
        last = step == target - 1
        layers = convolution(widths[source], widths[target] if last else widths[source], stride=2)
        steps.append(nn.Sequential(*layers, *(() if last else (nn.ReLU(),))))
    return nn.Sequential(*steps)


class Hrnet(nn.Module):
    """The network up to its four branches.

    Args:
        sizes: widths and depths.
    """

    def __init__(self, sizes: HrnetSizes = W48) -> None:
        super().__init__()
        self.conv1, self.bn1 = convolution(3, _STEM, stride=2)
        self.conv2, self.bn2 = convolution(_STEM, _STEM, stride=2)
        self.layer1 = nn.Sequential(_Bottleneck(_STEM), *(_Bottleneck(_FIRST) for _ in range(3)))
        widths = sizes.widths(4)
        self.transition1 = nn.ModuleList(
            [
                nn.Sequential(*convolution(_FIRST, widths[0]), nn.ReLU()),
                nn.Sequential(nn.Sequential(*convolution(_FIRST, widths[1], stride=2), nn.ReLU())),
            ]
        )
        self.stage2 = _stage(widths[:2], sizes, 0)
        self.transition2 = _added(widths, 2)
        self.stage3 = _stage(widths[:3], sizes, 1)
        self.transition3 = _added(widths, 3)
        self.stage4 = _stage(widths, sizes, 2)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return (B, c, H / s, W / s) of the four branches, s being 4, 8, 16 and 32, for (B, 3, H, W) images."""
        values = functional.relu(self.bn1(self.conv1(image)))
        values = self.layer1(functional.relu(self.bn2(self.conv2(values))))
        branches = [layer(values) for layer in self.transition1]
        stages, transitions = (self.stage2, self.stage3, self.stage4), (None, self.transition2, self.transition3)
        for transition, stage in zip(transitions, stages, strict=True):
            if transition is not None:
                branches = [*branches, transition[-1](branches[-1])]
            for module in stage:
                branches = module(branches)
        return branches


def _stage(widths: list[int], sizes: HrnetSizes, number: int) -> nn.ModuleList:
    return nn.ModuleList(_Exchange(widths, sizes.blocks) for _ in range(sizes.modules[number]))


def _added(widths: list[int], branches: int) -> nn.ModuleList:
    """Return what makes one more branch out of the coarsest; the others go on as they are."""
    new = nn.Sequential(nn.Sequential(*convolution(widths[branches - 1], widths[branches], stride=2), nn.ReLU()))
    return nn.ModuleList([*(nn.Identity() for _ in range(branches)), new])


def downsampling(sizes: HrnetSizes = W48) -> list[nn.Sequential]:
    """Return three, two and one strided convolutions with ReLU for the three finer branches."""
    return [
        nn.Sequential(
            *(layer for _ in range(3 - branch) for layer in (*convolution(width, width, stride=2), nn.ReLU()))
        )
        for branch, width in enumerate(sizes.widths(3))
    ]
