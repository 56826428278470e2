"""The people of the clip: bodies, clothes, and how they walk."""
