"""NanoDet-g as a people detector: uint8 image in, boxes and scores out."""
