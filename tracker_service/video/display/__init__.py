"""Decoded pictures as they are meant to be seen: square pixels, whole frames instead of fields, standard range."""
