"""How exactly exported files say what the results say: every format, read back by a library that did not write it."""
