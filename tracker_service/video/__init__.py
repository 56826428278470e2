"""Reading video and images, drawing overlays, writing mp4."""
