"""The second look: a person who is expected in a frame, but was not detected, is looked for there."""
