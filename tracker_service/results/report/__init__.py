"""A run as a page: one file of HTML without scripts, that loads nothing."""
