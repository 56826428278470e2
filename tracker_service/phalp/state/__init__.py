"""What a tracker remembers: columns, sightings, open frames, snapshots."""
