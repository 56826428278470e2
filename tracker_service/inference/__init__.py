"""Clients that run the served models."""
