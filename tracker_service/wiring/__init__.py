"""From settings to rooms: the only code that knows all of them."""
