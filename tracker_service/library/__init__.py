"""What `import tracker_service` gives: videos tracked from Python, one's own images, and results read back."""

import tracker_service.library.shown.views  # noqa: F401 - says how objects show themselves in notebooks
