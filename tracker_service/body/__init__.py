"""SMPL forward pass in numpy, and the names of its joints."""
