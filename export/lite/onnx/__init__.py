"""ONNX graphs written as array code."""
