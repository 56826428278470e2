"""How the camera moved between frames, and the world that people move in."""
