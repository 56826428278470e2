"""``/live``: streams of frames, from a socket or from a camera that the service reads, and their results."""
