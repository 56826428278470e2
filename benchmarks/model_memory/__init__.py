"""What the models of the full set take of memory, by format, precision and batch."""
