"""``/jobs/{id}/results.glb`` and the like: results in the formats of other programs."""
