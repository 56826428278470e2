"""FLNet (CameraHMR): the field of view of a picture, by an HRNet-W48 (Wang et al., TPAMI 2020)."""
