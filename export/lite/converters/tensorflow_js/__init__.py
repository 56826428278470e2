"""TensorFlow.js graph models to ONNX: as many operators as NanoDet and MoveNet need, without TensorFlow."""
