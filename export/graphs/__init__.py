"""From torch modules to ONNX and TorchScript: export, precision, parity, and the model repository."""
