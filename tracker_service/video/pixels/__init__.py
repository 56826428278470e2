"""From the planes that a decoder gives to upright RGB: whole frames, or no more of them than somebody looks at."""
