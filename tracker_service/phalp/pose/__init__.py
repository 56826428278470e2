"""The poses of the next frame, predicted."""
