"""Cameras and streams: frames that come while things happen, and cannot be asked for again."""
