"""What the overlay costs: drawing, encoding, a whole run, and the libraries that could draw it."""
