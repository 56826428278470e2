"""Exported files read back by libraries that did not write them, and compared with the results."""
