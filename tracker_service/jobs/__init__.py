"""Video jobs: queued, computed in worker processes, results on disk."""
