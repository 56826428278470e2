"""Tells clients' servers that their jobs have ended."""
