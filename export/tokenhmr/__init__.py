"""TokenHMR (Dwivedi et al., CVPR 2024): HMR2's trunk and decoder, with poses from a codebook of pose tokens."""
