"""The world that people move in, as far as one turning camera shows it."""
