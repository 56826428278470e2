"""The commands of `python -m export`, a file each; they import torch only when they run."""
