"""PHALP's association and prediction in numpy and scipy; no torch, no I/O."""
