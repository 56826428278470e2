"""Live streams: latency from the camera to the line of JSON, frames computed and skipped, connections that break."""
