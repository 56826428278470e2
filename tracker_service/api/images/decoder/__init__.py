"""Processes that decode images, and may break: what the service sees of them, and what runs in them."""
