"""A spike: the body-only graph of SAM 3D Body (ViT-H) with random weights and a rig made up in the shape of MHR's."""
