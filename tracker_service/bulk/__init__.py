"""Thousands of videos: a manifest of them, Ray's workers that track one at a time, results that are written once."""
