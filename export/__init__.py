"""Builds the served models; needs the extra `export`; never imported by the service."""
