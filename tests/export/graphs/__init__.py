"""How graphs are written, and what they would run on."""
