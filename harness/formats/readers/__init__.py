"""Readers of exported files, one file a format; none of them uses code of `tracker_service.results.formats`."""
