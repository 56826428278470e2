"""What the older service answered about videos: its routes, its frames and its whole result."""
