"""A card that only takes its time, in front of which the rest of the service has to keep up."""
