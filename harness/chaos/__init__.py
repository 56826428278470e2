"""Everything killed at random moments, and what became of the frames."""
