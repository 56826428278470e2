"""What hostile clients take from a quiet one."""
