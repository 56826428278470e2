"""The viewer: a run as a page that shows its video beside its people in 3D, served or as one file."""
