"""The served models as the pipeline calls them, a window of frames at a time."""
