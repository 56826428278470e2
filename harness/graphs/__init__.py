"""Reduced networks, and what an exported graph is asked: its operators, and how far it is from PyTorch."""
