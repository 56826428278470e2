"""Choices behind the lite models."""
