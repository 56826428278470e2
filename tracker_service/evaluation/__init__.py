"""Results compared with truth."""
