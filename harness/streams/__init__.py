"""Streams by real protocols, for tests: FFmpeg's own command at the other end."""
