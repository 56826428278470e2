"""TensorFlow.js graph models to ONNX: as many operators as NanoDet needs, without TensorFlow."""
