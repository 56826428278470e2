"""Videos of one client told apart by what their frames look like."""
