"""Sent images: their headers are read here, and decoded they are in processes that may break."""
