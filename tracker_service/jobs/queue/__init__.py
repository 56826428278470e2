"""The queue of jobs: who is next, who computes it, what is kept."""
