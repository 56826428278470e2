"""The stand-in body: freely licensed, in SMPL's tensor layout, but not SMPL."""
