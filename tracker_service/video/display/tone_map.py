"""HDR to SDR: a colour table from BT.2020 with the PQ or HLG curve to BT.709 as a monitor shows it."""

from enum import IntEnum

import numpy as np

from tracker_service.types import Float64

HDR_PEAK = 1000.0
"""Luminance in cd/m² that becomes white: HLG's nominal peak and the usual mastering peak of PQ; more is clipped."""

SDR_PEAK = 203.0
"""Luminance in cd/m² of SDR white: that of a white sheet of paper in HDR (ITU-R BT.2408)."""

TABLE_POINTS = 33
"""Points of the table along each axis; between them FFmpeg interpolates."""

_SDR_GAMMA = 2.4
_HLG_GAMMA = 1.2
_TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
_BT2020_LUMINANCE = np.array([0.2627, 0.6780, 0.0593])


class HdrTransfer(IntEnum):
    """The transfer functions of HDR video, with FFmpeg's (ITU-T H.273) numbers."""

    PQ = 16
    HLG = 18


def tone_map(signal: Float64, transfer: HdrTransfer) -> Float64:
    """Map HDR colours to SDR ones.

    The colours are decoded to display luminance (ITU-R BT.2100), compressed towards SDR white by the curve of ITU-R
    BT.2390 (section 5.4.1, applied to red, green and blue), brought from BT.2020 to BT.709 (ITU-R BT.2087) and encoded
    for a monitor of ITU-R BT.1886.

    Args:
        signal: (..., 3) non-linear R'G'B' of BT.2020, 0 to 1.
        transfer: how the signal is encoded.

    Returns:
        (..., 3) non-linear R'G'B' of BT.709, 0 to 1.
    """
    luminance = _pq_luminance(signal) if transfer is HdrTransfer.PQ else _hlg_luminance(signal)
    compressed = _pq_luminance(_compress(_pq_signal(luminance)))
    linear = np.clip(compressed @ _TO_BT709.T / SDR_PEAK, 0.0, 1.0)
    return np.asarray(linear ** (1 / _SDR_GAMMA), np.float64)


def cube_file(transfer: HdrTransfer) -> str:
    """Return `tone_map` as a colour table in the format .cube (red varies fastest)."""
    steps = np.linspace(0.0, 1.0, TABLE_POINTS)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    colors = tone_map(np.stack([red, green, blue], axis=-1), transfer).reshape(-1, 3)
    lines = "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in colors.tolist())
    return f"LUT_3D_SIZE {TABLE_POINTS}\n{lines}\n"


_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def _pq_luminance(signal: Float64) -> Float64:
    """Return cd/m² of a PQ signal: the EOTF of BT.2100, table 4."""
    root = np.clip(signal, 0.0, 1.0) ** (1 / _M2)
    return np.asarray(10_000.0 * (np.maximum(root - _C1, 0.0) / (_C2 - _C3 * root)) ** (1 / _M1), np.float64)


def _pq_signal(luminance: Float64) -> Float64:
    """Return the PQ signal of cd/m²: the inverse EOTF of BT.2100, table 4."""
    power = (np.clip(luminance, 0.0, 10_000.0) / 10_000.0) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2, np.float64)


def _hlg_luminance(signal: Float64) -> Float64:
    """Return cd/m² of an HLG signal on a display of `HDR_PEAK`: the inverse OETF and the OOTF of BT.2100, table 5."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    brightness = np.maximum(scene @ _BT2020_LUMINANCE, 1e-9)[..., None]
    return np.asarray(HDR_PEAK * brightness ** (_HLG_GAMMA - 1) * scene, np.float64)


def _compress(signal: Float64) -> Float64:
    """Bring PQ signals up to `HDR_PEAK` under `SDR_PEAK`: the EETF of BT.2390, section 5.4.1, without black lift."""
    top = _pq_signal(np.array(HDR_PEAK))
    highest = float(_pq_signal(np.array(SDR_PEAK)) / top)
    knee = 1.5 * highest - 0.5
    value = np.minimum(signal / top, 1.0)
    t = np.maximum(value - knee, 0.0) / (1 - knee)
    curve = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * highest
    return np.asarray(np.where(value < knee, value, curve) * top, np.float64)
