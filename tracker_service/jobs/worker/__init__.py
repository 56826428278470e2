"""The worker process: computes one job."""
