"""The synthetic sample clip and the command that renders it."""
