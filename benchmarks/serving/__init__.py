"""The pipeline behind Triton."""
