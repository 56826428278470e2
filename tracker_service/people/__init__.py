"""From detections to PHALP features: letterbox, crops, cameras, feature vectors."""
