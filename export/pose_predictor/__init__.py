"""PHALP's pose predictor, with all of its tensors."""
