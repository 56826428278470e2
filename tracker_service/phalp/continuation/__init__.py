"""A new sighting held against what its track knows of the person: turn, sides and depth, before they are believed."""
