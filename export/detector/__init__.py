"""Person detectors for the full model set."""
