"""Whether the quality that is stated with a pose holds: on rendered people, and on labelled footage."""
