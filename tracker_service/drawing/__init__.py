"""Pictures: a small CPU rasteriser and the overlay of tracking results on a frame (no OpenGL, no display)."""
