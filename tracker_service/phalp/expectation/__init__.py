"""What a tracker expects of a person: where, in which of two kinds of coordinates, and how surely."""
