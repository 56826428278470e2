"""Chunks of results on disk, and how they become result files."""
