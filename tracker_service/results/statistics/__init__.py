"""What is counted over the frames of a run, for its summary."""
