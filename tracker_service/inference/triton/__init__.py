"""Models behind a Triton Inference Server, over gRPC."""
