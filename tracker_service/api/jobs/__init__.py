"""``/pose/video`` and ``/jobs``: whole videos."""
