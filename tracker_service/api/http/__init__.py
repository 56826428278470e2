"""What stands around every route: keys, limits, errors, logs."""
