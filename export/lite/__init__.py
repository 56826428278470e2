"""The lite model set: open weights converted to ONNX so that the service runs on a CPU."""
