"""The frames that the detector takes; without torch, so that the command line starts quickly."""

SIZE = 640
"""Side of the letterboxed frame, pixels; the published weights are trained for it."""
