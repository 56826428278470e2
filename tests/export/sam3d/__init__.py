"""The spike of SAM 3D Body."""
