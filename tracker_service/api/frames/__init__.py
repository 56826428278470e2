"""``/pose/hybrid`` and its relatives: one frame a request."""
