"""The camera of a crop whose place in the image is known."""

from torch import Tensor, stack


def translation(camera: Tensor, bbox_info: Tensor) -> Tensor:
    """Return (B, 3) where the body is before the camera, metres; no focal length is needed.

    Args:
        camera: (B, 3) numbers of the head (-s, tx, -ty), as SAM 3D Body has their signs.
        bbox_info: (B, 3) ((cx - W/2)/f, (cy - H/2)/f, side/f).
    """
    scale, x, y = -camera[:, 0], camera[:, 1], -camera[:, 2]
    across, down, side = bbox_info.unbind(1)
    depth = 2 / (side * scale)
    return stack((x + across * depth, y + down * depth, depth), dim=1)


def in_crop(points: Tensor, place: Tensor, bbox_info: Tensor) -> Tensor:
    """Return (B, n, 2) positions in the crop, its edges being -1 and 1, of (B, n, 3) points of a body at ``place``."""
    placed = points + place[:, None]
    rays = placed[..., :2] / placed[..., 2:].clamp_min(1e-3)
    return (rays - bbox_info[:, None, :2]) * (2 / bbox_info[:, None, 2:])
