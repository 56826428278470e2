"""TensorFlow's padding SAME, which converted convolutions spell out."""


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return how much TensorFlow pads before and after an axis so that the result has ceil(size / stride) entries."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2
