"""HMR2.0 (4D-Humans) as a torch module of our own, loaded strictly from the published checkpoint."""
