"""PyTorch in one thread: the suite runs in a process a core, where more threads only wait for each other."""

import torch

torch.set_num_threads(1)
