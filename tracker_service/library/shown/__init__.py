"""How frames, people's tracks and runs show themselves in a notebook."""
