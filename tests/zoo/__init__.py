"""Odd files of every kind, made here, and what reading each of them gives."""
