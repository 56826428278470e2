"""The optional second pass over finished frames: gaps filled from both sides, jitter smoothed away."""
