"""What `import tracker_service` gives: videos tracked from Python, one's own images, and results read back."""
