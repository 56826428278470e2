"""The pictures of a live run with the people drawn into them, for others to watch."""
