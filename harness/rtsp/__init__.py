"""A real RTSP server, GStreamer's, for tests and benchmarks."""
