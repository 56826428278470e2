"""Poses on stills and on single frames: people who lean, lie or stand on their head, riders, spoilt pictures."""
