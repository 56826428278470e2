"""People followed while things happen: which frames are computed, and what is said of each."""
