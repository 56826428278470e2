"""Streams for tests and benchmarks: by FFmpeg at the other end, and generated ones over HTTP."""
