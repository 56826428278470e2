"""A real tritonserver on this machine."""
