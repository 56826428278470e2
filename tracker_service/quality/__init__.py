"""How far each pose can be believed, from what was measured of it."""
