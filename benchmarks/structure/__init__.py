"""Rooms, imports between them, and the way of a frame through them."""
