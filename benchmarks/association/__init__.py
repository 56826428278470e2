"""Association: speed, occlusions, footage, other trackers."""
