"""The place of the clip: ground, trees, buildings."""
