"""Python backends that stand in for Triton's compiled ones."""
