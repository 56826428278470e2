"""Jobs of long videos: memory, queue, refinement."""
