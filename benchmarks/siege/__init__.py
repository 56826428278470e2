"""Minutes of mixed attacks with a well-behaved client beside them."""
