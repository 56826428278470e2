"""Bulk runs on Ray: how fast, and what kills cost."""
